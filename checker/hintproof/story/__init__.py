"""A trace as it is told: the one model from which every view of it is made."""
