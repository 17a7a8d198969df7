"""What all tests share: no network, reproducible random examples, slow tests last."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"

settings.register_profile("reproducible", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("reproducible")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run slow tests after the others, which keep their order."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
