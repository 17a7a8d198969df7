"""Answers about other languages, from their language servers through multilspy."""
