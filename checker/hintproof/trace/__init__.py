"""A run as a document: written, read, replayed, shortened and compared."""
