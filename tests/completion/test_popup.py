"""Names at a cursor: which are listed, what each is worth, how it is called; with the service that does it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from typing import Any

import pytest

from analysis import lexing, modes
from analysis.facts import BaseDocument, Fact, FactKey, Parameter, ParameterKind, Signature
from analysis.python.scanner import START, Scan, scan_text
from analysis.store import FactStore
from analysis.testing import HeldAnalyzer
from completion import popup
from completion.layout import lay_out
from completion.popup import listed, question_at, shown, site_of
from completion.service import CompletionService, ServiceSettings
from completion.types import CancelToken, CompletionRequest, Document, Limits, Listing, Trigger
from models.checkpoints import LoadedModel, load
from models.engines.prefill import CHUNK_TOKENS
from tests.models.tiny_checkpoints import qwen2, save

HEAD = "import os\n\n\ndef folder(name):\n    return "


def request(marked: str, **changes: object) -> CompletionRequest:
    """Return a popup's request at the ``$0`` of a text."""
    before, _, after = marked.partition("$0")
    document = Document("/p/a.py", before + after)
    plain = CompletionRequest(document, len(before), "/p", Trigger.AUTOMATIC, facts="live", limits=Limits(8))
    return replace(plain, **changes)  # type: ignore[arg-type]


PLACES = [
    ("import os\nos.$0", ("attributes", "os", "")),
    ("import os\nx = [os.path.$0]\n", ("attributes", "os.path", "")),
    ("for y in z: y.$0", ("attributes", "y", "for y in z: ")),
    ('print("".$0)', ("attributes", '""', "")),
    ("import $0", ("modules", "", "")),
    ("import os, xml.$0", ("modules", "xml", "")),
    ("from $0", ("modules", "", "")),
    ("from os import (path, $0", ("exports", "os", "")),
    ("def f():\n    $0", ("names", "    ", "")),
    ("x = $0\n", ("names", "", "")),
    ("print(f'{$0", ("names", "", "")),
    ("import os as $0", None),
    ("def $0", None),
    ("# os.$0", None),
    ("'os.$0'", None),
    ("x = 1$0", None),
    ("x = 1.$0", None),
    ("print(x$0", None),
]


@pytest.mark.parametrize(("marked", "expected"), PLACES)
def test_what_may_stand_at_a_cursor(marked: str, expected: tuple[str, str, str] | None) -> None:
    """Names behind a dot, in an import, in scope; nothing where a name is bound, in text, and inside a word."""
    key = question_at(site_of(lay_out(request(marked))))
    assert (key and (key.kind, key.receiver, key.middle)) == expected


def test_the_text_above_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody types on: only the line that the cursor is in is read again."""
    read: list[str | bytes] = []

    def counting(text: str | bytes, start: Scan = START) -> Scan:
        read.append(text)
        return scan_text(text, start)

    for module in (lexing, popup):
        monkeypatch.setattr(module, "scan_text", counting)
    above, typed = "import os  # not in any other test\n", ("os.", "os.path, os.", "os.path, os.sep, ")
    for line in typed:
        assert question_at(site_of(lay_out(request(f"{above}{line}$0")))) is not None
    assert read == [above, *(line.encode() for line in typed)]


def test_likely_names_come_first_without_a_model() -> None:
    """Those written last before the cursor, those behind it, the others; hidden ones at the end."""
    layout = lay_out(request("b.far\nb.near\nb._hidden\nb.$0\nb.behind\n"))
    fact = Fact(
        FactKey("attributes", "", "b"), frozenset("_hidden __init__ aaa behind far near zzz".split()), "instance", ""
    )
    found = listed(fact, layout)
    assert found.names == ("near", "far", "behind", "aaa", "zzz", "_hidden", "__init__")
    assert (found.plain, found.needed) == (5, 0)
    assert listed(replace(fact, names=frozenset({"a" * 81, "short", "not-a-name", "\ud800"})), layout).names == (
        "short",
    )


def test_what_is_used_below_and_bound_nowhere_is_what_an_import_is_for() -> None:
    """What stands above, too, is imported already."""
    layout = lay_out(request("from os import walk\nfrom os import $0\n\nsep, walk\n"))
    found = listed(Fact(FactKey("exports", "", "os"), frozenset("fork sep walk".split()), "top", ""), layout)
    assert (found.names, found.needed) == (("sep", "walk", "fork"), 1)


def test_names_in_scope_are_used_everywhere() -> None:
    """That says nothing."""
    fact = Fact(FactKey("names", "", ""), frozenset({"x", "y"}), "scope", "")
    found = listed(fact, lay_out(request("$0\nx\n")))
    assert found.needed == 0


def parameter(name: str, kind: ParameterKind, required: bool = True) -> Parameter:
    return Parameter(name, kind, required)


P = ParameterKind
SIGNATURES = [
    ((), "()"),
    ((parameter("a", P.POSITIONAL_ONLY), parameter("b", P.POSITIONAL, False)), "(a, /, b=...)"),
    ((parameter("a", P.POSITIONAL), parameter("b", P.KEYWORD_ONLY)), "(a, *, b)"),
    ((parameter("a", P.VAR_POSITIONAL), parameter("b", P.KEYWORD_ONLY), parameter("c", P.VAR_KEYWORD)), "(*a, b, **c)"),
]


@pytest.mark.parametrize(("parameters", "text"), SIGNATURES)
def test_signatures_as_python_writes_them(parameters: tuple[Parameter, ...], text: str) -> None:
    """The marks stand where they are needed; values and annotations are left out."""
    assert shown(Signature(parameters)) == text


class Answering(HeldAnalyzer):
    """An analyzer that answers at once, and remembers what it was asked."""

    def __init__(self) -> None:
        """Have been asked nothing."""
        super().__init__()
        self.asked: list[FactKey] = []

    def submit(self, document: BaseDocument, key: FactKey, deliver: Any) -> None:
        """Answer."""
        self.asked.append(key)
        signature = Signature((parameter("p", P.POSITIONAL_ONLY),))
        names = frozenset({"path", "sep", "getcwd", "_x"} if key.kind != "signatures" else ())
        deliver(Fact(key, names, "module", "Python 3.11", (signature,) if key.kind == "signatures" else ()))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A random model of a few thousand weights, in float64."""
    folder = save(tmp_path_factory.mktemp("checkpoint"), qwen2(max_position_embeddings=2048))
    return load(str(folder), "float64")


