"""Which slab a request gets, and what all of them may take."""

from __future__ import annotations

import random

import pytest

from completion.slabs import LEAST_COPIED, PER_DOCUMENT, SlabStore
from models.engines.fused import FusedEngine
from tests.models.tiny_decoders import decoder

ENGINE = FusedEngine.of(decoder("llama"))
TOKEN_BYTES = 2 * 2 * 2 * 8 * 4  # layers, keys and values, key heads, head size, bytes of a float32
ROOM = 10**9


def prompt(seed: int, length: int = 100) -> tuple[int, ...]:
    """Return tokens that share nothing with those of other seeds."""
    rng = random.Random(seed)
    return (seed % 60, *(rng.randrange(60) for _ in range(length - 1)))


def use(store: SlabStore, document: str, tokens: tuple[int, ...]) -> int:
    """Feed a prompt as a request does; return how many of its tokens were there."""
    with store.lease(document, tokens) as slab:
        held = 0
        while held < min(len(slab.tokens), len(tokens)) and slab.tokens[held] == tokens[held]:
            held += 1
        ENGINE.truncate(slab, held)
        if held < len(tokens):
            ENGINE.extend(slab, tokens[held:])
    return held


def test_the_next_keystroke_finds_its_slab() -> None:
    """What was fed is there, also after requests for other documents."""
    store = SlabStore(ENGINE, ROOM)
    assert use(store, "/a", prompt(1)) == 0
    assert use(store, "/b", prompt(2)) == 0
    assert use(store, "/a", (*prompt(1), 5)) == 100
    assert use(store, "/b", (*prompt(2), 5)) == 100
    assert store.counts().count == 2


def test_two_places_of_a_file_are_both_found_again() -> None:
    """A jump copies the beginning that both places share, and leaves the first place's slab alone."""
    store, head = SlabStore(ENGINE, ROOM), prompt(1, 40)
    here, there = (*head, *prompt(2)), (*head, *prompt(3))
    assert use(store, "/a", here) == 0
    assert use(store, "/a", there) == len(head)
    assert use(store, "/a", here) == len(here)
    assert use(store, "/a", there) == len(there)


def test_a_small_change_at_the_end_stays_in_the_slab() -> None:
    """Where most of the slab is shared it is cut, not copied."""
    store = SlabStore(ENGINE, ROOM)
    use(store, "/a", prompt(1))
    assert use(store, "/a", (*prompt(1)[:80], 7, 7)) == 80
    assert store.counts().count == 1


def test_a_slab_in_use_is_copied() -> None:
    """Two requests for one document at once work on slabs of their own."""
    store = SlabStore(ENGINE, ROOM)
    use(store, "/a", prompt(1))
    with store.lease("/a", prompt(1)) as first, store.lease("/a", prompt(1)) as second:
        assert first is not second
        assert tuple(first.tokens) == tuple(second.tokens) == prompt(1)
        assert store.counts().leased == 2


def test_a_short_beginning_is_not_copied() -> None:
    """The few tokens that all prompts share are not worth it."""
    store, head = SlabStore(ENGINE, ROOM), prompt(1, LEAST_COPIED - 1)
    use(store, "/a", (*head, *prompt(2)))
    with store.lease("/b", (*head, *prompt(3))) as slab:
        assert list(slab.tokens) == []


def test_a_document_has_few_slabs() -> None:
    """The one used longest ago makes room; other documents are not touched."""
    store = SlabStore(ENGINE, ROOM)
    use(store, "/b", prompt(50))
    for seed in range(6):
        use(store, "/a", prompt(seed))
    assert store.counts().count == PER_DOCUMENT + 1
    assert [use(store, "/a", prompt(seed)) for seed in (5, 4, 3)] == [100, 100, 100]
    assert use(store, "/b", prompt(50)) == 100


def test_a_prompt_is_not_moved_while_it_is_fed() -> None:
    """There is room for all of it before the first token, whether the slab is new or another prompt's."""
    store = SlabStore(ENGINE, ROOM)
    for tokens in (prompt(1, 90), (*prompt(1, 90), *prompt(2, 150))):
        with store.lease("/a", tokens) as slab:
            places = set()
            while len(slab.tokens) < len(tokens):
                ENGINE.extend(slab, tokens[len(slab.tokens) :][:20])
                places.add(slab.keys[0].data_ptr())
            assert len(places) == 1


def test_memory_is_near_what_the_tokens_need() -> None:
    """No slab that is not in use takes more than 1.2 times its keys and values."""
    store, rng = SlabStore(ENGINE, ROOM), random.Random(3)
    for step in range(200):
        tokens = prompt(rng.randrange(8), rng.randrange(100, 240))
        use(store, f"/{step % 5}", tokens)
        counts = store.counts()
        assert counts.used_bytes <= counts.bytes <= 1.2 * counts.used_bytes
    held = sum(len(kept.slab.tokens) for kept in store._kept)
    assert counts.used_bytes == pytest.approx(held * TOKEN_BYTES, rel=0.01)


def test_fifty_documents_honour_the_cap() -> None:
    """The slabs unused longest go; the memory is within the cap at every moment, the newest are still there."""
    cap = 10 * 200 * TOKEN_BYTES
    store = SlabStore(ENGINE, cap)
    for seed in range(50):
        with store.lease(f"/{seed}", prompt(seed, 200)) as slab:
            ENGINE.extend(slab, prompt(seed, 200))
            assert store.counts().bytes <= cap
        assert store.counts().bytes <= cap
    assert store.counts().dropped >= 40
    assert use(store, "/49", prompt(49, 200)) == 200
    assert use(store, "/0", prompt(0, 200)) == 0


def test_a_cap_below_one_slab_still_completes() -> None:
    """A slab in use is never taken away; nothing is kept afterwards."""
    store = SlabStore(ENGINE, 1)
    assert use(store, "/a", prompt(1)) == 0
    assert store.counts().count == 0


def test_out_of_memory_halves_what_is_kept() -> None:
    """All idle slabs beyond half of what there was go, and the reason is told."""
    store = SlabStore(ENGINE, ROOM)
    for seed in range(8):
        use(store, f"/{seed}", prompt(seed))
    before = store.counts()
    store.shrink("out of memory")
    after = store.counts()
    assert after.bytes <= after.cap_bytes == before.bytes // 2
    assert (before.reason, after.reason) == (None, "out of memory")


def test_an_error_destroys_the_slab() -> None:
    """What a failed pass left behind is never reused."""
    store = SlabStore(ENGINE, ROOM)
    use(store, "/a", prompt(1))
    with pytest.raises(RuntimeError), store.lease("/a", prompt(1)):
        raise RuntimeError("the pass failed")
    assert store.counts().count == 0


def test_work_that_is_dropped_gives_its_slab_back() -> None:
    """A generator that is closed in the middle leaves the slab to the next request."""
    store = SlabStore(ENGINE, ROOM)

    def work():  # type: ignore[no-untyped-def]
        with store.lease("/a", prompt(1)) as slab:
            ENGINE.extend(slab, prompt(1))
            yield

    steps = work()
    next(steps)
    steps.close()
    assert store.counts().leased == 0
    assert use(store, "/a", prompt(1)) == 100
