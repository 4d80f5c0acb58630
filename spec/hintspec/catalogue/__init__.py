"""Named worlds, what is expected of them, and the known defects."""
