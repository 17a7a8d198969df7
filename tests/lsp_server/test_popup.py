"""`textDocument/completion` and `completionItem/resolve`, over real pipes with a scripted service."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_server.scripted_popup import HIDDEN, MANY, MENU, WEIGHED_OF_MANY
from tests.lsp_server.wire import Client

URI = "file:///kitchen/cook.py"
SERVER = (sys.executable, "-m", "tests.lsp_server.scripted_popup")
INLINE = {"inlineCompletion": {"dynamicRegistration": False}}
RICH = {"completion": {"completionItem": {"labelDetailsSupport": True, "insertTextModeSupport": {"valueSet": [1, 2]}}}}

ASKING = "file:///asking.py"
NUMBERS = itertools.count()

Start = Callable[..., Client]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start servers and shake hands, with these capabilities of text documents."""
    clients: list[Client] = []

    def start(text_document: Any = None, *arguments: str, **params: Any) -> Client:
        clients.append(client := Client((*SERVER, *arguments)))
        client.capabilities = client.ready(capabilities={"textDocument": text_document or {}}, **params)["capabilities"]
        client.open(ASKING, "asked\n" * 200)
        return client

    yield start
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    """One client without inline completions for all tests that need no other."""
    client = Client(SERVER)
    client.ready(capabilities={"textDocument": RICH})
    client.open(ASKING, "asked\n" * 200)
    yield client
    client.close()


@pytest.fixture
def client(shared: Client) -> Client:
    """The shared client; what was asked before does not count, and what was answered does not hold any more."""
    asked(shared)
    shared.open("file:///another.py", "")
    return shared


def popup(client: Client, text: str, uri: str = URI) -> dict[str, Any]:
    """Have a document hold a text, and return the list for its ``$0``."""
    client.open(uri, text.replace("$0", ""))
    return popup_again(client, text, uri)


def typed(client: Client, text: str) -> dict[str, Any]:
    """Have the document hold another text, and return the list for its ``$0``."""
    client.change(URI, {"text": text.replace("$0", "")})
    return popup_again(client, text)


