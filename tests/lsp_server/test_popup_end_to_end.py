"""Popups as an editor without inline completions gets them: the shared engine, the embedded model, real analysis."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from completion.hosts import control
from completion.hosts.run_folder import engines, run_folder
from tests.lsp_server.wire import ROOT, Client

pytestmark = pytest.mark.slow

COMMAND = (sys.executable, "-m", "verifill", "lsp")
UNSEEN = ROOT / "examples" / "unseen"

# An analysis that has just started answers its first questions later than any budget.
MOST_REQUESTS = 100

HYPOTENUSE = "import math\n\n\ndef hypotenuse(a, b):\n    return math.$0"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A client whose server has its engine to itself; it is started, and ended, with them."""
    with tempfile.TemporaryDirectory(prefix="vf") as base, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", base)
        patch.setenv("XDG_CONFIG_HOME", base)
        client = Client(COMMAND)
        client.ready(workspaceFolders=[{"uri": UNSEEN.as_uri(), "name": "unseen"}])
        yield client
        client.close()
        for files in engines(run_folder()):
            assert control.stop(files)


def popup(client: Client, uri: str, marked: str, first: Collection[str] = ()) -> dict[str, Any]:
    """Return the list for the ``$0`` of a text.

    A list comes in time or it does not: it is asked for again until it is complete, or begins with one of ``first``.
    """
    before, _, after = marked.partition("$0")
    client.open(uri, before + after)
    lines = before.split("\n")
    params = {"textDocument": {"uri": uri}, "position": {"line": len(lines) - 1, "character": len(lines[-1])}}
    for _ in range(MOST_REQUESTS):
        found: dict[str, Any] = client.ask("textDocument/completion", params)
        if not found["isIncomplete"] or set(labels(found)[:1]) & set(first):
            return found
    pytest.fail(f"there never was more than {labels(found)[:3]}")


def documentation(client: Client, item: dict[str, Any]) -> str:
    """Return what is told of an item; that comes in time or not, too."""
    for _ in range(MOST_REQUESTS):
        resolved = client.ask("completionItem/resolve", item)
        if "documentation" in resolved:
            return str(resolved["documentation"]["value"])
    pytest.fail(f"nothing was ever told of {item['label']}")


def labels(found: dict[str, Any]) -> list[str]:
    """Return the labels in the order in which clients show them."""
    return [item["label"] for item in sorted(found["items"], key=lambda item: item.get("sortText", ""))]


def test_the_standard_library(client: Client, tmp_path: Path) -> None:
    """What fits the place comes first, and what is listed exists; resolving tells how it is called."""
    uri = (tmp_path / "triangle.py").as_uri()
    names = labels(popup(client, uri, HYPOTENUSE, ("sqrt", "hypot")))
    assert {name for name in names if not name.startswith("_")} == {name for name in dir(math) if name[0] != "_"}
    (sqrt,) = popup(client, uri, HYPOTENUSE.replace("$0", "sq$0"))["items"]
    assert sqrt["label"] == "sqrt" and sqrt["preselect"]
    assert sqrt["textEdit"]["range"] == {"start": {"line": 4, "character": 16}, "end": {"line": 4, "character": 18}}
    assert "sqrt(x, /)" in documentation(client, sqrt)


def test_the_classes_of_a_project(client: Client) -> None:
    """Names that no model has seen."""
    path = UNSEEN / "morning_round.py"
    text = path.read_text().replace("return house.\n", "return house.$0\n")
    names = labels(popup(client, path.as_uri(), text))
    assert set(names) >= {"beckon_bumblebees", "hush_fans", "thirsty_beds", "unshutter_roof", "beds"}
    assert not any(name.startswith("_") for name in names[:6])


def test_where_anything_may_stand_the_text_that_ghosts_would_show(client: Client, tmp_path: Path) -> None:
    """One entry, once the model has written it."""
    uri = (tmp_path / "fern.py").as_uri()
    text = "class Fern:\n    def __init__(self, name):\n        self.name = $0\n"
    (item,) = popup(client, uri, text, ("name",))["items"]
    assert item["textEdit"]["newText"] == "name" and item["kind"] == 1
