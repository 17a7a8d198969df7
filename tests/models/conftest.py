"""What the tests of this package share."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Models of a few thousand weights are slowed by a second thread, badly so on a busy machine."""
    torch.set_num_threads(1)
