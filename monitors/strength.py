"""How hard a fact may push: measured, one number for each class of facts.

A name that a fact of class k lacks costs ``ln e_k``.  e_k is the upper 95 % bound (one-sided,
Clopper and Pearson 1934) of the share of sites at which a fact of that class lacked the true
name.  A class is ``QUERY.KIND.SEEN``:

* query: ``attributes``;
* kind, what the receiver was inferred to be: ``self``; ``module``; ``class``; ``instance``;
  ``builtin`` (an instance of a builtin type); ``function``; ``other``; or, where something speaks
  against the inference: ``parameter`` (its root is a parameter without annotation, known from
  calls in the same file); ``several`` objects; ``narrowed`` (the code around asks for its type);
  ``partial`` (a base class or one of the objects is unknown); ``dynamic`` (attributes are made up
  at run time);
* ``seen`` if the name stands elsewhere in the document as an attribute or definition, else
  ``unseen``; ``hidden`` is the other way round: the share of sites at which a listed name that
  hardly anybody means (``__this__``; on other objects than a method's own, ``_this``) is the true one.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).with_name("strength.json")
ROOT = Path(__file__).resolve().parents[1]

# What the figures depend on; a change to any of it asks for a new measurement.
MEASURED = (
    "analysis/automaton.py",
    "analysis/lexicon.py",
    "analysis/names.py",
    "analysis/place.py",
    "analysis/scanner.py",
    "analysis/analyzers/jedi_classes.py",
    "analysis/analyzers/jedi_query.py",
    "analysis/analyzers/jedi_worker.py",
    "monitors/dereference.py",
    "monitors/questions.py",
    "monitors/words.py",
)

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


@dataclass(frozen=True)
class Strength:
    """Penalties by class.

    Attributes:
        rates: The measured classes.
        strictness: Factor on all penalties; 1 is what was measured, 0 switches them off.
    """

    rates: Mapping[str, Rate]
    strictness: float = 1.0

    def penalty(self, name: str) -> float:
        """Return the cost in nats, 0 or less, of a name that a fact of this class lacks."""
        rate = self.rates.get(name)
        return self.strictness * math.log(UNMEASURED if rate is None else min(rate.bound, UNMEASURED))


def load(strictness: float = 1.0) -> Strength:
    """Return the shipped table with a user's strictness, 0 or more."""
    return Strength(_shipped(), strictness)


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, Rate]:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    return {name: Rate(**row) for name, row in table["classes"].items()}


def stamp() -> str:
    """Return the name, 16 hexadecimal digits, of the code that a table is valid for; needs the source tree."""
    digest = hashlib.blake2b(digest_size=8)
    for name in MEASURED:
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
        if _at_most(events, trials, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(events: int, trials: int, rate: float) -> float:
    """Probability of no more than ``events`` of ``trials``."""
    if rate >= 1.0:
        return 0.0
    log_p, log_q = math.log(rate) if rate else -math.inf, math.log1p(-rate)
    return sum(
        math.exp(_log_choose(trials, k) + (k * log_p if k else 0.0) + (trials - k) * log_q) for k in range(events + 1)
    )


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
