"""A service that all tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from completion.service import CompletionService, ServiceSettings, open_service
from tests.models.tiny_checkpoints import save


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompletionService]:
    """A service on a random model of a few thousand weights."""
    folder = save(tmp_path_factory.mktemp("checkpoint"))
    opened = open_service(str(folder), settings=ServiceSettings(cache=None))
    yield opened
    opened.close()
