"""The decode loop: monitors and speculation in one exact walk.

One *step*: drafters guess how the middle goes on; one forward pass of the model gives a row
of logits for every guess; the *walk* goes down the rows and at each draws one token from the
processed distribution, emits it, and goes on to the next row only if the draft guessed that
very token; what was guessed wrong is dropped by setting the slab's length.

Words, used everywhere in this package:

* *root*: the last emitted token, not yet in the slab (at the start, the prompt's last).
* *draft*: guessed tokens behind the root.  A wrong guess costs time, never correctness.
* *walk*: the part of a step that chooses tokens; *accept*: the draft guessed the chosen token;
  *commit*: what one walk emitted, one token more than it accepted.
* *site*: a token at which a name began; it is *open* while a fact that it asked for is missing.

Promises: the text is the same with any drafters and in any arrival order of the same facts;
after a cancel at most one forward pass runs; no analysis runs here, and none is waited for
beyond what the fact mode allows.

Early facts mask, late facts verify: when the fact of an open site arrives, the tokens from
that site on are chosen again from their stored rows.  The same choices change nothing; another
one cuts the text there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from analysis.facts import FactKey
from decoding.masking import Choice
from decoding.recorder import Recorder
from decoding.run import Emitted, Job, Parts, Run
from decoding.sampling import log_probability
from decoding.trim import kept_length
from decoding.types import Commit, Draft, Prompt, Tip
from decoding.watch import Watch
from models.engines.prefill import prefill
from monitors.base import Lexed


def generate(job: Job, parts: Parts, recorder: Recorder, cancelled: Callable[[], bool]) -> Run:
    """Write the middle.

    Args:
        job: What.
        parts: With what.
        recorder: Told of every forward pass and phase.
        cancelled: Polled before each forward pass.

    Returns:
        The finished run.
    """
    run = begin(job, parts, recorder, cancelled)
    while not run.finish:
        if cancelled():
            run.finish = "cancelled"
            break
        step(run)
        verify_late(run)
    run.keep = kept_length(run)
    return run


def step(run: Run) -> None:
    """Draft, forward, walk, commit."""
    draft = propose(run)
    with run.recorder.phase("forward"):
        rows = run.parts.engine.forward(run.parts.slab, (run.root, *draft.tokens))
    with run.recorder.phase("walk"):
        commit = walk(run, rows.logits, draft)
    run.parts.engine.truncate(run.parts.slab, run.settled)
    for drafter in run.parts.drafters:
        drafter.observe(commit.tokens)
    run.recorder.commit(commit)


def propose(run: Run) -> Draft:
    """Return the first drafter's guess that is not empty, within what may still be emitted."""
    budget = min(run.parts.draft_budget, run.job.max_tokens - len(run.emitted) - 1)
    if budget <= 0:
        return Draft()
    tip = Tip(run.tokens, run.text, run.watch, run.view)
    for drafter in run.parts.drafters:
        draft = drafter.propose(tip, budget)
        if draft.tokens:
            return replace(draft, tokens=draft.tokens[:budget])
    return Draft()


def walk(run: Run, logits: torch.Tensor, draft: Draft) -> Commit:
    """Emit tokens from ``logits`` (``[1 + drafted, V]``) for as long as the draft agrees."""
    first = len(run.emitted)
    accepted = 0
    run.view = run.parts.facts.view()
    for row, guess in zip(logits, (*draft.tokens, None), strict=True):
        before = run.watch
        choice, after = choose(run, row, len(run.emitted), before)
        if choice.token is None:
            run.finish = "monitor"
            break
        hit = choice.token == guess
        accepted += hit
        append(run, emitted(run, choice.token, choice, row, after, draft.source if hit else "model"))
        if run.finish or not hit:
            break
    return Commit(run.tokens[first:], len(draft.tokens), accepted, draft.source)


def choose(run: Run, row: torch.Tensor, position: int, before: Watch) -> tuple[Choice, Watch]:
    """Choose a token and advance the monitors over it.

    If the chosen token passes a site whose fact is missing, that fact gets the time the fact
    mode allows, and the choice is made again.  Tokens that were not chosen need no facts: those
    could only have lowered their scores.
    """
    while True:
        choice = run.parts.masker.choose(row, position, before, run.view)
        after = before if choice.token is None else before.advance(data_of(run, choice.token), run.view)
        missing = after.missing() if after is not before else ()
        if not missing or not settle(run, missing):
            return choice, after


def append(run: Run, token: Emitted) -> None:
    """Add a chosen token to the middle, and see whether that finishes it."""
    run.emitted.append(token)
    run.parts.facts.ask(token.after.needs())
    if token.token in run.parts.masker.end_ids or run.parts.stop.cut(token.stop) is not None:
        run.finish = "stop"
    elif len(run.emitted) >= run.job.max_tokens:
        run.finish = "length"
    else:
        run.finish = ""