def popup_again(client: Client, text: str, uri: str = URI) -> dict[str, Any]:
    """Return the list for the ``$0`` of a text that the document holds."""
    lines = text.partition("$0")[0].split("\n")
    position = {"line": len(lines) - 1, "character": len(lines[-1].encode("utf-16-le")) // 2}
    result: dict[str, Any] = client.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": position})
    return result


def labels(found: dict[str, Any]) -> list[str]:
    """Return the labels in the order in which clients show them."""
    return [item["label"] for item in sorted(found["items"], key=lambda item: item["sortText"])]


def asked(client: Client) -> list[str]:
    """Return what the service was asked since this was asked last."""
    # A new line each time, because what is known is answered by nobody, and of an old document, because names are
    # listed anew when one has changed.
    (item,) = client.reply(client.complete(ASKING, next(NUMBERS), len("asked")))["result"]["items"]
    lines: list[str] = item["insertText"].removeprefix("asked").split("\n")
    return [] if lines == ["nothing"] else lines


def test_names_in_the_order_of_their_probability(client: Client) -> None:
    """All that the analysis lists, the likeliest first, for a client that sorts by itself."""
    found = popup(client, "menu.$0")
    assert labels(found) == [*sorted(MENU, reverse=True), *HIDDEN]
    assert not found["isIncomplete"]
    assert asked(client) == ["names", f"weigh {' '.join(MENU)}"]


def test_an_item_replaces_what_is_typed(client: Client) -> None:
    """From the start of the name to the cursor; what is behind it stays."""
    found = popup(client, "x = 1\ny = '𝔘', menu.s$0oup\n")
    assert {(str(item["textEdit"]["range"]), item["textEdit"]["newText"]) for item in found["items"]} == {
        (str({"start": {"line": 1, "character": 15}, "end": {"line": 1, "character": 16}}), name)
        for name in ("soup", "salad", "stew", "Salt")
    }


def test_typing_on_asks_nobody(client: Client) -> None:
    """A longer beginning, and a shorter one of which all is weighed, are answered from what is there."""
    popup(client, "menu.$0")
    asked(client)
    for beginning in ("s", "st", "ste", "st", ""):
        found = typed(client, f"menu.{beginning}$0")
        names = [*sorted(MENU, reverse=True), *HIDDEN]
        assert labels(found) == [name for name in names if name.lower().startswith(beginning)]
        assert not found["isIncomplete"]
    assert asked(client) == []


def test_only_what_begins_as_typed_is_weighed(client: Client) -> None:
    """The model is asked of the names that may be meant; deleting asks it of the others."""
    assert labels(popup(client, "menu.st$0")) == ["stew"]
    assert asked(client) == ["names", "weigh stew"]
    assert set(labels(typed(client, "menu.s$0"))) == {"stew", "soup", "salad", "Salt"}
    assert asked(client) == ["weigh soup salad Salt"]


def test_hidden_names_are_weighed_where_there_are_no_others(client: Client) -> None:
    """Elsewhere they are at the end, and the model is not asked of them."""
    assert labels(popup(client, "menu._$0")) == ["_secret", "__init__"]
    assert asked(client) == ["names", "weigh _secret __init__"]


def test_small_letters_find_capitals(client: Client) -> None:
    """And a capital finds only itself."""
    assert labels(popup(client, "menu.sal$0")) == ["salad", "Salt"]
    assert labels(popup(client, "menu.Sal$0")) == ["Salt"]


def test_a_clear_winner_is_chosen_beforehand(client: Client) -> None:
    """More than half of the probability, that is; among near equals the client chooses."""
    assert [item["label"] for item in popup(client, "clear.$0")["items"] if item.get("preselect")] == ["stew"]
    assert not any(item.get("preselect") for item in popup(client, "menu.$0", URI + "2")["items"])


def test_what_is_needed_below_comes_first(client: Client) -> None:
    """As it is listed, and the model is not asked about it; the only one that fits is chosen beforehand."""
    found = popup(client, "kit.$0")
    assert labels(found) == ["lid", "pan", "cup", "bowl"] and not found["isIncomplete"]
    assert asked(client) == ["names", "weigh bowl cup"]
    assert not any(item.get("preselect") for item in found["items"])
    (lid,) = typed(client, "kit.l$0")["items"]
    assert lid["label"] == "lid" and lid["preselect"]


def test_of_many_names_the_others_follow_and_more_is_asked_for(client: Client) -> None:
    """The list says that it is not complete; with enough weighed names the model is not asked again."""
    found = popup(client, "many.$0")
    assert labels(found)[:WEIGHED_OF_MANY] == list(MANY[:WEIGHED_OF_MANY])
    assert found["isIncomplete"] and len(found["items"]) == 200
    asked(client)
    assert len(typed(client, "many.n0$0")["items"]) == 100
    assert asked(client) == []
    assert labels(typed(client, "many.n1$0"))[0] == "n100"
    assert asked(client) == [f"weigh {' '.join(MANY[100:200])}"]


def test_names_without_weights_when_the_time_is_up(start: Start, tmp_path: Path) -> None:
    """They are shown as the analysis lists them; the weights are there when the client asks again."""
    gate = tmp_path / "gate"
    client = start(RICH, "--gate", str(gate))
    found = popup(client, "held.$0")
    assert labels(found) == [*MENU, *HIDDEN] and found["isIncomplete"]
    gate.touch()
    client.event("weighed")
    found = typed(client, "held.s$0")
    assert labels(found) == ["stew", "soup", "salad", "Salt"] and not found["isIncomplete"]
    assert asked(client) == ["names", f"weigh {' '.join(MENU)}"]


def test_a_client_that_cancels_loses_nothing(start: Start, tmp_path: Path) -> None:
    """Clients cancel at each keystroke; the work goes on, and answers the next request."""
    gate = tmp_path / "gate"
    client = start(RICH, "--gate", str(gate))
    client.open(URI, "held.")
    position = {"line": 0, "character": 5}
    number = client.request("textDocument/completion", {"textDocument": {"uri": URI}, "position": position})
    client.event("holding")
    client.cancel(number)
    assert client.reply(number)["error"]["code"] == -32800
    gate.touch()
    client.event("weighed")
    assert not popup_again(client, "held.$0")["isIncomplete"]
    assert asked(client).count("names") == 1


def test_going_elsewhere_ends_the_work(start: Start, tmp_path: Path) -> None:
    """The token of the place that was left fires."""
    client = start(RICH, "--gate", str(tmp_path / "never"))
    popup(client, "held.$0")
    assert labels(typed(client, "menu.$0"))[0] == "stew"
    client.event("fired")


def test_closing_the_document_ends_the_work(start: Start, tmp_path: Path) -> None:
    """Nobody is going to type there."""
    client = start(RICH, "--gate", str(tmp_path / "never"))
    popup(client, "held.$0")
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    client.event("fired")


def test_the_request_for_a_place_that_was_left_is_superseded(start: Start, tmp_path: Path) -> None:
    """Its reply has no names, and takes nothing from the newer one."""
    client = start(RICH, "--gate", str(tmp_path / "never"))
    client.open(URI, "held.")
    params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 5}}
    number = client.request("textDocument/completion", params)
    client.event("holding")
    assert labels(typed(client, "menu.$0"))[0] == "stew"
    assert client.reply(number)["result"] == {"isIncomplete": False, "items": []}


