"""A training session as one sees it: live progress, log, plot, samples, checkpoints, a safe stop."""

from __future__ import annotations

import json
import math
import signal
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from models.training.evaluate import bits_per_byte, infill, single_line_cases
from models.training.schedule import Budget
from models.training.tokenizer import TextCodec
from models.training.trainer import MAX_EPOCHS, StepReport, Trainer

SHOW_EVERY = 20
EVALUATION_WINDOW = 256
EVALUATION_WINDOWS = 64
N_SAMPLES = 3
SAMPLE_TOKENS = 40


class Session:
    """Runs a trainer and tells about it: in a bar that moves on a terminal, else in lines."""

    def __init__(
        self, trainer: Trainer, codec: TextCodec, held_out: Sequence[str], folder: Path, console: Console
    ) -> None:
        """`held_out` are texts to measure on; without any, nothing is measured."""
        self._trainer = trainer
        self._codec = codec
        self._texts = held_out[::7]
        self._cases = single_line_cases(held_out, N_SAMPLES, seed=3) if held_out else []
        self._log = folder / "log.jsonl"
        self._plot = folder / "loss.png"
        self._console = console
        self._bar = Progress(
            BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"), console=console, transient=True
        )
        self._task = self._bar.add_task("starting", total=1.0)
        self._stopped = False
        self._recent: deque[StepReport] = deque(maxlen=SHOW_EVERY)

    def run(self, budget: Budget, save_minutes: float, evaluate_every: int) -> bool:
        """Train to the end of the budget or to a signal, and leave a checkpoint either way.

        `evaluate_every` counts steps. Say whether the run came to its end.
        """
        began = saved = time.monotonic()
        start = self._trainer.position.progress
        self._console.print(
            f"{self._trainer.config.model.n_parameters:,} parameters, step {self._trainer.position.step}"
        )
        with self._signals_heard(), self._bar if self._console.is_terminal else nullcontext():
            for report in self._trainer.run(budget, lambda: self._stopped):
                self._recent.append(report)
                if report.step % SHOW_EVERY == 0:
                    self._show(report, (time.monotonic() - began) / max(report.progress - start, 1e-9))
                if report.step % evaluate_every == 0:
                    self._evaluate(report)
                if time.monotonic() - saved > 60 * save_minutes:
                    self._trainer.save()
                    saved = time.monotonic()
            self._trainer.save()
            if self._recent and not self._stopped:
                self._evaluate(self._recent[-1])
        if not self._stopped and budget.progress(self._trainer.position.step) < 1.0:
            self._console.print(f"all rows were read {MAX_EPOCHS} times; a larger corpus lets a run last longer")
        return not self._stopped

    @contextmanager
    def _signals_heard(self) -> Iterator[None]:
        """Take interruption and termination as the wish to stop after the step."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, self._stop) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def _stop(self, number: int, frame: object) -> None:
        self._stopped = True

    def _show(self, report: StepReport, whole_seconds: float) -> None:
        """Log and show where the run is; `whole_seconds` is what a run takes at the pace so far."""
        losses = [r.loss for r in self._recent]
        n_tokens = self._recent[-1].n_tokens - self._recent[0].n_tokens
        seconds = sum(r.seconds for r in list(self._recent)[1:])
        record = {
            "step": report.step,
            "progress": round(report.progress, 5),
            "loss": sum(losses) / len(losses),
            "rate": report.rate_factor,
            "row_tokens": report.row_tokens,
            "tokens": report.n_tokens,
            "tokens_per_second": n_tokens / seconds if seconds else math.nan,
        }
        self._record(record)
        left = timedelta(seconds=round(whole_seconds * (1 - report.progress)))
        line = (
            f"loss {record['loss']:.3f}, {record['tokens_per_second']:,.0f} tokens/s, "
            f"{report.n_tokens / 1e6:.2f}M tokens, {left} left"
        )
        if self._console.is_terminal:
            self._bar.update(self._task, completed=report.progress, description=line)
        else:
            self._console.print(f"step {report.step} ({report.progress:.1%}) {line}", soft_wrap=True)

    def _evaluate(self, report: StepReport) -> None:
        if not self._texts:
            return
        model = self._trainer.model.eval()
        bits = bits_per_byte(model, self._texts, self._codec, EVALUATION_WINDOW, EVALUATION_WINDOWS)
        self._record(
            {"step": report.step, "progress": report.progress, "tokens": report.n_tokens, "bits_per_byte": bits}
        )
        self._console.print(f"[bold]step {report.step}: {bits:.3f} bits per byte on held-out files[/bold]")
        for case in self._cases:
            typed = case.truth[: len(case.truth) - len(case.truth.lstrip())]
            text, ended = infill(model, self._codec, case.prefix, case.suffix, typed, SAMPLE_TOKENS)
            self._console.print(
                f"  truth {case.truth.strip()!r}\n  model {text.strip()!r} ended: {ended}", markup=False
            )
        model.train()
        self._draw()

    def _draw(self) -> None:
        """Draw the loss curve where matplotlib is installed; training does without."""
        if find_spec("matplotlib"):
            from models.training.plot import plot_log

            plot_log(self._log, self._plot)

    def _record(self, record: Mapping[str, object]) -> None:
        with self._log.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"time": round(time.time(), 1), **record}) + "\n")
