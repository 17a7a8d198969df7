"""Entry of ``verifill`` and ``python -m verifill``."""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn

LOADER = "load-model"  # of completion.loading, which is not imported for its name


def main() -> None:
    """Run the command line and exit with its code."""
    have_a_home()
    try:
        from verifill import cli

        code = cli.run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    leave(code)


def have_a_home() -> None:
    """Name a home folder that is none, if the system knows none, as in a container that runs as any number.

    Python gives up there; a folder that is not there is as good as one that cannot be written.
    """
    if os.path.expanduser("~") == "~":
        os.environ["HOME"] = "/nonexistent"


def leave(code: int) -> NoReturn:
    """End the process.

    A model that is still being loaded cannot be stopped, and its libraries abort when the interpreter is
    taken down around them.
    """
    if any(thread.name == LOADER for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def leave_working_directory() -> None:
    """Take the working directory off the import path, where ``python -m`` has put it.

    A workspace folder called ``models`` is common, and would be imported instead of ours.
    """
    if sys.flags.safe_path or not sys.path:
        return
    if sys.path[0] == "" or sys.path[0] == os.getcwd():
        del sys.path[0]


if __name__ == "__main__":
    leave_working_directory()
    main()