@pytest.fixture
def passes() -> list[int]:
    """Tokens of each forward pass of the service."""
    return []


@pytest.fixture
def service(model: LoadedModel, passes: list[int]) -> Iterator[CompletionService]:
    """A service whose analysis answers at once."""
    facts, settings = FactStore(Answering()), ServiceSettings(cache=None)
    opened = CompletionService(model, facts, settings, lambda n_tokens, seconds, expected: passes.append(n_tokens))
    yield opened
    opened.close()


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run one coroutine to its end."""
    return asyncio.run(asyncio.wait_for(work, 60))


def weights(service: CompletionService, asked: CompletionRequest, *names: str) -> Any:
    """Return the log-probabilities of names."""
    return run(service.likelihoods(asked, names, CancelToken()))


def test_listing(service: CompletionService) -> None:
    """The names, of what kind, and where they come from; no forward pass."""
    found = run(service.names(request(HEAD + "os.$0\n"), CancelToken()))
    assert found == Listing(("getcwd", "path", "sep", "_x"), 3, 0, "attributes", "Python 3.11")
    assert run(service.names(request("# os.$0\n"), CancelToken())) == Listing()


@pytest.mark.parametrize("language", ["markdown", "javascript"])
def test_other_languages_have_no_names(service: CompletionService, language: str) -> None:
    """The analysis knows Python."""
    asked = request("os.$0")
    other = replace(asked, document=replace(asked.document, language=language))
    assert run(service.names(other, CancelToken())) == Listing()


@pytest.mark.parametrize("marked", [HEAD + "os.$0\n", HEAD + "$0\n", "from os import $0\n"])
def test_the_question_is_that_of_the_monitors(service: CompletionService, marked: str) -> None:
    """What a completion at the same place has asked is not asked again."""
    analyzer = service._facts._analyzer
    assert isinstance(analyzer, Answering)
    service.complete_now(request(marked))
    asked = list(analyzer.asked)
    assert run(service.names(request(marked), CancelToken())).names
    assert analyzer.asked == asked


def test_a_late_analysis_is_told_from_none(model: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that is empty for now is no list without names."""
    monkeypatch.setattr(modes, "PATIENCE_AT_CURSOR_S", 0.01)
    analyzer = HeldAnalyzer()
    service = CompletionService(model, FactStore(analyzer), ServiceSettings(cache=None))
    asked = request(HEAD + "os.$0\n")
    assert run(service.names(asked, CancelToken())) == Listing(kind="attributes", late=True)
    analyzer.answer("path")
    assert run(service.names(asked, CancelToken())).names == ("path",)
    analyzer = HeldAnalyzer()
    service.close()


def test_weights_are_those_of_one_name_after_the_other(service: CompletionService, model: LoadedModel) -> None:
    """Together, in any company, behind the prompt of a completion: the same number."""
    asked = request(HEAD + "os.$0\n\nprint(folder)\n")
    names = ("path", "pathsep", "sep", "getcwd", "_exit", "O_RDONLY", "environ")
    together = weights(service, asked, *names)
    assert all(weight < 0 for weight in together)
    assert together == pytest.approx([weights(service, asked, name)[0] for name in names], rel=1e-9)
    assert weights(service, asked, *reversed(names)) == pytest.approx(together[::-1], rel=1e-9)


