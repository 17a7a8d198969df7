"""How hard a fact may push: measured, one number for each class of facts.

A name that a fact of class k lacks costs ``ln e_k``.  e_k is the upper 95 % bound (one-sided,
Clopper and Pearson 1934) of the share of sites at which a fact of that class lacked the true
name.  A class is ``QUERY.KIND.ROW``.  The query is what was asked (``ROWS`` has them all), the kind
what speaks for or against the answer, the row what is known of the name itself: ``seen`` if it
stands elsewhere in the document, else ``unseen``.

* ``attributes``, what the receiver was inferred to be: ``self``, or ``start`` if that stands at the start of
  a statement, where attributes come to be; ``super``; ``module``; ``class``; ``instance``;
  ``builtin`` (an instance of a builtin type); ``function``; ``other``; or, where something speaks
  against the inference: ``parameter`` (its root is a parameter without annotation, known from
  calls in the same file); ``several`` objects; ``narrowed`` (the code around asks for its type);
  ``partial`` (a base class or one of the objects is unknown); ``dynamic`` (attributes are made up
  at run time).  Here ``seen`` means as an attribute or definition.  The row ``hidden`` is the other way round: the
  share of sites at which a listed name that hardly anybody means (``__this__``; on other objects
  than a method's own, ``_this``) is the true one.
* ``modules`` (paths of modules) and ``exports`` (names from a module): ``top`` (behind ``import``, at
  the left margin), ``local`` (the same, indented), ``module`` (in a package), ``relative`` (behind
  dots); ``optional`` (in a ``try``); ``dynamic`` (the module makes names up).
* ``names``, where the name stands: ``plain``; ``argument`` (first in a call) and ``element`` (in other
  brackets), which a comprehension may still bind; or, wherever it stands, ``star`` (a star import
  could not be followed).
* ``keywords`` and ``arity`` (keyword arguments, and calls as a whole), what is called: ``function``
  (methods too); ``class``; ``fields`` (a class whose parameters are its fields); ``instance``;
  ``compiled`` code; or, where something speaks against the signature: ``decorated``; ``partial`` (a
  base class is unknown); ``parameter`` and ``several`` as above.  The rows:
  ``unlisted`` (no such parameter), ``extra`` (too many positional), ``missing`` (a required one).
  Of ``arity``, by what a language server says: the language.
* ``literals``, strings of which only some may stand: by an annotation as ``argument``, or as
  ``declared`` (compared with a name); as ``keys`` of a dictionary that is written out in the file.
* ``exceptions``, what is raised or caught: ``scope`` and ``star`` (names in scope, as above), ``module`` and
  ``dynamic`` (names from a module).
* ``formats``, arguments counted against a format string: ``percent`` and ``format``; the rows are those of ``arity``.
* ``members``, what a language server lists behind a member operator: the language; or, behind ``::`` in
  C++, ``cpp_scope`` of a class or an enumeration, ``cpp_namespace`` of a namespace.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("strength.json")
SERVERS_TABLE = Path(__file__).with_name("strength_servers.json")
LIKENESS_TABLE = Path(__file__).with_name("likeness.json")
NAMESAKES_TABLE = Path(__file__).with_name("namesakes.json")
ROOT = Path(__file__).resolve().parents[1]

# What the figures of ``TABLE`` depend on; a change to any of it asks for a new measurement.
MEASURED = (
    "analysis/python/automaton.py",
    "analysis/python/keys.py",
    "analysis/python/lexicon.py",
    "analysis/names.py",
    "analysis/python/place.py",
    "analysis/python/raising.py",
    "analysis/python/scanner.py",
    "analysis/python/scopes.py",
    "analysis/analyzers/jedi/classes.py",
    "analysis/analyzers/jedi/exceptions.py",
    "analysis/analyzers/jedi/literals.py",
    "analysis/analyzers/jedi/modules.py",
    "analysis/analyzers/jedi/probe.py",
    "analysis/analyzers/jedi/query.py",
    "analysis/analyzers/jedi/scope.py",
    "analysis/analyzers/jedi/self_types.py",
    "analysis/analyzers/jedi/signature.py",
    "analysis/analyzers/jedi/worker.py",
    "monitors/arguments.py",
    "monitors/call_suffix.py",
    "monitors/calls.py",
    "monitors/dereference.py",
    "monitors/exceptions.py",
    "monitors/formats.py",
    "monitors/imports.py",
    "monitors/listed.py",
    "monitors/members.py",
    "monitors/naming.py",
    "monitors/questions.py",
    "monitors/ranks.py",
    "monitors/rooms.py",
    "monitors/templates.py",
    "monitors/terms.py",
    "monitors/scope.py",
    "monitors/words.py",
)

# The same of ``SERVERS_TABLE``, which is about language servers.
MEASURED_WITH_SERVERS = (
    "analysis/languages.py",
    "analysis/source/lexis.py",
    "analysis/source/elements.py",
    "analysis/source/rules.py",
    "analysis/source/scanner.py",
    "analysis/source/state.py",
    "analysis/source/texts.py",
    "analysis/analyzers/language_servers/answers.py",
    "analysis/analyzers/language_servers/repair.py",
    "analysis/analyzers/language_servers/catalogue.py",
    "analysis/analyzers/language_servers/worker.py",
    "monitors/source_arguments.py",
    "monitors/source_calls.py",
    "monitors/source_dereference.py",
)

# And of ``LIKENESS_TABLE`` and ``NAMESAKES_TABLE``.
LIKENESS_MEASURED = ("monitors/likeness.py",)
NAMESAKES_MEASURED = ("monitors/namesakes.py",)

ROWS: Mapping[str, tuple[str, ...]] = {
    "attributes": ("seen", "unseen", "hidden"),
    "modules": ("seen", "unseen"),
    "exports": ("seen", "unseen", "hidden"),
    "names": ("seen", "unseen"),
    "exceptions": ("unseen",),
    "formats": ("extra", "missing"),
    "keywords": ("unlisted",),
    "arity": ("extra", "missing"),
    "literals": ("unlisted",),
    "members": ("seen", "unseen"),
}
"""The rows of each query's classes."""

