"""What is generated from the settings is current, and says what the program reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from completion.settings import Level, vscode_configuration
from completion.settings.model import EDITOR, KEYS
from completion.settings.reference import json_schema, plain, table, vscode_restricted
from tests.completion.settings.test_layers import OTHERS

ROOT = Path(__file__).parents[3]


def test_the_table_of_the_documentation_is_current() -> None:
    """``verifill settings --table`` prints it."""
    assert table() in (ROOT / "docs" / "settings.md").read_text()


def test_the_extension_is_current() -> None:
    """``python vscode-extension/settings.py`` writes our part of its ``package.json``."""
    check = [sys.executable, ROOT / "vscode-extension" / "settings.py", "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_editors_are_shown_what_they_may_set() -> None:
    """A project's own settings there cannot set what its files cannot."""
    properties = vscode_configuration()["properties"]
    for key in KEYS:
        scope = properties.get(f"verifill.{key.client_name}", {}).get("scope")
        if Level.CLIENT not in key.levels or key.levels == EDITOR:
            assert scope is None
        elif Level.TRUSTED not in key.levels:
            assert scope == "application"
        else:
            assert scope == ("resource" if Level.WORKSPACE in key.levels else "machine-overridable")
    assert vscode_restricted() == ["verifill.python"]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_the_schema_takes_what_the_program_takes(key: object) -> None:
    """The default and another value are of the type that the schema names."""
    types = {"boolean": bool, "integer": int, "number": (int, float), "string": str, "array": list, "object": dict}
    schema = key.kind.schema()
    assert isinstance(OTHERS[key.name], types[schema["type"]])
    assert key.default is None or isinstance(plain(key.default), types[schema["type"]])
    if Level.USER in key.levels:
        assert json_schema()["properties"][key.name].items() >= {"default": plain(key.default)}.items()


def test_the_schema_is_json() -> None:
    """And names no key twice."""
    assert len(json.loads(json.dumps(json_schema()))["properties"]) == sum(Level.USER in key.levels for key in KEYS)
