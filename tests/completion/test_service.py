"""The service end to end on a tiny random checkpoint: real tokenizer, engine, monitors and analysis."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from completion.layout import LONGEST_LINE
from completion.service import CompletionService, ServiceSettings, open_service
from completion.types import (
    CancelToken,
    CompletionRequest,
    CompletionResult,
    Document,
    Limits,
    Listing,
    Reason,
    Sampling,
)
from models.vocabulary import Vocabulary
from tests.models import tiny_tokenizers
from tests.models.tiny_checkpoints import save

CODE = """import collections

class Account:
    def __init__(self):
        self.balance = 0

    def deposit(self, amount):
        self.balance += amount
        print(self.$0)
"""

# What a random model writes never parses: with what inspects whole lines nothing of it would be left.
FORGIVING = ("lexical", "brackets", "dereference")


def request(marked: str, tmp_path: Path, **changes: object) -> CompletionRequest:
    """Return a request at the ``$0`` of a text."""
    before, _, after = marked.partition("$0")
    document = Document(str(tmp_path / "work" / "bank" / "account.py"), before + after)  # the model is told three parts
    plain = CompletionRequest(document, len(before), str(tmp_path), limits=Limits(max_tokens=24))
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_dereference_is_checked(service: CompletionService, tmp_path: Path) -> None:
    """The cursor's receiver is asked about, and the certificate names what the name was checked against."""
    result = service.complete_now(request(CODE, tmp_path, monitors=FORGIVING))
    assert result.certificate is not None
    assert "checked against this file" in result.certificate
    assert result.counters["facts"]["on_time"] >= 1


def test_the_next_keystrokes_find_their_facts(service: CompletionService, tmp_path: Path) -> None:
    """What is dereferenced nearby is asked about after a live request: a later one has it on time."""
    near = "import os\nhere = os.getcwd()\n\n$0\n"
    service.complete_now(request(near, tmp_path, facts="live"))
    service.complete_now(request(near.replace("$0", "print(os.$0"), tmp_path, facts="wait"))
    again = service.complete_now(request(near.replace("$0", "print(os.$0"), tmp_path, facts="live"))
    assert again.counters["facts"]["on_time"] >= 1


def test_the_tokens_spell_the_text(service: CompletionService, tmp_path: Path) -> None:
    """The bytes of the tokens hold the shown text, and every token has a known origin."""
    result = service.complete_now(request(CODE, tmp_path))
    vocabulary = Vocabulary.of(tiny_tokenizers.qwen())
    assert result.text.encode() in vocabulary.decode(t.id for t in result.tokens)
    assert all(t.origin in {"model", "heal", "monitor", "copyspec"} for t in result.tokens)


def test_a_doubtful_text_is_not_shown(service: CompletionService, tmp_path: Path) -> None:
    """The model's own doubt is a reason, and all tokens are shown as cut."""
    plain = service.complete_now(request(CODE, tmp_path, monitors=FORGIVING))
    assert plain.text
    result = service.complete_now(request(CODE, tmp_path, monitors=FORGIVING, least_confidence=0.9))
    assert (result.text, result.reason) == ("", Reason.LOW_CONFIDENCE)
    assert [token.id for token in result.tokens] == [token.id for token in plain.tokens]
    assert all(token.cut for token in result.tokens if len(token.text) > len(" bal"))
    assert result.candidates[0].confidence == plain.candidates[0].confidence < 0.9


def test_an_unknown_filter_is_named(service: CompletionService, tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(ValueError, match="unknown filter 'nicer'"):
        service.complete_now(request(CODE, tmp_path, filters=("nicer",)))


def test_typing_reuses_the_prompt(service: CompletionService, tmp_path: Path) -> None:
    """The next keystroke prefills only what it added."""
    first = service.complete_now(request(CODE, tmp_path))
    again = service.complete_now(request(CODE.replace("self.$0", "self.bal$0"), tmp_path))
    assert first.counters["prompt_tokens"] > 20
    assert again.counters["reused_tokens"] >= first.counters["prompt_tokens"] - 3
    assert again.counters["prefilled_tokens"] <= 6


def test_equal_requests_give_equal_results(service: CompletionService, tmp_path: Path) -> None:
    """Sampling is keyed: the same seed gives the same text, another seed another one."""
    drawn = {
        seed: [
            service.complete_now(request("x = $0\n", tmp_path, sampling=Sampling(temperature=1.0, seed=seed))).text
            for _ in range(2)
        ]
        for seed in range(4)
    }
    assert all(first == second for first, second in drawn.values())
    assert len({texts[0] for texts in drawn.values()}) > 1


def test_candidates_differ(service: CompletionService, tmp_path: Path) -> None:
    """Alternatives are drawn, repeated ones dropped."""
    result = service.complete_now(request("x = $0\n", tmp_path, candidates=4, monitors=FORGIVING))
    texts = [c.text for c in result.candidates]
    assert len(set(texts)) == len(texts) > 1


def test_a_cancelled_request_says_so(service: CompletionService, tmp_path: Path) -> None:
    """A token that has fired before the work begins gives an empty result with its reason, and no work."""
    cancel = CancelToken()
    cancel.cancel()
    result = service.complete_now(request(CODE, tmp_path), cancel)
    assert (result.text, result.reason, result.counters) == ("", Reason.CANCELLED, {})


def test_it_can_be_awaited(service: CompletionService, tmp_path: Path) -> None:
    """Fronts await completions on an event loop."""

    async def two() -> list[CompletionResult]:
        return await asyncio.gather(*(service.complete(request(CODE, tmp_path), CancelToken()) for _ in range(2)))

    first, second = asyncio.run(two())
    assert first.text == second.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\ufeffx = 1\n$0",
        "x = '$0'\n",
        "# note $0\n",
        "def f(\r\n    a$0\r\n",
        "\x0c\n\t$0",
        "((((($0\n",
        "x = 1;$0",
    ],
)
def test_odd_documents_complete(service: CompletionService, tmp_path: Path, text: str) -> None:
    """Empty, broken and oddly encoded texts give a text or a reason."""
    result = service.complete_now(request(text, tmp_path))
    assert (result.reason is None) == bool(result.text)


