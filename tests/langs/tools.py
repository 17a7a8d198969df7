"""What the tests of this folder need: installed by ``python -m tests.langs.tools LANGUAGE...``.

Everything goes into ``.langs/`` of the checkout, but for Debian's packages, which only root can install.
A language that cannot be had is no error here: its tests are skipped, and say why.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from analysis.analyzers.language_servers.home import Home
from tests.e2e.tools import NEWER_DEBIAN, Lacking, _debian, _mirror, _run

DATA = Path(__file__).parents[2] / ".langs"


def home() -> Home:
    """Return where the servers for the tests are."""
    return Home(DATA / "verifill" / "languages")


def main(languages: Sequence[str]) -> None:
    """Install what can be installed; what cannot is said."""
    for language in languages:
        try:
            options = FINDERS.get(language, list)()
        except Lacking as error:
            sys.stderr.write(f"langs: {language}: {error}\n")
            continue
        command = [sys.executable, "-P", "-m", "verifill", "languages", "add", language, *options]
        subprocess.run(command, env={**os.environ, "XDG_DATA_HOME": str(DATA)}, check=False)


def _go() -> list[str]:
    if shutil.which("gopls") is None:
        _debian("gopls", "golang-go")
    return []


def _cpp() -> list[str]:
    if not any(shutil.which(name) for name in ("clangd", "clangd-19")):
        _debian("clangd-19")
    return []


def _rust() -> list[str]:
    """Return how to have rust-analyzer: installed, or unpacked from a newer Debian with the libraries it needs.

    What rustup puts on the PATH is there without the program behind it.
    """
    found = shutil.which("rust-analyzer")
    if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
        return []
    folder = DATA / "rust-analyzer"
    root, program = folder / "root", folder / "rust-analyzer"
    if not program.exists():
        _debian("mmdebstrap")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        options = ["--variant=extract", "--include=rust-analyzer", '--aptopt=Acquire::Languages "none"']
        # A mirror may be behind; signatures are checked all the same.
        options += ['--aptopt=Acquire::Check-Valid-Until "false"']
        _run(["mmdebstrap", *options, NEWER_DEBIAN, str(root), f"deb {_mirror()} {NEWER_DEBIAN} main"])
        loader = next(path for path in (root / "usr").glob("lib*/ld-linux-*.so.*"))
        libraries = next((root / "usr" / "lib").glob("*-linux-gnu"))
        words = shlex.join([str(loader), "--library-path", str(libraries), str(root / "usr" / "bin" / "rust-analyzer")])
        program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        program.chmod(0o755)
    return ["--server", str(program)]


FINDERS: Mapping[str, Callable[[], list[str]]] = {"go": _go, "cpp": _cpp, "rust": _rust}


if __name__ == "__main__":
    main(sys.argv[1:])
