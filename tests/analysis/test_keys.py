"""Which keys a file shows a dictionary to have."""

from __future__ import annotations

import pytest

from analysis.python.keys import keys_of

SOURCE = b"""\
config = {"host": 1, 'port': 2, 3: 4, f"x{1}": 5, name: 6}
config["late"] = 1
print(config["read"], config[index], config["a":"b"])
options: dict[str, int] = dict(depth=1, **more)
empty = {}
empty["later"] = 1
mixed = {"a": 1}
mixed = load()
passed = {"a": 1}
hidden = {"a": 1}
named = {"a": 1}

class A:
    def f(self, passed, *hidden, named: dict = None):
        self.table = {"row": config["read again"]}
        return lambda other=config: 1
"""


@pytest.mark.parametrize(
    ("owner", "keys"),
    [
        ("config", "host port late read read_again"),
        ("options", "depth"),
        ("self.table", "row"),
        ("table", ""),
        ("empty", ""),
        ("mixed", ""),
        ("passed", ""),
        ("hidden", ""),
        ("named", ""),
        ("unknown", ""),
    ],
)
def test_keys(owner: str, keys: str) -> None:
    """Literals tell, and what is put behind the name anywhere; not where the name may be something else."""
    assert keys_of(SOURCE, owner) == {key.replace("_", " ") for key in keys.split()}
