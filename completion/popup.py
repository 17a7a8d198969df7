"""Names for a popup: what the analysis lists at a cursor, how likely the model writes each, and how it is called.

Three questions, each answered by work in small steps.  The cursor of their requests stands where the name begins:
nothing of it is in the document, so the answers serve every beginning that is typed.  The facts are those that the
monitors ask for, and the prompt is that of a completion at the same place, so both are there mostly.
"""

from __future__ import annotations

from typing import Any

from analysis.facts import Fact, FactKey, Parameter, ParameterKind, Signature
from analysis.languages import PYTHON
from analysis.lexing import LexicalState, scan
from analysis.modes import LOOK_AGAIN_S
from analysis.python.lexicon import WORD
from analysis.python.scanner import Mode, scan_text
from completion.generation import Generation
from completion.jobs import job_of, unseen_of
from completion.layout import Layout, lay_out
from completion.types import Listing
from decoding.scoring import TREE_TOKENS, NameEnds, Scorer, Scores
from decoding.types import Steps
from models.engines.memory import is_out_of_memory
from monitors.base import Site
from monitors.calls import about_call
from monitors.imports import EXPORTS, MODULES, Imports
from monitors.questions import KIND as ATTRIBUTES
from monitors.questions import LONGEST_NAME, Questions
from monitors.scope import Scope
from monitors.strength import load
from monitors.words import WORD as A_WORD
from monitors.words import is_hidden

# Characters before and behind the cursor whose words are thought of first.
NEAR = 20_000

# Ways to call something that are shown.
MOST_WAYS = 4


def listing(work: Generation) -> Steps[Listing]:
    """Return the names that may stand at the cursor."""
    yield None
    layout = lay_out(work.request)
    key = None if work.stopped() or layout.language is not PYTHON else question_at(site_of(layout))
    if key is None:
        return Listing()
    fact = yield from _fact(work, layout, key)
    if fact is None:
        return Listing(kind=key.kind, late=True)
    return listed(fact, layout)


def likelihoods(work: Generation, names: tuple[str, ...], ends: NameEnds) -> Steps[Scores]:
    """Return the log-probability of each name at the cursor, nats, that it ends there included.

    What is taken back for token healing is written again before each: that costs all of them the same.

    Args:
        work: The request and everything it is worked on with.
        names: Any names, none of them empty.
        ends: Of the model.

    Returns:
        As many as names, None for those that are hardly likely to begin; nothing if the work was stopped, or memory
        did not suffice.
    """
    yield None
    layout = lay_out(work.request)
    prompt = yield from work.gathering(layout)
    job, _ = job_of(work.request, layout, prompt, work.model)
    blend = work.blend(job, unseen_of(layout, prompt))
    scorer = Scorer(work.model.engine, work.model.vocabulary, ends, work.on_pass, work.stopped, blend)
    texts = [prompt.healed + name.encode() for name in names]
    try:
        with work.slabs.lease(work.request.document.path, prompt.ids, TREE_TOKENS) as slab:
            yield from work.feeding(slab, prompt)
            if work.stopped():
                return ()
            return (yield from scorer.scoring(slab, prompt.ids, texts))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        work.slabs.shrink("out of memory")
        return ()


def description(work: Generation, name: str) -> Steps[str]:
    """Return how a listed name can be called, a line for each way; "" for what cannot be, or is not known to be."""
    yield None
    layout = lay_out(work.request)
    key = None if work.stopped() or layout.language is not PYTHON else question_at(site_of(layout))
    called = None if key is None else _called(key, name, layout.document.indent)
    fact = None if called is None else (yield from _fact(work, layout, called))
    return "" if fact is None else "\n".join(name + shown(way) for way in fact.signatures[:MOST_WAYS])


def site_of(layout: Layout) -> Site[LexicalState]:
    """Return a place as the monitors see it."""
    start = scan(layout.prefix, layout.language)
    typed, remainder, suffix = layout.typed.encode(), layout.remainder.encode(), layout.suffix.encode()
    return Site(layout.document, start, typed, b"", remainder, suffix)


def question_at(site: Site[Any]) -> FactKey | None:
    """Return what a name that begins at the cursor makes the monitors ask; None where no name may begin."""
    cursor = scan_text(site.typed, site.start)
    if cursor.mode is not Mode.CODE or (site.typed and site.typed[-1] in WORD):
        return None
    if cursor.receiver is not None:
        return Questions(site).about(cursor.receiver, site.typed, cursor, frozenset())
    strength, margin = load(site.options.strictness), cursor.step(ord("x")).indent
    for monitor in (Imports(site, strength), Scope(site, strength)):
        name = monitor.begin(cursor, len(site.typed), margin)
        if name is not None:
            return name.key
    return None


def listed(fact: Fact, layout: Layout) -> Listing:
    """Return the names of a fact: those first that the text below needs, then those that were written last.

    What is used below an import and stands nowhere above is most likely what is imported.  What is no name, and longer
    ones than anybody writes, are left out.
    """
    above = {found[0]: found.start() for found in A_WORD.finditer((layout.prefix + layout.typed)[-NEAR:])}
    below = frozenset(A_WORD.findall(layout.suffix[:NEAR]))
    names = [name for name in fact.names if name.isidentifier() and len(name) <= LONGEST_NAME]
    hidden = {name for name in names if is_hidden(name, fact.kind)}
    needed = (below - above.keys() - hidden).intersection(names) if fact.key.kind in (MODULES, EXPORTS) else frozenset()
    last = {**dict.fromkeys(below, -1), **above}
    names.sort(key=lambda name: (name in hidden, name not in needed, -last.get(name, -2), name))
    return Listing(
        names=tuple(names),
        plain=len(names) - len(hidden),
        needed=len(needed),
        kind=fact.key.kind,
        origin=fact.origin,
    )


def shown(way: Signature) -> str:
    """Return a signature as Python writes it, without annotations and values.

    >>> shown(Signature((Parameter("x", ParameterKind.POSITIONAL_ONLY, True),)))
    '(x, /)'
    """
    parts, kinds = [_parameter(parameter) for parameter in way.parameters], [p.kind for p in way.parameters]
    if ParameterKind.KEYWORD_ONLY in kinds and ParameterKind.VAR_POSITIONAL not in kinds:
        parts.insert(kinds.index(ParameterKind.KEYWORD_ONLY), "*")
    if ParameterKind.POSITIONAL_ONLY in kinds:
        parts.insert(kinds.count(ParameterKind.POSITIONAL_ONLY), "/")
    return f"({', '.join(parts)})"


def _parameter(parameter: Parameter) -> str:
    if parameter.kind in (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD):
        return f"{parameter.kind}{parameter.name}"
    return parameter.name if parameter.required else f"{parameter.name}=..."


def _called(key: FactKey, name: str, indent: str) -> FactKey | None:
    """Return the question how a name is called that is an answer to ``key``."""
    if key.kind == ATTRIBUTES:
        key = FactKey(key.kind, key.document, f"{key.receiver}.{name}", key.middle)
    elif key.kind == EXPORTS:
        key = FactKey(key.kind, key.document, name, f"{indent}from {key.receiver} import {name}\n{indent}")
    elif key.kind == MODULES:
        return None
    else:
        key = FactKey(key.kind, key.document, name)
    return about_call(key)


def _fact(work: Generation, layout: Layout, key: FactKey) -> Steps[Fact | None]:
    """Return the answer to a question if it comes in the time that the request's fact mode allows."""
    source = work.facts.source(layout.document, work.request.facts)
    while source.settle((key,), at_cursor=True) is None and not work.stopped():
        yield LOOK_AGAIN_S
    return source.view().get(key)
