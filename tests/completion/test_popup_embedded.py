"""What the embedded model makes of the analyzer's names, with the real analysis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from completion.service import CompletionService, open_service
from completion.types import CancelToken, CompletionRequest, Document, Listing, Trigger

pytestmark = pytest.mark.slow

UNSEEN = Path(__file__).parents[2] / "examples" / "unseen"
PASSES: list[int] = []


@pytest.fixture(scope="module")
def service() -> Iterator[CompletionService]:
    """A service on the embedded model that notes the tokens of each forward pass."""
    opened = open_service(on_step=lambda n_tokens, seconds, expected: PASSES.append(n_tokens))
    yield opened
    opened.close()


def ranked(service: CompletionService, marked: str, path: Path) -> list[str]:
    """Return the plain names at the ``$0`` of a text, the likeliest first; two passes suffice."""
    before, _, after = marked.partition("$0")
    document = Document(str(path), before + after)
    request = CompletionRequest(document, len(before), str(path.parent), Trigger.AUTOMATIC)
    PASSES.clear()

    async def ask() -> tuple[Listing, tuple[float | None, ...]]:
        while (listing := await service.names(request, CancelToken())).late:
            continue  # an analysis that has just started
        assert not PASSES
        return listing, await service.likelihoods(request, listing.names[: listing.plain], CancelToken())

    listing, weights = asyncio.run(ask())
    assert len(PASSES) == 2
    pairs = zip(weights, listing.names, strict=False)
    return [name for _, name in sorted(((w, name) for w, name in pairs if w is not None), reverse=True)]


PLACES = [
    ("import math\n\n\ndef hypotenuse(a, b):\n    return math.$0\n", {"sqrt", "hypot"}),
    ("import math\n\n\ndef distance(x, y):\n    return math.$0(x * x + y * y)\n", {"sqrt"}),
    ("def area(width, height):\n    return width * $0\n", {"height"}),
    ("import $0\n", {"os", "sys", "re"}),
    ("from collections import $0\n\nseen = defaultdict(list)\n", {"defaultdict"}),
]


@pytest.mark.parametrize(("marked", "expected"), PLACES)
def test_what_fits_the_place_comes_first(
    service: CompletionService, tmp_path: Path, marked: str, expected: set[str]
) -> None:
    """Among the first three of around a hundred at most places; two passes at each."""
    assert expected & set(ranked(service, marked, tmp_path / "a.py")[:3])


def test_a_project_s_own_class(service: CompletionService) -> None:
    """Its names are in no training data; all of them are ranked."""
    path = UNSEEN / "morning_round.py"
    names = ranked(service, path.read_text().replace("return house.\n", "return house.$0\n"), path)
    assert set(names) == set("beckon_bumblebees beds hush_fans roof_degrees thirsty_beds unshutter_roof".split())
