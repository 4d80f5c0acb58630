"""The pytest plugin: thin over the tasks."""
