"""What a person can mend."""

from __future__ import annotations


class TrainingError(Exception):
    """The program cannot go on. The message is one line that names the cause and the mend."""
