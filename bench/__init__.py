"""Measuring programs.  Each prints a table and writes it, with its numbers, to ``bench/results/``."""
