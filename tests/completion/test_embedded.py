"""What the embedded model is good for, checked on the real thing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from completion.service import CompletionService, open_service
from completion.types import CompletionRequest, Document

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service() -> Iterator[CompletionService]:
    """A service on the embedded model."""
    opened = open_service()
    yield opened
    opened.close()


@pytest.mark.parametrize("text", ["import os\nprint(os.path.", "import os\nx = os.path.", "import os\nx = [os.path."])
def test_a_name_behind_a_dot_exists_whether_or_not_brackets_are_closed(
    service: CompletionService, tmp_path: Path, text: str
) -> None:
    """A bracket that is still open is no reason to say nothing."""
    request = CompletionRequest(Document(str(tmp_path / "a.py"), text), len(text), str(tmp_path))
    result = service.complete_now(request)
    assert re.split(r"\W", result.text)[0] in dir(os.path)