def test_a_late_analysis_is_asked_again(client: Client) -> None:
    """Nothing is there in time; the next request has it."""
    found = popup(client, "late.$0")
    assert found == {"isIncomplete": True, "items": []}
    while (found := popup_again(client, "late.$0"))["isIncomplete"]:
        continue
    assert labels(found)[0] == "stew"
    assert asked(client).count("names") == 2


def test_a_failure_is_told_once(client: Client) -> None:
    """And without a word of the document."""
    client.open(URI, "bad.")
    params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 4}}
    error = client.reply(client.request("textDocument/completion", params))["error"]
    assert error["code"] == -32803 and "bad." not in error["message"]
    assert client.ask("textDocument/completion", params) == {"isIncomplete": False, "items": []}
    assert client.notifications("didChangeStatus")[-1]["message"] == "failed"


@pytest.mark.parametrize("uri", ["file:///never/opened.py"])
def test_a_document_that_is_not_open(client: Client, uri: str) -> None:
    """Nothing is listed, nobody is asked."""
    assert popup_again(client, "$0", uri) == {"isIncomplete": False, "items": []}
    assert asked(client) == []


def test_what_is_shown_of_a_name(client: Client) -> None:
    """An icon, and where the name comes from."""
    text = "class Gamma: ...\ndef beta(): ...\n\nx = a$0"
    (item,) = popup(client, text)["items"]
    assert item["label"] == "alpha" and item["labelDetails"] == {"description": "this file"}
    assert item["kind"] == 6 and "detail" not in item
    kinds = {
        item["label"]: item["kind"]
        for name in "bGp"
        for item in popup(client, text.replace("a$0", name + "$0"))["items"]
    }
    assert kinds == {"beta": 3, "Gamma": 7, "print": 3}


def test_clients_without_pale_labels_get_a_detail(start: Start) -> None:
    """The same, in the old place."""
    (item,) = popup(start(), "menu.stew$0")["items"]
    assert item["detail"] == "menu 1.0" and "labelDetails" not in item


def test_resolving_adds_how_a_name_is_called(client: Client) -> None:
    """All else stays; a name that cannot be called stays as it is; so does one of a place that was left."""
    stew, _, salad, *_ = popup(client, "menu.$0")["items"]
    resolved = client.ask("completionItem/resolve", stew)
    assert resolved.pop("documentation") == {"kind": "markdown", "value": "```python\nstew(x, /)\nstew()\n```"}
    assert resolved == stew
    assert salad["label"] == "salad" and client.ask("completionItem/resolve", salad) == salad
    popup(client, "clear.$0")
    asked(client)
    assert client.ask("completionItem/resolve", stew) == stew
    assert client.ask("completionItem/resolve", {"label": "x", "data": [[1], 2]}) == {"label": "x", "data": [[1], 2]}
    assert asked(client) == []


TEXTS = [
    ("# so$0", "so"),
    ("nothing.$0", ""),
    ("value = $0", ""),
    ("def f():\n    $0\n", ""),
]


