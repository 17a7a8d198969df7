"""What all tests share: no network, reproducible random examples, slow tests last."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"

settings.register_profile("reproducible", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("reproducible")


@pytest.fixture(scope="session", autouse=True)
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test meets an engine that a user has running."""
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session", autouse=True)
def nobodys_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Settings, trusted folders, languages and statistics of whoever runs the tests change nothing in them."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(tmp_path_factory.mktemp("nobody"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run slow tests after the others, which keep their order."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
