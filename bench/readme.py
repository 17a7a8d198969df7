"""Put the results' tables, and what the demo prints, into the README, between the markers that name them.

    python -m bench.readme

What stands between ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->`` becomes the first table of
``bench/results/NAME.md`` with the sentences around it, and for the name ``demo`` the output of ``verifill demo``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from bench.common import RESULTS

README = Path(__file__).parents[1] / "README.md"
MARKED = re.compile(r"(<!-- (\w+):begin -->\n).*?(<!-- \2:end -->)", re.DOTALL)
COLUMNS = "100"
CASES_SHOWN = 2


def main() -> None:
    """Write the README anew."""
    text = README.read_text(encoding="utf-8")
    README.write_text(MARKED.sub(lambda found: found[1] + content(found[2]) + found[3], text), encoding="utf-8")


def content(name: str) -> str:
    """Return what belongs between the markers of a name, with its line end."""
    if name == "demo":
        return f"```\n{demo()}```\n"
    blocks = (RESULTS / f"{name}.md").read_text(encoding="utf-8").strip().split("\n\n")
    tables = [place for place, block in enumerate(blocks) if block.startswith("|")]
    return "\n\n".join(blocks[: tables[1] if len(tables) > 1 else None]) + "\n"


def demo() -> str:
    """Return the first cases of the demo as a terminal without colours shows them."""
    environment = {**os.environ, "COLUMNS": COLUMNS, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "verifill", "demo"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    cases = re.split(r"^(?=\d+  )", shown, flags=re.MULTILINE)
    return "".join(cases[: CASES_SHOWN + 1]).strip("\n") + "\n"


if __name__ == "__main__":
    main()
