"""Workers that answer fact queries: one module per analysis engine."""
