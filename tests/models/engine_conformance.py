"""What every engine promises; a test module of an engine subclasses ``EngineConformance``.

Laws: rows do not depend on how the tokens were split into passes; taking back and feeding again
equals feeding afresh; a tree's rows are those of its chains, and it leaves no trace but what is
committed; slabs know their tokens and share nothing; the length has an end.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.engines.base import Engine, Pass, Slab
from models.engines.tree import Tree

# One law runs for several engines, so examples are kept under one name: they suit every engine.
law = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors])

PROMPT = (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Draw a tree of up to eight tokens, in any order that puts parents first."""
    tokens = draw(st.lists(st.integers(0, 20), min_size=1, max_size=8))
    return Tree(tuple(tokens), tuple(draw(st.integers(-1, index - 1)) for index in range(len(tokens))))


# A root, its likeliest continuation first, and two branches off it.
BRANCHED = Tree((5, 1, 2, 3, 7, 8), (-1, 0, 1, 2, 1, 0))


class EngineConformance:
    """Subclasses say which engine and how exact it is."""

    engine: Engine
    tolerance: float

    def feed(self, tokens: tuple[int, ...], *cuts: int) -> tuple[Slab, torch.Tensor]:
        """Run ``tokens`` in passes that end at ``cuts``; return the slab and all rows."""
        slab = self.engine.new_slab()
        borders = [0, *sorted(set(cuts)), len(tokens)]
        parts = [tokens[a:b] for a, b in zip(borders, borders[1:], strict=False) if a < b]
        return slab, torch.cat([self.engine.forward(slab, part).logits for part in parts])

    def check_same(self, left: torch.Tensor, right: torch.Tensor) -> None:
        """Compare rows with the engine's own tolerance, and what they would choose exactly."""
        torch.testing.assert_close(left, right, rtol=0, atol=self.tolerance)
        assert torch.equal(left.argmax(dim=-1), right.argmax(dim=-1))

    def test_rows_have_the_promised_shape(self) -> None:
        """A pass over T tokens returns T rows over the vocabulary."""
        _, rows = self.feed(PROMPT)
        assert rows.shape == (len(PROMPT), self.engine.vocabulary_size)
        assert rows.dtype in (torch.float32, torch.float64)

    @given(cuts=st.lists(st.integers(1, len(PROMPT) - 1)))
    @law
    def test_splits_do_not_matter(self, cuts: list[int]) -> None:
        """However a prompt is cut into passes, its rows are the same."""
        self.check_same(self.feed(PROMPT, *cuts)[1], self.feed(PROMPT)[1])

    @given(data=st.data())
    @law
    def test_passes_side_by_side_are_passes(self, data: st.DataObject) -> None:
        """Several passes at once give the rows that each gives by itself, and leave the slabs as it does."""
        lists = st.lists(st.integers(0, 20), min_size=1, max_size=5)
        both = [(data.draw(lists), data.draw(lists)) for _ in range(data.draw(st.integers(1, 4)))]
        slabs = [self.feed(tuple(held))[0] for held, _ in both]
        passes = [Pass(slab, tuple(new)) for slab, (_, new) in zip(slabs, both, strict=True)]
        for rows, slab, (held, new) in zip(self.engine.forward_each(passes), slabs, both, strict=True):
            assert list(slab.tokens) == held + new
            self.check_same(rows.logits, self.feed((*held, *new))[1][len(held) :])
            self.check_same(self.engine.forward(slab, (7,)).logits, self.feed((*held, *new, 7))[1][-1:])

    def test_a_slab_is_in_one_pass(self) -> None:
        """Two passes over one slab are refused, and it stays as it was."""
        slab, _ = self.feed(PROMPT)
        with pytest.raises(ValueError, match="two passes"):
            self.engine.forward_each([Pass(slab, (1,)), Pass(slab, (2,))])
        assert tuple(slab.tokens) == PROMPT

    @given(data=st.data())
    @law
    def test_any_accept_and_reject_equals_a_fresh_run(self, data: st.DataObject) -> None:
        """After any feeding and taking back, the next row is that of a fresh slab."""
        slab = self.engine.new_slab()
        for _ in range(4):
            tokens = data.draw(st.lists(st.integers(0, 20), min_size=1, max_size=6))
            self.engine.forward(slab, tokens)
            self.engine.truncate(slab, data.draw(st.integers(0, len(slab.tokens))))
        held = tuple(slab.tokens)
        self.check_same(self.engine.forward(slab, (11,)).logits, self.feed((*held, 11))[1][-1:])

    @given(cuts=st.lists(st.integers(1, len(PROMPT) - 1)))
    @law
    def test_feeding_without_rows_is_feeding(self, cuts: list[int]) -> None:
        """A slab that was extended by any pieces gives the next row that one fed in a pass gives."""
        slab = self.engine.new_slab()
        borders = [0, *sorted(set(cuts)), len(PROMPT)]
        for a, b in zip(borders, borders[1:], strict=False):
            self.engine.extend(slab, PROMPT[a:b])
        assert tuple(slab.tokens) == PROMPT
        self.check_same(self.engine.forward(slab, (2,)).logits, self.feed((*PROMPT, 2))[1][-1:])

    def test_tokens_are_those_held(self) -> None:
        """The slab tells its tokens after feeding and after taking back."""
        slab, _ = self.feed(PROMPT, 4)
        assert tuple(slab.tokens) == PROMPT
        self.engine.truncate(slab, 6)
        assert tuple(slab.tokens) == PROMPT[:6]
        self.engine.truncate(slab, 6)
        self.engine.truncate(slab, 0)
        assert tuple(slab.tokens) == ()

    def test_slabs_share_nothing(self) -> None:
        """Feeding one slab leaves another alone."""
        one, _ = self.feed(PROMPT)
        self.feed(PROMPT[::-1])
        self.check_same(self.engine.forward(one, (2,)).logits, self.feed((*PROMPT, 2))[1][-1:])

    @pytest.mark.parametrize("length", [0, 4, len(PROMPT)])
    def test_a_fork_is_a_copy(self, length: int) -> None:
        """It goes on like a fresh slab with the copied tokens, and leaves the other one alone."""
        slab, _ = self.feed(PROMPT)
        copy = self.engine.fork(slab, length)
        assert (tuple(copy.tokens), tuple(slab.tokens)) == (PROMPT[:length], PROMPT)
        self.check_same(self.engine.forward(copy, (2,)).logits, self.feed((*PROMPT[:length], 2))[1][-1:])
        self.check_same(self.engine.forward(slab, (2,)).logits, self.feed((*PROMPT, 2))[1][-1:])

    @pytest.mark.parametrize("length", [-1, len(PROMPT) + 1])
    def test_impossible_forks_are_refused(self, length: int) -> None:
        """A slab cannot lend what it does not hold."""
        slab, _ = self.feed(PROMPT)
        with pytest.raises(ValueError, match=f"no first {length}"):
            self.engine.fork(slab, length)

    def test_memory_is_told(self) -> None:
        """What the tokens need grows with them, and a slab never takes less than that."""
        slab, _ = self.feed(PROMPT)
        needed = slab.used_bytes
        assert 0 < needed <= slab.n_bytes
        self.engine.truncate(slab, 5)
        assert slab.used_bytes == needed * 5 // len(PROMPT)

    def test_memory_taken_at_once_changes_no_row(self) -> None:
        """Neither before the first token nor later, nor where it is more than a slab may hold."""
        _, expected = self.feed((*PROMPT, 7))
        slab = self.engine.new_slab()
        self.engine.reserve(slab, len(PROMPT))
        rows = self.engine.forward(slab, PROMPT).logits
        self.engine.reserve(slab, 10 * self.engine.max_length)
        assert list(slab.tokens) == list(PROMPT)
        self.check_same(torch.cat([rows, self.engine.forward(slab, (7,)).logits]), expected)

    def test_too_long_is_refused_and_harms_nothing(self) -> None:
        """One token beyond the length raises; the slab stays as it was."""
        slab, _ = self.feed((1,) * self.engine.max_length)
        for append in (self.engine.forward, self.engine.extend):
            with pytest.raises(ValueError, match=f"more than the model's {self.engine.max_length}"):
                append(slab, (1,))
        assert len(slab.tokens) == self.engine.max_length

    def test_no_tokens_is_refused(self) -> None:
        """A pass needs a token."""
        for append in (self.engine.forward, self.engine.extend):
            with pytest.raises(ValueError, match="at least one"):
                append(self.engine.new_slab(), ())

    @pytest.mark.parametrize("length", [-1, len(PROMPT) + 1])
    def test_impossible_cuts_are_refused(self, length: int) -> None:
        """A slab cannot be cut to what it does not hold."""
        slab, _ = self.feed(PROMPT)
        with pytest.raises(ValueError, match=f"no first {length}"):
            self.engine.truncate(slab, length)
        assert tuple(slab.tokens) == PROMPT

    @given(length=st.integers(0, len(PROMPT)), tree=trees())
    @law
    def test_rows_of_a_tree_are_those_of_its_chains(self, length: int, tree: Tree) -> None:
        """Each token of a tree gets the row that it gets behind its ancestors alone."""
        prompt = PROMPT[:length]
        slab = self.engine.new_slab()
        if prompt:
            self.engine.extend(slab, prompt)
        rows = self.engine.forward_tree(slab, tree).logits
        chains = [tuple(tree.tokens[above] for above in tree.path_to(node)) for node in range(len(tree.tokens))]
        self.check_same(rows, torch.cat([self.feed((*prompt, *chain))[1][-1:] for chain in chains]))

    @given(length=st.integers(1, len(PROMPT)), tree=trees())
    @law
    def test_states_are_those_of_chains(self, length: int, tree: Tree) -> None:
        """An engine that tells states tells them with every row, the same however the pass is made."""
        slab = self.engine.new_slab()
        told = self.engine.forward(slab, PROMPT[:length]).hidden
        if told is None:
            return
        assert told.shape[0] == length
        states = self.engine.forward_tree(slab, tree).hidden
        each = self.engine.forward_each([Pass(slab, tree.tokens[:1]), Pass(self.engine.new_slab(), PROMPT[:length])])
        assert states is not None
        assert each[0].hidden is not None
        assert each[1].hidden is not None
        torch.testing.assert_close(each[1].hidden, told, rtol=0, atol=self.tolerance)
        torch.testing.assert_close(each[0].hidden, states[:1], rtol=0, atol=self.tolerance)
        for node in range(len(tree.tokens)):
            chain = (*PROMPT[:length], *(tree.tokens[above] for above in tree.path_to(node)))
            alone = self.engine.forward(self.engine.new_slab(), chain).hidden
            assert alone is not None
            torch.testing.assert_close(states[node], alone[-1], rtol=0, atol=self.tolerance)

    @given(data=st.data())
    @law
    def test_any_trees_and_commits_equal_a_fresh_run(self, data: st.DataObject) -> None:
        """After any trees, of which any paths or nothing was committed, the next row is that of a fresh slab."""
        slab = self.engine.new_slab()
        held: tuple[int, ...] = ()
        for _ in range(3):
            tree = data.draw(trees())
            self.engine.forward_tree(slab, tree)
            assert tuple(slab.tokens) == held
            if data.draw(st.booleans()):
                path = tree.path_to(data.draw(st.integers(-1, len(tree.tokens) - 1)))
                self.engine.commit(slab, path)
                held += tuple(tree.tokens[node] for node in path)
            assert tuple(slab.tokens) == held
            cut = data.draw(st.integers(0, len(held)))
            if cut < len(held):
                self.engine.truncate(slab, cut)
                held = held[:cut]
        self.check_same(self.engine.forward(slab, (11,)).logits, self.feed((*held, 11))[1][-1:])

    @pytest.mark.parametrize("path", [(1,), (0, 2), (0, 1, 4, 3), (0, 0), (6,), (-1,)])
    def test_ways_that_are_none_are_refused(self, path: tuple[int, ...]) -> None:
        """What does not go down the tree from the slab is not committed, and the tree is still there."""
        slab, _ = self.feed(PROMPT)
        self.engine.forward_tree(slab, BRANCHED)
        with pytest.raises(ValueError, match="no way down this tree"):
            self.engine.commit(slab, path)
        self.engine.commit(slab, (0, 1, 4))
        assert tuple(slab.tokens) == (*PROMPT, 5, 1, 7)

    def test_a_tree_is_gone_after_something_else(self) -> None:
        """Nothing is committed of a tree behind which the slab was used otherwise."""
        slab, _ = self.feed(PROMPT)
        for other in (
            lambda: self.engine.commit(slab, (0,)),
            lambda: self.engine.forward(slab, (1,)),
            lambda: self.engine.extend(slab, (1,)),
            lambda: self.engine.truncate(slab, 4),
        ):
            self.engine.forward_tree(slab, BRANCHED)
            other()
            with pytest.raises(ValueError, match="no tree to commit"):
                self.engine.commit(slab, (0,))

    def test_a_tree_that_is_too_large_is_refused(self) -> None:
        """All of a tree has to fit, although only a path of it may be kept."""
        slab, _ = self.feed((1,) * (self.engine.max_length - 5))
        with pytest.raises(ValueError, match=f"more than the model's {self.engine.max_length}"):
            self.engine.forward_tree(slab, BRANCHED)
        assert len(slab.tokens) == self.engine.max_length - 5
