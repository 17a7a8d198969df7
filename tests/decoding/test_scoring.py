"""Names weighed together are worth what each is worth alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from decoding.blending import Blend, Mix, unblended
from decoding.scoring import MOST_NAMES, TREE_TOKENS, NameEnds, Scorer, Scores, shared_beginning, tree_of
from models.engines.testing import TinyEngine
from models.ngrams import ORDERS, DocumentNgrams
from tests.decoding.toys import END, TEXTS, VOCABULARY

ENGINE = TinyEngine(len(TEXTS))
ENDS = NameEnds(VOCABULARY, frozenset({END}))
PROMPT = VOCABULARY.encode("a.b(x")

# What the toy vocabulary can write of a name; the bytes of a letter beyond ASCII belong to names, too.
PARTS = (b"a", b"b", b"c", b"x", b"\xc3\xa9")

names = st.lists(st.sampled_from(PARTS), min_size=1, max_size=6).map(b"".join)


def weigh(texts: Sequence[bytes], prompt: Sequence[int] = PROMPT, **changes: object) -> Scores:
    """Return the scores of texts behind a prompt."""
    scorer = Scorer(ENGINE, VOCABULARY, ENDS, lambda n_tokens, seconds: None, lambda: False)
    for name, value in changes.items():
        object.__setattr__(scorer, name, value)
    slab = ENGINE.new_slab()
    if prompt[:-1]:
        ENGINE.extend(slab, prompt[:-1])
    steps = scorer.scoring(slab, prompt, texts)
    try:
        while True:
            next(steps)
    except StopIteration as end:
        assert slab.tokens == list(prompt[:-1])
        scores: Scores = end.value
        return scores


def alone(text: bytes, prompt: Sequence[int] = PROMPT, blend: Mix = unblended) -> float:
    """Return a text's log-probability by its definition: over every last token, in passes of its own."""
    chain, total = VOCABULARY.encode_bytes(text), 0.0
    computed = ENGINE.forward(ENGINE.new_slab(), (*prompt, *chain))
    places = range(len(chain) + 1)
    rows = [blend(computed.at(len(prompt) - 1 + at), chain[:at]).logits.log_softmax(-1) for at in places]
    for length in range(len(chain) + 1):
        rest = text.removeprefix(VOCABULARY.decode(chain[:length]))
        before = math.fsum(float(rows[at][token]) for at, token in enumerate(chain[:length]))
        total += math.fsum(
            math.exp(before + float(rows[length][token])) for token in range(len(TEXTS)) if ends(token, rest)
        )
    return math.log(total)


def ends(token: int, rest: bytes) -> bool:
    """Whether a token spells the rest of a name and then something else."""
    data = TEXTS[token]
    if data is None:
        return token == END and not rest
    return data.startswith(rest) and data[len(rest) : len(rest) + 1] not in (
        b"",
        b"a",
        b"b",
        b"c",
        b"x",
        b"\xc3",
        b"\xa9",
    )


@given(st.sets(names, min_size=1, max_size=24).map(sorted), st.text("ab.(", min_size=1, max_size=5))
def test_together_as_alone(texts: list[bytes], before: str) -> None:
    """A tree's numbers are those of one chain after the other."""
    prompt = VOCABULARY.encode(before)
    assert weigh(texts, prompt) == pytest.approx([alone(text, prompt) for text in texts], rel=1e-12)


@given(st.sets(names, min_size=1, max_size=12).map(sorted), st.text("abcx.(", max_size=40))
def test_what_the_document_makes_likely_counts(texts: list[bytes], document: str) -> None:
    """Names are weighed by the distribution that text is written with, at each of their tokens."""
    blend = Blend(DocumentNgrams([VOCABULARY.encode(document)], (0.3,) * ORDERS), (END,), PROMPT)
    assert weigh(texts, blend=blend) == pytest.approx([alone(text, blend=blend) for text in texts], rel=1e-12)


def test_a_last_token_that_reaches_beyond_the_name_counts() -> None:
    """``a`` may end as ``a(`` in one token."""
    (score,) = weigh([b"a"])
    rows = ENGINE.forward(ENGINE.new_slab(), (*PROMPT, TEXTS.index(b"a"))).logits.log_softmax(-1)
    plain = float(rows[-2][TEXTS.index(b"a")] + rows[-1][ENDS.behind(b"")].logsumexp(0))
    assert score is not None and score > plain + 1e-3


