"""The interpretations: what the recorded terms of a protocol text mean."""
