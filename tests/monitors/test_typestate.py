from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactView
from monitors.automata import BUILT_IN, AutomatonError, read_automaton
from monitors.base import FORBIDDEN, Lexed
from monitors.options import Options
from monitors.typestate import Typestate
from tests.monitors.laws import NO_FACTS, check_forbidden, check_pieces, cut_points, source_text
from tests.monitors.sites import site

AUTOMATA = tuple(read_automaton(path) for path in BUILT_IN.values())


def penalty(text: str, new: str, options: Options) -> float:
    request = replace(site(text), options=options)
    written = request.typed + new.encode()
    return Typestate(request).step(Typestate(request).start(), Lexed.of(request.start, written), FactView())[0]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("f = open(p)\nf.close()\n$0\n", "f.read()"),
        ("f = open(p)\n$0\n", "f.close()\nf.read()"),
        ("def g(p):\n    f = open(p)\n    f.close()\n    f.$0\n", "write(x)"),
        ("with open(p) as f:\n    a = f.read()\n$0\n", "f.read()"),
        ("with gzip.open(p) as f:\n    pass\n$0\n", "b = f.readline()"),
        ("lock = threading.Lock()\n$0\n", "lock.release()"),
        ("lock = threading.Lock()\nlock.acquire()\n$0\n", "lock.acquire()"),
        ("lock = threading.Lock()\nwith lock:\n    $0\n", "lock.acquire()"),
        ("c = sqlite3.connect(p)\nc.execute(q)\nc.close()\n$0\n", "c.commit()"),
        ("f = open(p)\ntry:\n    a = f.read()\nfinally:\n    f.close()\n    $0\n", "f.read()"),
    ],
)
def test_out_of_order(text: str, new: str) -> None:
    """A method in the wrong state is made unlikely, as much as the user's strictness says."""
    price = penalty(text, new, Options(automata=AUTOMATA))
    assert FORBIDDEN < price < -3
    assert penalty(text, new, Options(0.0, automata=AUTOMATA)) == 0
    hard = tuple(replace(automaton, hard=True) for automaton in AUTOMATA)
    assert penalty(text, new, Options(automata=hard)) == FORBIDDEN


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("f = open(p)\n$0\n", "f.read()\nf.close()"),
        ("f = open(p)\nf.close()\nf = open(p)\n$0\n", "f.read()"),
        ("f = open(p)\nf.close()\nf = g()\n$0\n", "f.read()"),
        ("f = open(p)\nf.close()\n$0\n", "f.name"),
        ("f = open(p)\ng(f)\nf.close()\n$0\n", "f.read()"),
        ("f = open(p)\ng = f\nf.close()\n$0\n", "f.read()"),
        ("f = open(p)\nif a:\n    f.close()\n$0\n", "f.read()"),
        ("f = open(p)\nif a: f.close()\n$0\n", "f.read()"),
        ("f = open(p)\na and f.close()\n$0\n", "f.read()"),
        ("f = open(p)\nfor a in b:\n    f.close()\n    $0\n", "f.read()"),
        ("f = open(p)\nf.close()\ndef g(f):\n    $0\n", "f.read()"),
        ("f = open(p).read()\nf.close()\n$0\n", "f.read()"),
        ("f.close()\n$0\n", "f.read()"),
        ("f = open(p)\nx = f.close\n$0\n", "f.read()"),
        ("f = open(p)\nx = '''\nf.close()\n'''\n$0\n", "f.read()"),
        ("f = open(p)\n# f.close()\n$0\n", "f.read()"),
        ("with open(p) as f:\n    $0\n", "a = f.read()"),
        ("lock = threading.Lock()\nwith lock:\n    pass\n$0\n", "lock.acquire()\nlock.release()"),
        ("f = open(p)\nf.close()\n$0\n", "'f.read()'"),
        ("f = open(p)\nf.close()\nf.read$0\n", "()"),
        ("f = open(p)\nx = f'{g(f)} a ' + 'b'\nf.close()\n$0\n", "f.read()"),
    ],
)
def test_silent(text: str, new: str) -> None:
    """In order, or not sure."""
    assert penalty(text, new, Options(automata=AUTOMATA)) == 0


def test_automata_of_a_project(tmp_path: Path) -> None:
    """A file of the user's own is read, and what is wrong with one is said."""
    path = tmp_path / "queue.toml"
    path.write_text(
        'hard = true\n[created]\nQueue = "new"\n[states.new]\nstart = "running"\n[states.running]\nput = "running"\n'
    )
    queue = read_automaton(path)
    assert (queue.name, queue.hard, queue.methods) == ("queue", True, {"start", "put"})
    assert penalty("q = Queue()\n$0\n", "q.put(1)", Options(automata=(queue,))) == FORBIDDEN
    assert penalty("q = Queue()\nq.start()\n$0\n", "q.put(1)", Options(automata=(queue,))) == 0
    for text, complaint in (
        ("[created]\nQueue = 'new'\n", r"queue.toml: the table \[states\] is missing"),
        ("[created]\nQueue = 'new'\n[states.old]\n", r"queue.toml: no table \[states.new\] says"),
        ("[created]\nQueue = 1\n[states.new]\n", r"queue.toml: \[created\] has to give a state"),
        ("[created", "queue.toml: "),
    ):
        path.write_text(text)
        with pytest.raises(AutomatonError, match=complaint):
            read_automaton(path)


PIECES = st.lists(
    st.sampled_from(
        (b"f", b" = ", b"open(p)", b".close()", b".read()", b"\n", b"\n    ", b"with ", b" as f:", b"if a:")
    ),
    max_size=14,
).map(b"".join)


@given(text=source_text(6), pieces=PIECES, cuts=cut_points(), hard=st.booleans())
def test_laws(text: bytes, pieces: bytes, cuts: list[int], hard: bool) -> None:
    """The laws of monitors, but for the one about facts: the code itself is the evidence."""
    automata = tuple(replace(automaton, hard=hard) for automaton in AUTOMATA)
    request = replace(site("f = open(p)\nf.close()\n$0\n"), options=Options(automata=automata))
    if written := pieces + text:
        check_pieces(Typestate(request), request.start, written, cuts, NO_FACTS)
        check_forbidden(Typestate(request), request.start, written, NO_FACTS)
