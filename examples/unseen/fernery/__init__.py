"""A greenhouse for ferns, as far as a program can look after one."""

from fernery.bed import Bed
from fernery.house import Fernery

__all__ = ["Bed", "Fernery"]