@given(st.sets(names, min_size=2, max_size=24).map(sorted))
def test_names_exclude_each_other(texts: list[bytes]) -> None:
    """No two of them can be written at once, so they share a probability of 1."""
    assert math.fsum(math.exp(score) for score in weigh(texts) if score is not None) < 1


def test_two_passes_and_shared_nodes() -> None:
    """What all names begin with is in the first pass, once; what some share is in the second, once."""
    passes: list[int] = []
    weigh([b"xab", b"xaba", b"xabb", b"xx"], on_pass=lambda n_tokens, seconds: passes.append(n_tokens))
    assert shared_beginning([VOCABULARY.encode(text) for text in ("xab", "xaba", "xabb", "xx")]) == (TEXTS.index(b"x"),)
    assert passes == [2, 4]  # the prompt's last token and x; ab, its a and b, the second x


def test_a_single_name_has_a_token_of_its_own() -> None:
    """The last token of a chain is never taken for what all share."""
    assert shared_beginning([(5, 6, 7)]) == (5, 6)
    assert shared_beginning([(5,), (5, 6)]) == ()
    assert shared_beginning([]) == ()


def test_of_many_names_the_likeliest_to_begin_are_weighed() -> None:
    """What is left out begins with a token less likely than any that was weighed, and no name exceeds its beginning."""
    parts = [bytes((a, b, c)) for a in b"abcx" for b in b"abcx" for c in b"abcx"]
    texts = parts + [part + b"c" for part in parts]
    scores = weigh(texts)
    row = ENGINE.forward(ENGINE.new_slab(), PROMPT).logits[-1].log_softmax(-1)
    first = [float(row[VOCABULARY.encode_bytes(text)[0]]) for text in texts]
    assert sum(score is not None for score in scores) == MOST_NAMES
    weighed = [begin for begin, score in zip(first, scores, strict=True) if score is not None]
    assert max(begin for begin, score in zip(first, scores, strict=True) if score is None) <= min(weighed)
    assert all(score <= begin for begin, score in zip(first, scores, strict=True) if score is not None)


def test_a_tree_has_no_more_tokens_than_a_chunk() -> None:
    """Long names that share nothing are left out when the tree is full; the others are weighed exactly."""
    passes: list[int] = []
    texts = [bytes((first,)) + b"cx" * 30 for first in b"abcx"] + [b"a"]
    scores = weigh(texts, on_pass=lambda n_tokens, seconds: passes.append(n_tokens))
    assert None in scores and passes[1] <= TREE_TOKENS
    assert [s for s in scores if s is not None] == pytest.approx(
        [alone(text) for text, score in zip(texts, scores, strict=True) if score is not None], rel=1e-12
    )


def test_no_room_is_no_error() -> None:
    """At the model's last position nothing is weighed."""
    prompt = (2,) * ENGINE.max_length
    assert weigh([b"a", b"b"], prompt) == (None, None)


@pytest.mark.parametrize("polls", [0, 1])
def test_stopping_is_seen_before_every_pass(polls: int) -> None:
    """Nobody gets half of the numbers."""
    passes: list[int] = []
    assert weigh([b"a", b"ab"], stopped=firing_after(polls), on_pass=lambda n, seconds: passes.append(n)) == ()
    assert len(passes) == polls


def firing_after(polls: int) -> Callable[[], bool]:
    """Return what says no so many times."""
    answers = iter([False] * polls)
    return lambda: next(answers, True)


def test_nothing_to_weigh() -> None:
    """No names, no passes."""
    assert weigh([]) == ()


def test_the_tree_of_chains() -> None:
    """Beginnings are nodes, each once."""
    tree, paths = tree_of([(1,), (1, 2), (1, 3), (4,)])
    assert tree.tokens == (1, 2, 3, 4)
    assert tree.parents == (-1, 0, 0, -1)
    assert paths == [(0,), (0, 1), (0, 2), (3,)]


def test_ends_by_hand() -> None:
    """Behind a whole name: anything that is no part of one, and the end; before its last bytes: they and that."""
    tokens = {TEXTS[token] for token in ENDS.behind(b"").tolist()}
    assert tokens == {None, b".", b"\n", b"(", b")", b" ", b".a", b".ab", b"=", b".x", b"\n "}
    assert {TEXTS[token] for token in ENDS.behind(b"a").tolist()} == {b"a.b", b"a("}
    assert torch.equal(ENDS.behind(b"zz"), torch.empty(0, dtype=torch.long))
