"""Memory that goes back, in a process of its own: the setting is for good."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

BLOCKS = 20

# A large block that is freed raises the limit where nobody has set it; then documents are held.
PROGRAM = f"""
import ctypes, sys
from completion.hosts.memory import LARGE_BYTES, give_large_blocks_back

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("arena", "ordblks", "smblks", "hblks", *"abcdef")]

libc = ctypes.CDLL(None)
libc.mallinfo.restype = Info
if sys.argv[1] == "set":
    assert give_large_blocks_back()
bytearray(8_000_000)
before = libc.mallinfo().hblks
held = [bytearray(LARGE_BYTES) for _ in range({BLOCKS})]
print(libc.mallinfo().hblks - before)
held.clear()
print(libc.mallinfo().hblks - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
@pytest.mark.parametrize("setting", ["set", "unset"])
def test_a_document_is_a_block_of_its_own(setting: str) -> None:
    """It goes back when it is freed; without the setting it would lie in the heap, where a few may fit into holes."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, setting], capture_output=True, text=True, check=True)
    own, left = map(int, done.stdout.split())
    assert own > BLOCKS / 2 if setting == "set" else own == 0
    assert left == 0
