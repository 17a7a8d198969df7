"""What the VS Code extension repeats of the rest of the project is current."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from completion.types import Reason
from lsp_server.reasons import FrontReason
from verifill import __version__

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "vscode-extension"
MANIFEST: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))


def test_settings() -> None:
    """The manifest has the settings of the model."""
    subprocess.run([sys.executable, EXTENSION / "settings.py", "--check"], check=True, timeout=60)


def test_version() -> None:
    """Extension and server are released together."""
    lock = json.loads((EXTENSION / "package-lock.json").read_text(encoding="utf-8"))
    assert {MANIFEST["version"], lock["version"], lock["packages"][""]["version"]} == {__version__}


def test_every_reason_has_words() -> None:
    """The status item has words for each reason code, and for nothing that is none."""
    words = json.loads((EXTENSION / "src" / "reasons.json").read_text(encoding="utf-8"))
    assert set(words) == {reason.value for kind in (Reason, FrontReason) for reason in kind}


def test_every_command_has_an_action() -> None:
    """What the manifest contributes is registered: here, or by the server."""
    source = (EXTENSION / "src" / "commands.ts").read_text(encoding="utf-8")
    table = source.partition("const actions")[2].partition("};")[0]
    registered = set(re.findall(r"^    (\w+)[:,]", table, re.MULTILINE))
    contributed = {command["command"].removeprefix("verifill.") for command in MANIFEST["contributes"]["commands"]}
    assert contributed == registered | {"restartEngine"}


def test_lock_file_names_no_registry() -> None:
    """Versions and digests are locked, not where somebody happened to get them."""
    assert '"resolved"' not in (EXTENSION / "package-lock.json").read_text(encoding="utf-8")


def test_licence() -> None:
    """The extension carries the project's."""
    assert (EXTENSION / "LICENSE").read_text(encoding="utf-8") == (ROOT / "LICENSE").read_text(encoding="utf-8")
