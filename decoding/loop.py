"""The decode loop: monitors and speculation in one exact walk.

One *step*: drafters guess how the middle goes on; one forward pass of the model gives a row
of logits for every guess; the *walk* goes down the rows and at each draws one token from the
processed distribution, emits it, and goes on to the next row only if the draft guessed that
very token; what was guessed wrong is dropped by setting the slab's length.

Words, used everywhere in this package:

* *root*: the last emitted token, not yet in the slab (at the start, the prompt's last, and maybe some before it).
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

A finished line that is not Python is written once more (``decoding.inspection``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from analysis.facts import FactKey
from analysis.python.lexicon import IMPORTS
from decoding.choosing import append, choose, cut, emitted, lacked, settle
from decoding.drafting import guarded
from decoding.inspection import inspect, revived
from decoding.recorder import Recorder
from decoding.run import Job, Parts, Run
from decoding.sampling import peak
from decoding.together import together
from decoding.trim import kept_length
from decoding.types import Commit, Draft, Guess, Passes, Prompt, Steps, Tip, way_down
from models.engines.base import Pass, Row
from models.engines.prefill import feed, keep_common
from models.errors import ModelError
from monitors.base import Lexed

# So many tokens of the prompt, the root among them, go along with the first guess: a pass of their own would read all
# weights for them once more.  Of more than that it would save computing rows that nobody needs.
ALONG = 4

# Is shown a run between two of its steps, and changes nothing.
Heed = Callable[[Run], None]


def generate(
    job: Job, parts: Parts, recorder: Recorder, cancelled: Callable[[], bool], heed: Heed | None = None
) -> Run:
    """Write the middle in one go; see ``generating``."""
    steps = together(parts.engine, [generating(job, parts, recorder, cancelled, heed)], lambda n_tokens, seconds: None)
    while True:
        try:
            pause = next(steps)
        except StopIteration as end:
            run: Run = end.value[0]
            return run
        if pause is not None:
            time.sleep(pause)


def generating(
    job: Job, parts: Parts, recorder: Recorder, cancelled: Callable[[], bool], heed: Heed | None = None
) -> Passes[Run]:
    """Write the middle, and yield before each chunk of the prompt, each step, and while facts are waited for.

    Forward passes are yielded, too: ``decoding.together`` does them.  Whoever drives it may run something
    else meanwhile, as long as nobody touches the slab.

    Args:
        job: What.
        parts: With what.
        recorder: Told of every forward pass and phase.
        cancelled: Polled before each chunk and each forward pass, and while facts are waited for.
        heed: Shown the run as long as it goes on, if anybody wants to see it.

    Returns:
        The finished run.

    Raises:
        ModelError: The model's rows hold no numbers.
    """
    run = yield from begin(job, parts, recorder, cancelled)
    while not run.finish:
        yield None
        if cancelled():
            run.finish = "cancelled"
            break
        yield from step(run)
        yield from verify_late(run)
        while (yield from inspect(run)):
            yield from verify_late(run)
        if heed is not None and not run.finish:
            heed(run)
    run.keep = kept_length(run)
    return run


def step(run: Run) -> Passes[None]:
    """Draft, forward, walk, commit."""
    with run.recorder.phase("draft"):
        guess = propose(run)
    waiting = run.waiting
    tokens = (*waiting, *guess.tokens)
    computed = yield Pass(run.parts.slab, tokens, guess.behind(len(waiting)))
    assert computed is not None, "whoever drives the loop sends what came out of a pass"
    run.recorder.forward(computed.seconds)
    rows = [computed.rows.at(index) for index in range(len(waiting) - 1, len(tokens))]
    with run.recorder.phase("walk"):
        learn(run, tokens[len(waiting) - 1 :], rows)
        commit = yield from walk(run, rows, guess)
    hold(run, guess, len(waiting), commit)
    for drafter in run.parts.drafters:
        drafter.observe(commit.tokens)
    run.recorder.prefilled += len(waiting) - 1
    run.recorder.commit(commit)
    run.parts.draft_length.took(len(tokens), computed.seconds)
    run.parts.draft_length.observe(guess, commit)


def learn(run: Run, tokens: Sequence[int], rows: Sequence[Row]) -> None:
    """Note what the model would have each of some tokens followed by.

    Raises:
        ModelError: A row holds NaN or infinity, so that no token can be chosen from it.
    """
    for token, row in zip(tokens, rows, strict=True):
        run.parts.successors[token], logit = peak(row.logits)
        if not math.isfinite(logit):
            raise ModelError(
                "the model computes no numbers here (NaN); choose --dtype float32, or fetch its weights again"
            )


def propose(run: Run) -> Guess:
    """Return the most promising guess, as much of it as is worth verifying and may be emitted."""
    most = min(run.parts.draft_length.most, run.parts.most_tokens() - len(run.waiting))
    budget = min(most, run.job.max_tokens - len(run.emitted) - 1)
    if budget <= 0 or not run.parts.drafters:
        return Guess()
    tip = Tip(run.tokens, run.text, run.watch, run.view, run.hidden, run.parts.successors)
    length = run.parts.draft_length
    drafts: list[Draft] = []
    for drafter in run.parts.drafters:
        if length.wants(drafter.name, drafts):
            start = run.recorder.clock()
            drafts.append(drafter.propose(tip, budget))
            length.asked(drafter.name, run.recorder.clock() - start)
    return length.best(drafts, run.parts.engine.max_length - run.settled - 1)


def walk(run: Run, rows: Sequence[Row], guess: Guess) -> Steps[Commit]:
    """Emit tokens from ``rows``, those of the root and of each guessed token, for as long as the guess agrees."""
    first = len(run.emitted)
    right: list[str] = []
    run.view = run.parts.facts.view()
    node: int | None = -1
    while node is not None and not run.finish:
        row, before = run.parts.blend(rows[node + 1], run.tokens), run.watch
        choice, after = yield from choose(run, row.logits, len(run.emitted), before)
        if choice.token is None:
            run.finish = "monitor"
            break
        node = guess.child(node, choice.token)
        if node is not None:
            right.append(guess.sources[node])
        append(run, emitted(run, choice.token, choice, row, after, "model" if node is None else right[-1]))
    return Commit(run.tokens[first:], guess.sources, tuple(right))


def hold(run: Run, guess: Guess, waited: int, commit: Commit) -> None:
    """Have the slab hold what had ``waited`` and what was emitted, up to the new root, and nothing else of a pass."""
    engine, slab = run.parts.engine, run.parts.slab
    if guess.parents:
        path = (*range(waited), *(node + waited for node in way_down(guess.tokens, guess.parents, commit.tokens)))
        engine.commit(slab, path[: run.settled - len(slab.tokens)])
    else:
        engine.truncate(slab, run.settled)


def verify_late(run: Run) -> Steps[None]:
    """Choose again at open sites whose facts have arrived, and cut the text where a choice changes."""
    view = run.parts.facts.view()
    if view.version == run.verified:
        return
    run.view = view
    site = first_answered_site(run)
    if site is None:
        run.verified = view.version
        return
    run.recorder.late_facts += 1
    with run.recorder.phase("walk"):
        for position in range(site, len(run.emitted)):
            if position in run.refused and (yield from revived(run, position)):
                return
            old, before = run.emitted[position], run.watch_before(position)
            choice, after = yield from choose(run, old.row, position, before)
            if choice.token != old.token:
                run.recorder.revise(position, run.tokens[position:])
                cut(run, position, choice, after)
                return
            missing = lacked(run, before, old.token, after)
            run.emitted[position] = replace(old, choice=choice, before=before, after=after, missing=missing)


def first_answered_site(run: Run) -> int | None:
    """Return the first open site with an answer in the view; a name begun in the kept part counts as 0."""
    if any(run.view.get(key) is not None for key in run.start_missing):
        latch_start(run)
        return 0
    for position, token in enumerate(run.emitted):
        refused = (old for refusal in run.refused.get(position, ()) for old in refusal.all_tokens())
        for lacking in (token, *refused):
            if any(run.view.get(key) is not None for key in lacking.missing):
                return position
    return None


def begin(job: Job, parts: Parts, recorder: Recorder, cancelled: Callable[[], bool]) -> Steps[Run]:
    """Prefill the prompt while the analysis looks at the cursor's own name, then latch its facts."""
    parts = replace(parts, drafters=guarded(parts.drafters, parts.engine.vocabulary_size, recorder.drop))
    run = Run(job, parts, recorder, cancelled, parts.facts.view(), parts.watch, (), parts.stop.start())
    latch_start(run)
    at_cursor = cursor_questions(run)
    parts.facts.ask(at_cursor)
    if job.kept:
        run.start_stop = parts.stop.advance(run.start_stop, Lexed.of(parts.watch.scan, job.kept))
    parts.successors.update(pairwise(job.prompt))
    for drafter in parts.drafters:
        drafter.begin(Prompt(job.prompt, job.separators, job.before))
    recorder.reused = keep_common(parts.engine, parts.slab, job.prompt[:-1])
    while len(job.prompt) - len(parts.slab.tokens) > min(ALONG, parts.most_tokens()):
        yield None
        if cancelled():
            break
        with recorder.phase("prefill"):
            feed(parts.engine, parts.slab, job.prompt[:-1], parts.most_tokens())
    recorder.prefilled = len(parts.slab.tokens) - recorder.reused
    if at_cursor and (yield from settle(run, at_cursor, at_cursor=True)):
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
    """Return the questions about the name at the cursor: behind a dot, in an import, in the brackets of a call."""
    at_cursor = run.start.advance(run.job.healed, run.view)
    scan = at_cursor.scan
    if scan.receiver is None and scan.keyword not in IMPORTS and not scan.in_call:
        return ()
    return (*run.start_missing, *run.start.needs(), *at_cursor.needs(), *at_cursor.missing())
