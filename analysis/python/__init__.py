"""Python's own lexical grammar, its blocks and its scopes."""