@pytest.mark.parametrize(("text", "word"), TEXTS)
def test_where_no_name_stands_a_client_without_inline_completions_gets_their_text(
    client: Client, text: str, word: str
) -> None:
    """As one entry that repeats the word in front of it, replaces that, and tells when it is accepted."""
    found = popup(client, text)
    (item,) = found["items"]
    assert item["textEdit"]["newText"].startswith(word + "=") and item["label"] == item["textEdit"]["newText"]
    assert not any(line.startswith("weigh") for line in asked(client))  # names that are not shown are not weighed
    assert item.get("filterText") == (word or None) and item["kind"] == 1 and item["insertTextMode"] == 1
    assert found["isIncomplete"]
    line, character = text.partition("$0")[0].count("\n"), len(text.partition("$0")[0].rpartition("\n")[2])
    assert item["textEdit"]["range"]["start"] == {"line": line, "character": character - len(word)}
    assert client.ask("workspace/executeCommand", {**item["command"]}) is None


def test_a_text_of_several_lines(client: Client) -> None:
    """Its first one is the label, all of it is shown beside the list and inserted as it is."""
    (item,) = popup(client, "# code$0")["items"]
    assert item["label"] == "code(f(1), g)…"
    assert item["textEdit"]["newText"] == "code(f(1), g)\n    again"
    assert item["documentation"] == {"kind": "markdown", "value": "```python\ncode(f(1), g)\n    again\n```"}


def test_a_text_that_is_typed_through_asks_nobody(client: Client) -> None:
    """It is the one suggestion, cached like those of inline completion."""
    (item,) = popup(client, "# code$0")["items"]
    assert item["textEdit"]["newText"] == "code(f(1), g)\n    again"
    (again,) = typed(client, "# code(f$0")["items"]
    assert again["textEdit"]["newText"] == "f(1), g)\n    again"
    assert asked(client) == ["names", "complete", "names"]


def test_a_text_that_is_not_there_in_time_comes_with_the_next_request(client: Client) -> None:
    """Until then the list is empty, and not complete."""
    assert popup(client, "# hold$0") == {"isIncomplete": True, "items": []}
    (item,) = typed(client, "# code$0")["items"]
    assert item["label"] == "code(f(1), g)…"


def test_silence_has_its_reason(client: Client) -> None:
    """In the status bar, as for inline completions."""
    assert popup(client, "# silent$0") == {"isIncomplete": False, "items": []}
    assert client.notifications("didChangeStatus")[-1]["message"] == "no_legal_continuation"


OFFERS = [
    # capabilities, setting, advertised
    ({}, None, True),
    ({}, "off", False),
    (INLINE, None, False),
    (INLINE, "auto", False),
    (INLINE, "on", True),
]


@pytest.mark.parametrize(("capabilities", "setting", "advertised"), OFFERS)
def test_off_where_the_client_shows_inline_completions(
    start: Start, capabilities: Any, setting: str | None, advertised: bool
) -> None:
    """Unless the user says otherwise; what is off is not advertised, and not served."""
    client = start(capabilities, initializationOptions={"popup": setting} if setting else None)
    provider = client.capabilities.get("completionProvider")
    assert provider == ({"triggerCharacters": ["."], "resolveProvider": True} if advertised else None)
    client.open(URI, "menu.")
    params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 5}}
    reply = client.reply(client.request("textDocument/completion", params))
    assert ("result" in reply) == advertised


def test_beside_inline_completions_there_are_names_only(start: Start) -> None:
    """Their text is shown by the client already."""
    client = start(INLINE, initializationOptions={"popup": "on"})
    assert labels(popup(client, "menu.s$0"))[0] == "stew"
    assert popup(client, "# so$0") == {"isIncomplete": False, "items": []}


def test_switched_on_while_running(start: Start) -> None:
    """A client that can be told is told; one that was told before gets empty lists once it is switched off."""
    dynamic = {**INLINE, "completion": {"dynamicRegistration": True}}
    client = start(dynamic)
    client.notify("workspace/didChangeConfiguration", {"settings": {"verifill": {"popup": "on"}}})
    request = client._wait(lambda m: m.get("method") == "client/registerCapability")
    (registration,) = request["params"]["registrations"]
    assert registration["method"] == "textDocument/completion"
    assert registration["registerOptions"] == {
        "triggerCharacters": ["."],
        "resolveProvider": True,
        "documentSelector": None,
    }
    client.send({"id": request["id"], "result": None})
    assert labels(popup(client, "menu.$0"))[0] == "stew"
    client.notify("workspace/didChangeConfiguration", {"settings": {"verifill": {"popup": "off"}}})
    assert popup_again(client, "menu.$0") == {"isIncomplete": False, "items": []}
