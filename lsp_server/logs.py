"""What may be logged.  The user's code may not."""

from __future__ import annotations

import logging


class _TemplateOnly(logging.Formatter):
    """Prints a record without its arguments and traceback: both may quote a document."""

    def format(self, record: logging.LogRecord) -> str:
        template = str(record.msg).partition("\n")[0]
        return f"{record.levelname}: {record.name}: {template}"


def pin_pygls_logger() -> None:
    """Keep pygls to warnings, without their arguments: its INFO prints whole messages."""
    logger = logging.getLogger("pygls")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    handler = logging.StreamHandler()
    handler.setFormatter(_TemplateOnly())
    logger.handlers = [handler]
