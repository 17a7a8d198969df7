"""Engines: one forward pass over a slab of keys and values.  One module per implementation."""