def test_control_tokens_in_the_text_are_text(service: CompletionService, tmp_path: Path) -> None:
    """A file that spells a control token does not make one."""
    marked = "a = '<|fim_middle|><|endoftext|>'\nb = $0\n"
    plain, spelled = request("a = ''\nb = $0\n", tmp_path), request(marked, tmp_path)
    assert (
        service.complete_now(spelled).counters["prompt_tokens"]
        > service.complete_now(plain).counters["prompt_tokens"] + 10
    )


def test_unknown_monitors_are_refused(service: CompletionService, tmp_path: Path) -> None:
    """The message names the known ones."""
    with pytest.raises(ValueError, match="dereference"):
        service.complete_now(request(CODE, tmp_path, monitors=("nonsense",)))


def test_what_is_copied_from_changes_no_token(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With the workspace indexed, and the rest of the file at hand, the text is that of plain decoding."""
    folder = tmp_path_factory.mktemp("checkpoint")
    save(folder)
    service = open_service(str(folder), settings=ServiceSettings(cache=None, index_workspaces=True))
    try:
        wanted = request(CODE, tmp_path, monitors=FORGIVING, facts="none", limits=Limits(48))
        plain = service.complete_now(replace(wanted, drafters=()))
        (tmp_path / "written.py").write_text("".join(token.text for token in plain.tokens) * 2, encoding="utf-8")
        service.index([str(tmp_path)])
        drafted = service.complete_now(replace(wanted, drafters=("suffix",)))
    finally:
        service.close()
    assert [token.id for token in drafted.tokens] == [token.id for token in plain.tokens]
    assert drafted.counters["drafted"].keys() == {"suffix"}
    assert drafted.counters["dropped_drafters"] == {}


def test_what_is_rewritten_is_the_first_guess(service: CompletionService, tmp_path: Path) -> None:
    """A text that comes out as it was takes few passes, and is the same without the guess."""
    wanted = request(CODE, tmp_path, monitors=FORGIVING, facts="none")
    plain = service.complete_now(replace(wanted, drafters=()))
    written = "".join(token.text for token in plain.tokens)
    drafted = service.complete_now(replace(wanted, drafters=("edit_copy",), replaced=written))
    assert [token.id for token in drafted.tokens] == [token.id for token in plain.tokens]
    assert drafted.counters["accepted"]["edit_copy"] > 0
    assert drafted.counters["forward_passes"] < plain.counters["forward_passes"]


@pytest.mark.parametrize("text", ["x" * (LONGEST_LINE + 1), "import os\n" + "f(a, b);" * LONGEST_LINE])
def test_a_long_line_costs_nothing(service: CompletionService, text: str) -> None:
    """A minified file is not looked at byte by byte: nobody has anything to do, and the reason is told."""
    wanted = CompletionRequest(Document("/project/app.py", text), len(text) - 5, "/project")
    before = service.status()["finished"]
    result = service.complete_now(wanted)
    assert (result.text, result.reason) == ("", Reason.LONG_LINE)
    assert asyncio.run(service.names(wanted, CancelToken())) == Listing()
    service.warm(wanted)
    assert (service.status()["finished"], service.status()["waiting"]) == (before, 0)


def test_long_lines_elsewhere_do_not_matter(service: CompletionService) -> None:
    """Only the cursor's own line has to be short."""
    text = "x" * (LONGEST_LINE + 1) + "\nx = "
    wanted = CompletionRequest(
        Document("/project/app.py", text + "\n" + text), len(text), "/project", limits=Limits(max_tokens=4)
    )
    assert service.complete_now(wanted).reason is not Reason.LONG_LINE
