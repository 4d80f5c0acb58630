"""What must hold, what must come time and again, and what must be able to happen."""
