"""The Python API: what a user can ask, each a function or a task for a worker."""
