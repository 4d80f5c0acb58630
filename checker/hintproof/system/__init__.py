"""The room under all others: errors, files, workers, child processes, memory, cache, progress."""
