"""The Python API: a module for each question that a user can ask, with a plain function."""
