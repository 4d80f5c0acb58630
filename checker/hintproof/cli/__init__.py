"""The command line: thin over the tasks; a file for each group of commands."""
