"""The shipped checks as tests: ``pytest --pyargs hintproof.suite --hintproof-environment NAME``."""
