"""Answers about Python, from jedi in worker processes."""
