"""The views: traces and results as text. They know no engine."""
