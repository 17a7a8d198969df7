"""The Python interface: completions with any Hugging Face model, without a server."""

from __future__ import annotations

import atexit
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from completion.trust import is_trusted
from completion.types import (
    MOST_CANDIDATES,
    MOST_STRICTNESS,
    MOST_TEMPERATURE,
    MOST_TOKENS,
    CompletionRequest,
    CompletionResult,
    Document,
    Limits,
    Sampling,
)
from verifill.wiring import service_over

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Settings(TypedDict, total=False):
    """The settings of one completion; see ``Completer.complete``."""

    path: str | PathLike[str]
    workspace: str | PathLike[str] | None
    monitors: Sequence[str] | None
    drafters: Sequence[str] | None
    replaced: str
    max_tokens: int
    temperature: float
    seed: int
    strictness: float
    ngrams: bool
    candidates: int
    facts: str
    python: str


class Completer:
    """One model kept ready, with the analysis beside it.

    Use it as a context manager, or call ``close``.
    """

    def __init__(
        self,
        model: PreTrainedModel | str | None = None,
        tokenizer: PreTrainedTokenizerBase | None = None,
        dtype: str = "auto",
        device: str = "auto",
    ) -> None:
        """Load a model, or take over one that is loaded.

        Args:
            model: A transformers causal language model that was trained to fill in middles, or
                a checkpoint folder or hub id, or None for the embedded model.
            tokenizer: The fast tokenizer of a model that is given as an object.
            dtype: Precision of a model that is loaded here.
            device: Device of a model that is loaded here.

        Raises:
            models.errors.ModelError: The model cannot be used; the message says why.
            ValueError: A model object came without its tokenizer, or a tokenizer without one.
        """
        from models import checkpoints

        if model is None or isinstance(model, str):
            if tokenizer is not None:
                raise ValueError("give the tokenizer together with a model object, or neither")
            loaded = checkpoints.load(model, dtype, device)
        elif tokenizer is None:
            raise ValueError("a model object needs its tokenizer: complete(model=..., tokenizer=...)")
        else:
            loaded = checkpoints.from_objects(model, tokenizer)
        self._service = service_over(loaded)

    def complete(
        self,
        prefix: str,
        suffix: str = "",
        *,
        path: str | PathLike[str] = "untitled.py",
        workspace: str | PathLike[str] | None = None,
        monitors: Sequence[str] | None = None,
        drafters: Sequence[str] | None = None,
        replaced: str = "",
        max_tokens: int = 64,
        temperature: float = 0.0,
        seed: int = 0,
        strictness: float = 1.0,
        ngrams: bool = True,
        candidates: int = 1,
        facts: str = "wait",
        python: str = "",
    ) -> CompletionResult:
        """Complete between ``prefix`` and ``suffix``.

        Args:
            prefix: The document up to the cursor.
            suffix: The document behind the cursor.
            path: Where the document lives, or would; it is not read.
            workspace: The project folder; None for the folder of ``path``.
            monitors: Names of the monitors to use; None for all, () for none.
            drafters: Names of the drafters to use; None for the default ones, () for none.
            replaced: Text that stood at the cursor and is being rewritten: the first guess of the new one.
            max_tokens: Most tokens of new text, 1 to 512.
            temperature: 0 takes the best token; up to 5.
            seed: Key of the noise; equal seeds give equal texts.
            strictness: Factor on the measured penalties of facts, 0 to 100.
            ngrams: Whether what the document repeats counts, where that was measured for the model; False for the
                model alone.
            candidates: Number of alternative texts, 1 to 16.
            facts: "wait", "live" or "none".
            python: The interpreter of the project, "" for the standard library alone.

        Raises:
            ValueError: A monitor, a drafter or the fact mode is unknown, a number is out of its limits, or a text
                holds bytes that were not decoded.
        """
        for name, text in (("prefix", prefix), ("suffix", suffix), ("replaced", replaced)):
            _require_decoded(name, text)
        _require_within("max_tokens", max_tokens, 1, MOST_TOKENS)
        _require_within("candidates", candidates, 1, MOST_CANDIDATES)
        _require_within("temperature", temperature, 0, MOST_TEMPERATURE)
        _require_within("strictness", strictness, 0, MOST_STRICTNESS)
        where = Path(path).resolve()
        folder = where.parent if workspace is None else Path(workspace).resolve()
        request = CompletionRequest(
            document=Document(str(where), prefix + suffix),
            offset=len(prefix),
            workspace=str(folder),
            environment=python,
            trusted=is_trusted(folder),
            facts=facts,
            monitors=None if monitors is None else tuple(monitors),
            drafters=None if drafters is None else tuple(drafters),
            replaced=replaced,
            strictness=strictness,
            ngrams=ngrams,
            candidates=candidates,
            limits=Limits(max_tokens=max_tokens),
            sampling=Sampling(temperature=temperature, seed=seed),
        )
        return self._service.complete_now(request)

    def close(self) -> None:
        """End the analysis workers; the model object stays usable."""
        self._service.close()

    def __enter__(self) -> Self:
        """Return the completer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def complete(
    prefix: str,
    suffix: str = "",
    *,
    model: PreTrainedModel | str | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    **settings: Unpack[Settings],
) -> CompletionResult:
    """Complete between ``prefix`` and ``suffix``, with the embedded model or with yours.

    The model of the last call is kept ready for the next one; ``Completer`` gives control.

    Args:
        prefix: The document up to the cursor.
        suffix: The document behind the cursor.
        model: As for ``Completer``.
        tokenizer: As for ``Completer``.
        **settings: As for ``Completer.complete``.
    """
    return _LATEST.completer(model, tokenizer).complete(prefix, suffix, **settings)


def _require_decoded(name: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} holds a lone surrogate at {error.start}; decode the file as UTF-8") from error


def _require_within(name: str, number: float, least: float, most: float) -> None:
    if not least <= number <= most:  # nor is NaN
        raise ValueError(f"{name} is {number}; give a number from {least:g} to {most:g}")


class _Latest:
    """The completer of the last call of ``complete``."""

    def __init__(self) -> None:
        self._for: tuple[object, object] = (None, None)
        self._completer: Completer | None = None

    def completer(self, model: PreTrainedModel | str | None, tokenizer: PreTrainedTokenizerBase | None) -> Completer:
        if self._completer is not None and self._for == (model, tokenizer):
            return self._completer
        self.close()
        self._completer, self._for = Completer(model, tokenizer), (model, tokenizer)
        return self._completer

    def close(self) -> None:
        if self._completer is not None:
            self._completer.close()
        self._completer = None


_LATEST = _Latest()
atexit.register(_LATEST.close)
