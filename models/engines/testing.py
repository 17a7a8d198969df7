"""A decoder of a few thousand weights whose rows are bit-identical however passes are split.

It is what "the same text with and without drafters" is tested on: strict equality needs rows
that do not depend on how many tokens share a pass.  So it computes in float64, casts nothing
down, and takes one position after the other with operations of the same shapes each time.
The architecture is Llama's: RMSNorm, rotary positions, SwiGLU; the weights are random.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from models.engines.base import Pass, Rows, Slab, one_by_one, require_held, require_room
from models.engines.tree import Tree, require_tree, rows_by_chains

N_LAYERS, N_HEADS, WIDTH, INNER = 2, 2, 16, 32
HEAD = WIDTH // N_HEADS

# Makes greedy text vary and repeat itself now and then, as a drafter's test needs it.
_SHARPNESS = 0.7

Array = NDArray[np.float64]


class TinySlab:
    """Keys and values ``[layer, head, position, HEAD]``, preallocated."""

    def __init__(self, max_length: int) -> None:
        """Make room for ``max_length`` tokens."""
        self.tokens: list[int] = []
        self.tree: Tree | None = None
        self.keys: Array = np.zeros((N_LAYERS, N_HEADS, max_length, HEAD))
        self.values: Array = np.zeros((N_LAYERS, N_HEADS, max_length, HEAD))

    @property
    def n_bytes(self) -> int:
        """Memory of all positions."""
        return int(self.keys.nbytes + self.values.nbytes)

    @property
    def used_bytes(self) -> int:
        """Memory of the positions held."""
        return self.n_bytes * len(self.tokens) // int(self.keys.shape[2])


class TinyEngine:
    """A float64 Llama-type decoder with random weights, the same for the same seed.

    Attributes:
        vocabulary_size: Columns of a row.
        max_length: Tokens of a slab, at most.
        head: ``[vocabulary_size, WIDTH]`` from states to rows.
    """

    def __init__(self, vocabulary_size: int = 300, max_length: int = 512, seed: int = 0) -> None:
        """Draw the weights."""
        self.vocabulary_size = vocabulary_size
        self.max_length = max_length
        noise = np.random.default_rng(seed)

        def weights(*shape: int) -> Array:
            return noise.normal(size=shape) * _SHARPNESS

        self._embedding = weights(vocabulary_size, WIDTH)
        self._attention = weights(N_LAYERS, 4, WIDTH, WIDTH)
        self._gate_up = weights(N_LAYERS, 2, INNER, WIDTH)
        self._down = weights(N_LAYERS, WIDTH, INNER)
        self.head = weights(vocabulary_size, WIDTH)
        angles = np.outer(np.arange(max_length), 100.0 ** -np.linspace(0, 1, HEAD // 2, endpoint=False))
        self._cos, self._sin = np.cos(angles), np.sin(angles)

    def new_slab(self) -> TinySlab:
        """Return an empty slab."""
        return TinySlab(self.max_length)

    def reserve(self, slab: Slab, length: int) -> None:
        """Do nothing: a slab has room for all that it may hold."""

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Append ``tokens`` and return a float64 row for each.

        Raises:
            ValueError: No tokens, or more than ``max_length`` in all.
        """
        assert isinstance(slab, TinySlab)
        require_room(slab, len(tokens), self.max_length)
        slab.tree = None
        states = np.stack([self._state(slab, token) for token in tokens])
        return Rows(torch.from_numpy(np.stack([self.head @ state for state in states])), torch.from_numpy(states))

    def forward_each(self, passes: Sequence[Pass]) -> list[Rows]:
        """Do several passes, one after the other.

        Raises:
            ValueError: A slab would grow beyond ``max_length``, or is in two passes.
        """
        return one_by_one(self, passes)

    def forward_tree(self, slab: Slab, tree: Tree) -> Rows:
        """Return a row for each token of ``tree``, which the slab holds only once it is committed.

        Raises:
            ValueError: More tokens than ``max_length`` in all.
        """
        assert isinstance(slab, TinySlab)
        require_room(slab, len(tree.tokens), self.max_length)
        rows = rows_by_chains(self, slab, tree)
        slab.tree = tree
        return rows

    def commit(self, slab: Slab, path: Sequence[int]) -> None:
        """Append the tokens of the last tree that ``path`` goes down; their rows are computed again.

        Raises:
            ValueError: There is no such path, or the last pass was over no tree.
        """
        assert isinstance(slab, TinySlab)
        tree = require_tree(slab.tree, path)
        for node in path:
            self._state(slab, tree.tokens[node])
        slab.tree = None

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Append ``tokens``; their rows are computed and dropped.

        Raises:
            ValueError: As ``forward``.
        """
        self.forward(slab, tokens)

    def fork(self, slab: Slab, length: int) -> TinySlab:
        """Return a new slab with a copy of the first ``length`` tokens.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
        assert isinstance(slab, TinySlab)
        require_held(slab, length)
        copy = self.new_slab()
        copy.tokens = slab.tokens[:length]
        copy.keys[:, :, :length] = slab.keys[:, :, :length]
        copy.values[:, :, :length] = slab.values[:, :, :length]
        return copy

    def truncate(self, slab: Slab, length: int) -> None:
        """Drop everything from position ``length`` on.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
        assert isinstance(slab, TinySlab)
        require_held(slab, length)
        del slab.tokens[length:]
        slab.tree = None

    def _state(self, slab: TinySlab, token: int) -> Array:
        """Append a token and return the state that its row is made of, ``[WIDTH]``."""
        position = len(slab.tokens)
        x = self._embedding[token]
        for layer in range(N_LAYERS):
            x = x + self._attend(slab, layer, position, _normed(x))
            gate, up = self._gate_up[layer] @ _normed(x)
            x = x + self._down[layer] @ (gate / (1 + np.exp(-gate)) * up)
        slab.tokens.append(token)
        return _normed(x)

    def _attend(self, slab: TinySlab, layer: int, position: int, x: Array) -> Array:
        wq, wk, wv, wo = self._attention[layer]
        slab.keys[layer, :, position] = self._rotated(wk @ x, position)
        slab.values[layer, :, position] = (wv @ x).reshape(N_HEADS, HEAD)
        query = self._rotated(wq @ x, position)[:, :, None]
        scores = slab.keys[layer, :, : position + 1] @ query / np.sqrt(HEAD)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        mixed = (shares * slab.values[layer, :, : position + 1]).sum(axis=1) / shares.sum(axis=1)
        out: Array = wo @ mixed.reshape(WIDTH)
        return out

    def _rotated(self, x: Array, position: int) -> Array:
        """Return ``[head, HEAD]`` turned by its position."""
        low, high = np.split(x.reshape(N_HEADS, HEAD), 2, axis=1)
        cos, sin = self._cos[position], self._sin[position]
        return np.concatenate([low * cos - high * sin, high * cos + low * sin], axis=1)


def _normed(x: Array) -> Array:
    scaled: Array = x / np.sqrt(np.mean(x * x) + 1e-6)
    return scaled
