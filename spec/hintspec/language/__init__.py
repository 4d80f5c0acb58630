"""The language that the protocol text is written in: values, terms, declarations, recording, sizes."""
