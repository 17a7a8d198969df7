"""Entry of ``verifill`` and ``python -m verifill``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from verifill import cli

        sys.exit(cli.run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)


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
