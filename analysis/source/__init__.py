"""Lexical grammar by table: all languages but Python."""