def verify_late(run: Run) -> None:
    """Choose again at open sites whose facts have arrived, and cut the text where a choice changes."""
    run.view = run.parts.facts.view()
    site = first_answered_site(run)
    if site is None:
        return
    run.recorder.late_facts += 1
    with run.recorder.phase("walk"):
        for position in range(site, len(run.emitted)):
            old = run.emitted[position]
            before = run.emitted[position - 1].after if position else run.start
            choice, after = choose(run, old.row, position, before)
            if choice.token != old.token:
                cut(run, position, choice, after)
                return
            missing = after.missing() if old.data else ()
            run.emitted[position] = replace(old, choice=choice, before=before, after=after, missing=missing)


def first_answered_site(run: Run) -> int | None:
    """Return the first open site with an answer in the view; a name begun in the kept part counts as 0."""
    if any(run.view.get(key) is not None for key in run.start_missing):
        latch_start(run)
        return 0
    for position, token in enumerate(run.emitted):
        if any(run.view.get(key) is not None for key in token.missing):
            return position
    return None


def cut(run: Run, position: int, choice: Choice, after: Watch) -> None:
    """Drop everything from ``position`` on, and go on with another choice there."""
    run.recorder.late_changes += 1
    old = run.emitted[position]
    dropped = len(run.emitted) - position
    del run.emitted[position:]
    for drafter in run.parts.drafters:
        drafter.rewind(dropped)
    if choice.token is None:
        run.finish = "monitor"
    else:
        append(run, emitted(run, choice.token, choice, old.row, after, "model"))
        for drafter in run.parts.drafters:
            drafter.observe((choice.token,))
    run.parts.engine.truncate(run.parts.slab, run.settled)


def begin(job: Job, parts: Parts, recorder: Recorder, cancelled: Callable[[], bool]) -> Run:
    """Prefill the prompt while the analysis looks at the cursor's own name, then latch its facts."""
    run = Run(job, parts, recorder, parts.facts.view(), parts.watch, (), parts.stop.start())
    latch_start(run)
    at_cursor = cursor_questions(run)
    parts.facts.ask(at_cursor)
    if job.kept:
        run.start_stop = parts.stop.advance(run.start_stop, Lexed.of(parts.watch.scan, job.kept))
    for drafter in parts.drafters:
        drafter.begin(Prompt(job.prompt, job.separators))
    with recorder.phase("prefill"):
        done = prefill(parts.engine, parts.slab, job.prompt[:-1], cancelled)
    recorder.prefilled, recorder.reused = done.prefilled, done.reused
    if at_cursor:
        settle(run, at_cursor, at_cursor=True)
    latch_start(run)
    if cancelled():
        run.finish = "cancelled"
    return run


def latch_start(run: Run) -> None:
    """Run the monitors over the kept typed part; only a name that its end is inside of may lack a fact."""
    kept = run.job.kept
    name_at = len(kept)
    while name_at and (kept[name_at - 1 : name_at].isalnum() or kept[name_at - 1] in b"_" or kept[name_at - 1] > 127):
        name_at -= 1
    before = run.parts.watch.advance(kept[:name_at], run.view)
    run.start = before.advance(kept[name_at:], run.view)
    run.start_missing = run.start.missing() if name_at < len(kept) else ()


def cursor_questions(run: Run) -> tuple[FactKey, ...]:
    """Return the questions about the name at the cursor, when the cursor stands behind a dot."""
    at_cursor = run.start.advance(run.job.healed, run.view)
    if at_cursor.scan.receiver is None:
        return ()
    return (*run.start_missing, *run.start.needs(), *at_cursor.needs(), *at_cursor.missing())


def settle(run: Run, keys: tuple[FactKey, ...], at_cursor: bool = False) -> bool:
    """Give facts the time the fact mode allows; True if the view has changed."""
    with run.recorder.phase("analysis_wait"):
        arrived = run.parts.facts.settle(keys, at_cursor)
    if arrived:
        run.view = run.parts.facts.view()
    return arrived


def emitted(run: Run, token: int, choice: Choice, row: torch.Tensor, after: Watch, origin: str) -> Emitted:
    """Put together the record of a token that goes to the end of the middle."""
    data = data_of(run, token)
    before, stop = run.watch, run.stop
    if data:
        stop = run.parts.stop.advance(stop, Lexed.of(before.scan, data))
    missing = after.missing() if data else ()
    return Emitted(token, choice, data, origin, log_probability(row, token), row, before, after, stop, missing)


def data_of(run: Run, token: int) -> bytes:
    """Return a token's bytes; an end token has none."""
    if token in run.parts.masker.end_ids:
        return b""
    return run.parts.masker.vocabulary.bytes_of(token) or b""
