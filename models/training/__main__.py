"""`python -m models.training`: the command line of the training program."""

from __future__ import annotations

from models.training.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
