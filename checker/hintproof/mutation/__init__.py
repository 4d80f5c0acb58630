"""Mutation of a recorded model: change one thing in one step, and see whether anything notices."""
