"""How much the monitors of Python are asked for a token: counts, which do not depend on the machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import MappingProxyType

import pytest
import torch

from analysis.facts import Fact, FactKey, FactView
from analysis.python.scanner import Scan
from decoding.masking import Masker
from decoding.sampling import Sampler
from decoding.watch import Watch
from models.vocabulary import Vocabulary
from monitors import arguments, registry
from monitors.base import Lexed
from tests.decoding.toys import Longest
from tests.monitors.sites import site

WORDS = "self name owner amount allow close open read write return value items get set pay page path other".split()
SIGNS = "( ) [ ] { } : , . = + - * / % \" ' # ( ) ): () (\n ,\n .\n \n = == != -> **".split(" ")
TEXTS = tuple(
    dict.fromkeys(
        [bytes((byte,)) for byte in range(32, 127)]
        + [b"\n", b"    "]
        + [sign.encode() for sign in SIGNS]
        + [(blank + word + end).encode() for word in WORDS for blank in ("", " ") for end in ("", "(", ".", "_x")]
    )
)
VOCABULARY = Vocabulary((None, *TEXTS), Longest(), {"<end>": 0})
END = 0
NAMES = frozenset({"owner", "amount", "allow", "close", "_hidden"})
SOURCE = "class Account:\n    def pay(self, other):\n        {}$0\n"


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count judgements by all monitors, by one, bytes that are lexed, and lexical states that are made."""
    found: Counter[str] = Counter()
    of, following, judge, by_one = Lexed.of, Scan._next, Watch.judge, Watch.penalty_by

    def lexed(before: Scan, data: bytes, is_suffix: bool = False) -> Lexed:
        found["bytes"] += len(data)
        return of(before, data, is_suffix)

    def counted(name: str, method: object) -> object:
        def call(*args: object) -> object:
            found[name] += 1
            return method(*args)  # type: ignore[operator]

        return call

    monkeypatch.setattr(Lexed, "of", staticmethod(lexed))
    monkeypatch.setattr(Scan, "_next", counted("states", following))
    monkeypatch.setattr(Watch, "judge", counted("judgements", judge))
    monkeypatch.setattr(Watch, "penalty_by", counted("by one", by_one))
    return found


def place(line: str) -> tuple[Masker, Watch, FactView]:
    """Return what chooses behind a line of a method, with facts about ``self`` and the names in scope."""
    at = site(SOURCE.format(line))
    digest = at.document.digest
    facts = (
        Fact(FactKey("attributes", digest, "self"), NAMES, "self", "this file"),
        Fact(FactKey("names", digest, "        "), frozenset({"self", "other"}), "scope", "this file"),
    )
    view = FactView(MappingProxyType({fact.key: fact for fact in facts}), 1)
    watch = Watch.start(registry.build(None, at), at.start).advance(at.typed, view)
    return Masker(VOCABULARY, frozenset({END}), at.suffix[:64] or b"\n", Sampler()), watch, view


def rows(number: int) -> Iterator[torch.Tensor]:
    """Return rows of a model that has no idea."""
    for seed in range(number):
        yield torch.randn(len(TEXTS) + 1, generator=torch.Generator().manual_seed(seed)) * 4


def row_for(data: bytes) -> torch.Tensor:
    """Return the row of a model that is sure of a token."""
    row = torch.zeros(len(TEXTS) + 1)
    row[1 + TEXTS.index(data)] = 20.0
    return row


def test_a_token_that_nobody_objects_to_is_judged_once(counts: Counter[str]) -> None:
    """Nothing else is looked at, and behind it nothing is lexed again."""
    masker, watch, view = place("self.")
    counts.clear()
    token = masker.choose(row_for(b"owner"), 0, watch, view).token
    assert token is not None
    assert VOCABULARY.bytes_of(token) == b"owner"
    watch.advance(b"owner", view)
    assert counts == {"judgements": 1, "bytes": 5, "states": 5}


def test_few_are_judged_where_favourites_are_refused(counts: Counter[str]) -> None:
    """Behind a dot and a letter, a model without an idea: most of 256 candidates are ruled out unasked."""
    sites = [place("self."), place("self.a"), place("self.cl")]
    counts.clear()
    for row in rows(50):
        for masker, watch, view in sites:
            masker.choose(row, 0, watch, view)
    assert counts["judgements"] / 150 < 2
    assert counts["by one"] / 150 < 1


@pytest.mark.parametrize("written", ["'%s' % (a, f(b), ", "f('{}'.format(a), ", "g(x=1, ", "['%s' % (1,), "])
def test_a_long_line_costs_what_a_short_one_does(written: str, counts: Counter[str]) -> None:
    """No monitor reads its line again for each token."""
    made = []
    for line in ("x = [" + written, "x = [" + "1, 'a' % (2,), f(3), " * 40 + written):
        masker, watch, view = place(line)
        masker.choose(row_for(b"other"), 0, watch, view)
        after = watch.advance(b"other", view)
        counts.clear()
        masker.choose(row_for(b")"), 1, after, view)
        made.append(counts["states"])
    assert made[1] == made[0]


def test_monitors_share_the_reading_of_calls() -> None:
    """What happens to the calls that are open is read once, not by each monitor that wants to know."""
    masker, watch, view = place("self.pay(")
    before = arguments.read.cache_info()
    masker.choose(row_for(b"other"), 0, watch, view)
    after = arguments.read.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)
