"""Results of the tasks as tables and JSON."""
