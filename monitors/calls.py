"""The monitor ``calls``: a call passes what its callee takes.

What may stand: keywords that are parameters and not passed yet; as many positional arguments as
there are parameters for; the closing bracket when every required parameter has its argument.
Of several signatures (overloads) any that fits the arguments so far may be meant.  When it says
nothing: the callee is not known, or takes anything there (``*args``, ``**kwargs``), or arguments
are unpacked.  How strong: ``ln e`` with the measured error of the callee's class, in three rows:
``keywords.KIND.unlisted``, ``arity.KIND.extra``, ``arity.KIND.missing``.  Which variable an argument
most likely is: ``monitors.namesakes``.

A name that begins an argument may become a keyword or a value.  It is charged with the byte from
which on it is neither a parameter nor a word of the document: what is in scope stands somewhere.
"""

from __future__ import annotations

import builtins
import re
import string
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Final

from analysis.facts import Fact, FactKey, FactView
from analysis.python.lexicon import ATOMS, OPERAND_WORDS, PREFIXES, WORD
from analysis.python.scanner import Scan
from monitors.arguments import Call, Event, Form, Levels, Step, ends_with_comma, levels_at, quiet, read
from monitors.base import Check, Continuations, Expected, Expecting, Kind, Lexed, Site
from monitors.call_suffix import arguments_behind
from monitors.namesakes import bound_around, namesake_of
from monitors.questions import Questions
from monitors.rooms import Room, Rooms, arity_row
from monitors.strength import Strength
from monitors.terms import Held, Prices, keyword_check, least_price, no_comma
from monitors.words import AnyOf, Words, all_words, written_words

QUERY: Final = "signatures"