def test_weights_share_what_is_there(service: CompletionService) -> None:
    """The weights of all single letters that may come next, and of nothing else, are at most 1 together."""
    letters = tuple("abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert math.fsum(map(math.exp, weights(service, request(HEAD + "$0\n"), *letters))) < 1


def test_two_passes_and_none_for_what_a_completion_has_fed(service: CompletionService, passes: list[int]) -> None:
    """The keys and values of the prompt serve both ways, and nothing of them is lost."""
    asked = request(HEAD + "os.$0\n" + "print(1)\n" * 40)
    first = service.complete_now(asked)
    assert first.counters["prefilled_tokens"] > 50
    passes.clear()
    weights(service, asked, "path", "sep", "getcwd")
    assert len(passes) == 2 and sum(passes) < 40
    again = service.complete_now(asked)
    assert again.counters["prefilled_tokens"] == 0 and again.text == first.text
    assert service._slabs.counts().count == 1


def test_beside_a_completion(service: CompletionService) -> None:
    """Neither supersedes the other, and a completion's text does not depend on it."""
    asked = request(HEAD + "os.$0\n", limits=Limits(24))
    alone = service.complete_now(asked)

    async def both() -> tuple[Any, Any]:
        return await asyncio.gather(
            service.complete(asked, CancelToken()), service.likelihoods(asked, ("path", "sep"), CancelToken())
        )

    completed, weighed = run(both())
    assert completed.reason == alone.reason
    assert [token.id for token in completed.tokens] == [token.id for token in alone.tokens]
    assert weighed == pytest.approx(weights(service, asked, "path", "sep"), rel=1e-9)


def test_cancelling(service: CompletionService, passes: list[int]) -> None:
    """One token; nothing is computed after it has fired."""
    cancel = CancelToken()
    cancel.cancel()
    asked = request(HEAD + "os.$0\n")
    assert run(service.likelihoods(asked, ("path",), cancel)) == ()
    assert run(service.names(asked, cancel)) == Listing()
    assert run(service.description(asked, "path", cancel)) == ""
    assert passes == []


def test_a_long_prompt_is_fed_in_chunks(service: CompletionService, model: LoadedModel) -> None:
    """Others get their turn in between, and what was fed stays when the request is cancelled."""
    asked = request("print(1, 2, 3)\n" * 100 + "os.$0\n")
    fed: list[int] = []
    cancel = CancelToken()
    extend = model.engine.extend

    def counting(slab: Any, tokens: Any) -> None:
        fed.append(len(tokens))
        extend(slab, tokens)
        if len(fed) == 2:
            cancel.cancel()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model.engine, "extend", counting)
        assert run(service.likelihoods(asked, ("path",), cancel)) == ()
        assert fed == [CHUNK_TOKENS, CHUNK_TOKENS]
        assert len(weights(service, asked, "path")) == 1
        assert sum(fed[2:]) < 1024 - 2 * CHUNK_TOKENS + 1


def test_out_of_memory_costs_the_weights_only(service: CompletionService, model: LoadedModel) -> None:
    """The names are shown without."""

    def failing(slab: Any, tree: Any) -> None:
        raise MemoryError

    asked = request(HEAD + "os.$0\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model.engine, "forward_tree", failing)
        assert weights(service, asked, "path", "sep") == ()
    assert len(weights(service, asked, "path", "sep")) == 2


DESCRIBED = [
    (HEAD + "os.$0\n", "getcwd", ("os.getcwd", "")),
    (HEAD + "$0\n", "folder", ("folder", "")),
    ("if x:\n    from os import (path, $0", "getcwd", ("getcwd", "    from os import getcwd\n    ")),
    ("import $0", "os", None),
    ("# $0", "os", None),
]


@pytest.mark.parametrize(("marked", "name", "question"), DESCRIBED)
def test_describing(service: CompletionService, marked: str, name: str, question: tuple[str, str] | None) -> None:
    """The analysis is asked how the name is called, as it stands there."""
    analyzer = service._facts._analyzer
    assert isinstance(analyzer, Answering)
    text = run(service.description(request(marked), name, CancelToken()))
    assert text == (f"{name}(p, /)" if question else "")
    assert [(key.receiver, key.middle) for key in analyzer.asked] == ([question] if question else [])


def test_a_closed_service_knows_nothing(model: LoadedModel) -> None:
    """Nobody waits for ever."""
    service = CompletionService(model, FactStore(Answering()), ServiceSettings(cache=None))
    service.close()
    asked = request("os.$0")
    assert run(service.names(asked, CancelToken())) == Listing()
    assert weights(service, asked, "a") == ()


def test_a_cursor_outside_the_document(service: CompletionService) -> None:
    """It makes no sense, and says so at once."""
    outside = replace(request("os.$0"), offset=99)
    for ask in (service.names, service.likelihoods, service.description):
        extra = {service.likelihoods: (("a",),), service.description: ("a",)}.get(ask, ())
        with pytest.raises(ValueError, match="outside"):
            run(ask(outside, *extra, CancelToken()))  # type: ignore[operator]
