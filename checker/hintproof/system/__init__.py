"""What lies under every room: errors, files, workers, child processes, memory, cache, progress."""
