"""The engines. Each takes a recorded model and sizes, and knows nothing of what the model is about."""