# A coin's toss: what is said of a class that nobody has measured.
UNMEASURED = 0.5


@dataclass(frozen=True)
class Rate:
    """How often facts of one class lacked the true name.

    Attributes:
        sites: Sites with a fact of that kind.
        forbidden: Sites of those where the true name was of this class and lacking.
        bound: Upper 95 % bound of the rate.
    """

    sites: int
    forbidden: int
    bound: float


@dataclass(frozen=True, slots=True)
class Prices:
    """What names cost by row, nats, 0 or less."""

    unseen: float = 0.0
    seen: float = 0.0
    hidden: float = 0.0

    def beside(self, others: float) -> Prices:
        """Return the prices of names that are not listed where one of which nothing is known costs ``others``."""
        return replace(self, unseen=self.unseen + others, seen=self.seen + others) if others else self

    def of(self, row: str) -> float:
        """Return the price of a row; "" is free."""
        return {"unseen": self.unseen, "seen": self.seen, "hidden": self.hidden, "": 0.0}[row]


@dataclass(frozen=True)
class Strength:
    """Penalties by class.

    Attributes:
        rates: The measured classes.
        strictness: Factor on all penalties; 1 is what was measured, 0 switches them off.
        weights: How much likelier than others names are of each row of ``monitors.likeness``, nats.
        ends: How often imports go on otherwise than the code below says, by ``monitors.likeness.ENDS``.
        namesake: How often another name than the parameter's comes where a variable has that; None for not asked.
    """

    rates: Mapping[str, Rate]
    strictness: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)
    ends: Mapping[str, Rate] = field(default_factory=dict)
    namesake: Rate | None = None
    _known: dict[str, Prices] = field(default_factory=dict, compare=False, repr=False)

    def penalty(self, name: str) -> float:
        """Return the cost in nats, 0 or less, of a name that a fact of this class lacks."""
        return self._cost(self.rates.get(name))

    def ending(self, name: str) -> float:
        """Return the cost in nats, 0 or less, of an import that ends, or goes on, against what the code below needs."""
        return self._cost(self.ends.get(name)) if self.ends else 0.0

    @property
    def other(self) -> float:
        """The cost in nats, 0 or less, of another name than the parameter's where a variable has that."""
        return self._cost(self.namesake) if self.namesake is not None else 0.0

    def _cost(self, rate: Rate | None) -> float:
        return self.strictness * math.log(UNMEASURED if rate is None else min(rate.bound, UNMEASURED))

    def weight(self, row: str) -> float:
        """Return how much likelier the names of a row are than those of which nothing is known, nats."""
        return self.strictness * self.weights.get(row, 0.0)

    def prices(self, fact: str) -> Prices:
        """Return what the rows of a class cost; ``fact`` is ``QUERY.KIND``."""
        if fact not in self._known:
            rows = ROWS[fact.partition(".")[0]]
            self._known[fact] = Prices(**{row: self.penalty(f"{fact}.{row}") for row in rows})
        return self._known[fact]


@lru_cache(maxsize=8)
def load(strictness: float = 1.0) -> Strength:
    """Return the shipped table with a user's strictness, 0 or more."""
    table = json.loads(LIKENESS_TABLE.read_text(encoding="utf-8"))
    weights = {name: row["weight"] for name, row in table["rows"].items()}
    ends = {name: rate_in(row) for name, row in table["ends"].items()}
    namesakes = json.loads(NAMESAKES_TABLE.read_text(encoding="utf-8"))
    return Strength(shipped(), strictness, weights, ends, rate_in(namesakes))


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Rate]:
    """Return the classes of the shipped tables."""
    tables = (json.loads(table.read_text(encoding="utf-8")) for table in (TABLE, SERVERS_TABLE))
    return {name: rate_in(row) for table in tables for name, row in table["classes"].items()}


def rate_in(row: Mapping[str, Any]) -> Rate:
    """Return the rate in a row of a table."""
    return Rate(row["sites"], row["forbidden"], row["bound"])


def stamp(measured: Sequence[str] = MEASURED) -> str:
    """Return the name, 16 hexadecimal digits, of the code that a table is valid for; needs the source tree."""
    digest = hashlib.blake2b(digest_size=8)
    for name in measured:
        digest.update((ROOT / name).read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def upper_bound(events: int, trials: int, confidence: float = 0.95) -> float:
    """Return the one-sided Clopper-Pearson upper bound of a rate; 1 without trials.

    It is the rate at which so few events have a probability of 1 - ``confidence``.

    >>> round(upper_bound(0, 600), 4)
    0.005
    """
    if events >= trials:
        return 1.0
    low, high = events / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if at_most(events, trials, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def at_most(events: int, trials: int, rate: float) -> float:
    """Return the probability of no more than ``events`` of ``trials`` when each has the probability ``rate``."""
    if rate >= 1.0:
        return 0.0
    log_p, log_q = math.log(rate) if rate else -math.inf, math.log1p(-rate)
    return sum(
        math.exp(_log_choose(trials, k) + (k * log_p if k else 0.0) + (trials - k) * log_q) for k in range(events + 1)
    )


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
