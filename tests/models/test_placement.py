"""Where a model runs: the number of threads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models.placement import suitable_threads
from tests.models import tiny_checkpoints

THREADS = [
    # weights, torch's default, threads
    (1_000, 1, 1),
    (1_000, 16, 1),
    (30_000_000, 16, 1),
    (30_000_001, 16, 15),
    (7_000_000_000, 8, 7),
    (7_000_000_000, 2, 1),
    (7_000_000_000, 1, 1),
]


@pytest.mark.parametrize(("n_weights", "default", "threads"), THREADS)
def test_small_models_get_one_thread(n_weights: int, default: int, threads: int) -> None:
    """Up to 30M weights it is one thread, beyond it torch's default less the one that the analysis needs."""
    assert suitable_threads(n_weights, default) == threads


def test_the_limit_is_that_of_all_threads(tmp_path: Path) -> None:
    """Loading limits the process: what was loaded on one thread and runs on another keeps to it."""
    program = f"""
import threading, torch
from models.checkpoints import load
torch.set_num_threads(3)
seen = []
for work in (lambda: load({str(tiny_checkpoints.save(tmp_path))!r}), lambda: seen.append(torch.get_num_threads())):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
from models.placement import limit_threads
for n_weights in (10**9, 10, 10**9):
    limit_threads(n_weights)
    seen.append(torch.get_num_threads())
print(*seen)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["1", "2", "1", "2"], "")
