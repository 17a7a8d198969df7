"""Monitors: what may come next.  One module per monitor, all with the interface of ``monitors.base``."""