_EVERYWHERE: Final = Words.of(
    OPERAND_WORDS
    | ATOMS
    | PREFIXES
    | {name.encode() for name in dir(builtins)}
    | {b"__class__", b"__file__", b"__path__"}
    | {letter.encode() for letter in string.ascii_letters}
)
"""What may stand anywhere; one letter is often the variable of a comprehension that comes behind it."""
_AGAIN: Final = frozenset(b"=")
_WORD: Final = re.compile(rb"[\w\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Calling:
    """State of the monitor.

    Attributes:
        hole: All bytes of the middle so far.
        levels: What is open.
        held: For each call among them what is known of it.
        full: A comma that is typed next is charged: the innermost call takes nothing more.
        judged: Judgements so far.
        missing: Questions unanswered at the arguments begun in the last ``step``; no part of the value.
    """

    hole: bytes = b""
    levels: Levels = ()
    held: tuple[Held | None, ...] = ()
    full: bool = False
    judged: tuple[Check, ...] = ()
    missing: tuple[FactKey, ...] = field(default=(), compare=False)


class Calls(Expecting):
    """Arguments, checked against signatures; see the module."""

    name = "calls"
    kind = Kind.HEURISTIC

    def __init__(self, site: Site, strength: Strength) -> None:
        """Watch one request; ``strength`` gives the penalties."""
        self._site = site
        self._questions = Questions(site)
        self._strength = strength
        self._behind = arguments_behind(site)
        self._typed = len(site.typed)
        self._rooms = Rooms()

    @cached_property
    def _words(self) -> AnyOf:
        """What may begin an argument that is a value: words of the document, and what may stand anywhere."""
        return AnyOf((written_words(self._site.document.prefix, self._site.document.suffix), _EVERYWHERE))

    @cached_property
    def _bound(self) -> frozenset[str]:
        """Variables of the function around the cursor."""
        return bound_around(self._site.document.prefix, self._site.typed.decode("utf-8", "surrogateescape"))

    def start(self) -> Calling:
        """Return the state at the start of the middle."""
        levels = levels_at(self._site.start)
        digest = self._site.document.digest
        held = (call and Held(FactKey(QUERY, digest, call.callee) if call.callee else None) for call in levels)
        return Calling(levels=levels, held=tuple(held))

    def step(self, state: Calling, text: Lexed, view: FactView) -> tuple[float, Calling]:
        """Charge what the callee does not take, and a call that ends too early."""
        hole = state.hole + text.data
        if quiet(state.levels, text):
            full = self._is_full(state.levels, state.held, text.after[-1], view)
            return 0.0, Calling(hole, state.levels, state.held, full, state.judged)
        walk = self._walk(state, text, view)
        held = walk.trimmed()
        full = self._is_full(walk.levels, held, text.after[-1], view)
        return walk.penalty, Calling(hole, walk.levels, held, full, walk.judged, walk.missing)

    def continuations(self, state: Calling) -> Continuations | None:
        """Return how an argument begins that can only be a keyword, how a name goes on, how the last one ends."""
        call, held = (state.levels[-1], state.held[-1]) if state.levels else (None, None)
        if call is None or held is None:
            return None
        if state.full and (call.form is not Form.NAME or call.name in self._words):
            return no_comma(call, bool(arity_row(held.signatures, call.finished())), self._words)
        if call.form not in (Form.EMPTY, Form.NAME):
            return None
        if call.form is Form.EMPTY and (name := self._namesake(held, call)):
            return self._meant(state, name, held)
        room = self._room(held, call, len(state.levels) - 1)
        if room is None or room.any_name:
            return None
        if room.more and not call.named_only:
            return self._words_on(state.hole, call, room, held)
        words = tuple(word[len(call.name) :] + b"=" for word in room.names.starting_with(call.name))
        if words and call.form is Form.EMPTY:
            ending = () if arity_row(held.signatures, call) else (b")",)
            words = _spaced((*words, b"*", *ending), state.hole[-1:])
        return Continuations(words, _AGAIN) if words else None

    def expected(self, state: Calling, view: FactView) -> Expected:
        """Return the variable that is named like the parameter, where nothing is written of the argument."""
        call, held = (state.levels[-1], state.held[-1]) if state.levels else (None, None)
        if call is None or held is None or call.form is not Form.EMPTY or not self._bound:
            return Expected()
        held = self._informed(held, view)
        name = self._namesake(held, call)
        pending = (held.key,) if held.fact is None and held.key is not None else ()
        return Expected(self._meant(state, name, held) if name else None, pending)

    def _meant(self, state: Calling, name: bytes, held: Held) -> Continuations:
        lead = b" " if state.hole.endswith(b",") else b""
        return Continuations((lead + name,), WORD, price=held.prices.other, lead=lead)

    def needs(self, state: Calling, scan: Scan) -> tuple[FactKey, ...]:
        """Return the question about the innermost call, and the one that a bracket would raise here."""
        held = next((held for held in reversed(state.held) if held is not None), None)
        inner = held.key if held is not None and held.fact is None else None
        return tuple(key for key in (inner, self._ahead(state.hole, scan)) if key is not None)

    def missing(self, state: Calling) -> tuple[FactKey, ...]:
        """Return the questions unanswered at the arguments begun in the last ``step``."""
        return state.missing

    def checks(self, state: Calling) -> tuple[Check, ...]:
        """Return the judgements on keywords and calls finished behind the cursor so far."""
        return state.judged

    def _words_on(self, hole: bytes, call: Call, room: Room, held: Held) -> Continuations | None:
        """Return how the name that an argument begins with may go on: to a parameter, or to a word of the document."""
        if call.form is not Form.NAME or not call.name:
            return None
        own = Words.of(_WORD.findall(hole[: len(hole) - len(call.name)]))
        words = AnyOf((*self._words.sets, room.names, own)).starting_with(call.name)
        price = min(0.0, held.prices.unlisted - held.paid)
        return Continuations(tuple(word[len(call.name) :] for word in words), WORD, WORD, price) if words else None

    def _ahead(self, hole: bytes, scan: Scan) -> FactKey | None:
        """Return the question about a callee that is written to its end; only of names that are called somewhere."""
        document, name = self._site.document, scan.name.decode("utf-8", "replace")
        if not name or not is_called(name, document.prefix, document.suffix) or not scan.chain:
            return None
        return about_call(self._questions.about(scan.chain, hole, scan, frozenset()))

    def _walk(self, state: Calling, text: Lexed, view: FactView) -> _Walk:
        """Go over ``text`` from event to event."""
        steps, levels = read(state.levels, text)
        walk = _Walk(text, state.hole + text.data, list(state.held), state.judged, levels)
        for step in steps:
            if step.event is Event.OPENED:
                walk.put(step.depth, self._informed(Held(self._question(walk, step)), view))
                continue
            held = walk.held[step.depth]
            assert held is not None
            if step.event is Event.BEGUN:
                self._begin(walk, step, held, view)
            elif step.event is Event.COMMA:
                held = self._informed(held, view)
                paid = self._comma_price(held, step.call, step.depth, text.after[step.at].line, text.is_suffix)
                walk.penalty += paid
                walk.put(step.depth, held._replace(room=None, paid=paid))
            elif step.event is Event.CLOSED:
                self._close(walk, step, held)
            else:
                self._write(walk, step, held)
        return walk

    def _question(self, walk: _Walk, step: Step) -> FactKey | None:
        """Return the question about the callee of a call that is opened."""
        if not step.call.callee:
            return None
        scan = walk.text.after[step.at - 1] if step.at else walk.text.before
        return about_call(self._questions.about(step.call.callee, walk.up_to(step.at), scan, frozenset()))

    def _begin(self, walk: _Walk, step: Step, held: Held, view: FactView) -> None:
        """Begin an argument: the fact, or its absence, is settled."""
        held = self._informed(held, view)
        if held.fact is None and held.key is not None:
            walk.missing = (*walk.missing, held.key)
        room = self._room(held, step.call, step.depth, walk.text.is_suffix)
        walk.put(step.depth, held._replace(room=room, namesake=self._namesake(held, step.call)))

    def _informed(self, held: Held, view: FactView) -> Held:
        """Add the fact if it has come."""
        if held.fact is not None or held.key is None or (fact := view.get(held.key)) is None:
            return held
        return held._replace(fact=fact, prices=self._prices(fact))

    def _write(self, walk: _Walk, step: Step, held: Held) -> None:
        """Charge what has become of an argument."""
        price = least_price(step, held, self._stands(walk, step))
        if price < held.paid:
            walk.penalty += price - held.paid
            held = held._replace(paid=price)
            walk.put(step.depth, held)
        if step.event is Event.BECAME and self._is_ours(walk, step):
            walk.judge(keyword_check(step, held))

    def _close(self, walk: _Walk, step: Step, held: Held) -> None:
        """Charge a call that ends too early, and judge it."""
        if not held.signatures or step.call.wrong:
            return
        row = arity_row(held.signatures, step.call)
        if row == "missing":
            walk.penalty += held.prices.missing
        if self._is_ours(walk, step):
            assert held.fact is not None
            walk.judge(Check(f"{step.call.callee}()", held.fact.origin, not row, f"arity.{held.fact.kind}", row))

    def _is_ours(self, walk: _Walk, step: Step) -> bool:
        """Whether a step is behind the typed part."""
        return len(walk.up_to(step.at)) >= self._typed

    def _prices(self, fact: Fact) -> Prices:
        penalty, kind = self._strength.penalty, fact.kind
        if not fact.signatures:
            return Prices()
        arity = f"arity.{kind}"
        extra, missing = penalty(f"{arity}.extra"), penalty(f"{arity}.missing")
        return Prices(penalty(f"keywords.{kind}.unlisted"), extra, missing, self._strength.other)

    def namesake(self, state: Calling, view: FactView) -> bytes:
        """Return the variable that is named like the parameter of the argument to come, b"" if there is none."""
        closed = self.expected(state, view).closed
        return b"" if closed is None else closed.texts[0].removeprefix(closed.lead)

    def _namesake(self, held: Held, call: Call) -> bytes:
        return namesake_of(held.signatures, call, self._bound) if held.signatures and not call.wrong else b""

    def _room(self, held: Held, call: Call, depth: int, in_suffix: bool = False) -> Room | None:
        """Return what fits as the next argument of a call, which the suffix's own keywords do beside each other."""
        if held.fact is None or not held.signatures or call.wrong:
            return None
        here = not in_suffix and (depth, call.opening) == (self._behind.depth, self._behind.opening)
        return self._rooms.of(held.fact, call, self._behind.keywords if here else frozenset())

    def _stands(self, walk: _Walk, step: Step) -> bool:
        """Whether the name that an argument begins with, or may become, stands in the document or the middle."""
        name, whole = step.call.name, step.call.form is not Form.NAME
        if not name or (name in self._words if whole else self._words.fits(name)):
            return True
        return walk.has_word(name, step, whole)

    def _comma_price(self, held: Held, call: Call, depth: int, line: bytes, in_suffix: bool = False) -> float:
        """Return what the comma cost behind which nothing fits, unless it ends one of the call's lines."""
        room = self._room(held, call, depth, in_suffix)
        if room is None or room.any_name or room.names.ordered or (room.more and not call.named_only):
            return 0.0
        written = line[call.opening :]
        return 0.0 if b"\n" in written or b"\r" in written else held.prices.extra

    def _is_full(self, levels: Levels, held: tuple[Held | None, ...], scan: Scan, view: FactView) -> bool:
        """Whether a comma would be charged behind what is written."""
        call, known = (levels[-1], held[-1]) if levels else (None, None)
        if call is None or known is None or not ends_with_comma(call, scan, len(levels)):
            return False
        after = call.next_argument(len(scan.line) + 1)
        return self._comma_price(self._informed(known, view), after, len(levels) - 1, scan.line) < 0


def _spaced(texts: tuple[bytes, ...], last: bytes) -> tuple[bytes, ...]:
    """Return how an argument begins behind the byte ``last``; none where only indentation may be left out."""
    if last == b",":
        return (*texts, *(b" " + text for text in texts), b"\n")
    if last == b"(":
        return (*texts, b"\n")
    return texts if last in (b" ", b"\t") else ()


@lru_cache(maxsize=64)
def is_called(name: str, prefix: str, suffix: str) -> bool:
    """Whether a text around a hole has a word that is called."""
    call = f"{name}("
    return name in all_words(prefix, suffix) and (call in prefix or call in suffix)


def about_call(key: FactKey | None) -> FactKey | None:
    """Make a question about what may follow a dot one about what may be passed."""
    return None if key is None else replace(key, kind=QUERY)


@dataclass(slots=True)
class _Walk:
    """What changes on the way over some bytes; lives no longer than that."""

    text: Lexed
    hole: bytes
    held: list[Held | None]
    judged: tuple[Check, ...]
    levels: Levels
    missing: tuple[FactKey, ...] = ()
    penalty: float = 0.0

    def put(self, depth: int, held: Held) -> None:
        """Note what is known of the call at that depth."""
        self.held[depth:] = (*(None for _ in range(depth - len(self.held))), held)

    def trimmed(self) -> tuple[Held | None, ...]:
        """Return what is known of the calls that are open."""
        padded = (*self.held, *(None for _ in self.levels))
        return tuple(held if call is not None else None for call, held in zip(self.levels, padded, strict=False))

    def judge(self, check: Check | None) -> None:
        """Note a judgement, if there is one."""
        if check is not None:
            self.judged = (*self.judged, check)

    def up_to(self, at: int) -> bytes:
        """Return the middle up to byte ``at`` of the text."""
        return self.hole[: len(self.hole) - len(self.text.data) + at]

    def has_word(self, name: bytes, step: Step, whole: bool) -> bool:
        """Whether the middle has that word, or one that begins so, before the argument that it begins."""
        before = self.up_to(step.at + 1)
        earlier = before[: max(0, before.rfind(name))]
        end = rb"(?![\w\x80-\xff])" if whole else b""
        return re.search(rb"(?<![\w\x80-\xff])" + re.escape(name) + end, earlier) is not None
