"""The fastest engine is found, and where it cannot be, another one runs and the reason is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models.engines.choose import engine_for
from models.engines.compiled import check, compiling, processor
from models.engines.compiled.engine import CompiledEngine
from models.engines.fused import FusedEngine
from models.errors import ModelError
from tests.models.engine_conformance import PROMPT
from tests.models.tiny_decoders import decoder

COMPILED = [torch.float32, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("dtype", COMPILED)
def test_passes_are_compiled_where_they_can_be(dtype: torch.dtype) -> None:
    """On this processor there is nothing to remark."""
    engine, remark = engine_for(decoder("llama", dtype))
    assert (type(engine), remark) == (CompiledEngine, "")


def test_float64_is_not_compiled() -> None:
    """It is for comparing, and says nothing about it."""
    engine, remark = engine_for(decoder("llama", torch.float64))
    assert (type(engine), remark) == (FusedEngine, "")


def rows_without(monkeypatch: pytest.MonkeyPatch, module: str, name: str, value: object) -> tuple[torch.Tensor, str]:
    """Return a model's rows and the remark where one thing is otherwise."""
    with monkeypatch.context() as patch:
        patch.setattr(f"models.engines.compiled.{module}.{name}", value)
        engine, remark = engine_for(decoder("qwen3"))
    assert isinstance(engine, FusedEngine)
    return engine.forward(engine.new_slab(), PROMPT).logits, remark


def test_an_old_processor_gets_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """What compiled code needs and the processor lacks is named; the rows are the same."""
    rows, remark = rows_without(monkeypatch, "processor", "refusal", lambda: "the processor lacks avx2")
    assert remark == "passes are not compiled: the processor lacks avx2"
    engine = CompiledEngine.of(decoder("qwen3"))
    torch.testing.assert_close(rows, engine.forward(engine.new_slab(), PROMPT).logits, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("machine", "features", "reason"),
    [
        ("x86_64", {"avx2": True, "fma": True, "f16c": True}, ""),
        ("AMD64", {"avx2": True, "fma": False}, "the processor lacks fma"),
        ("x86_64", {}, "the processor lacks avx2"),
        ("arm64", {}, ""),
        ("riscv64", {}, "no compiled pass for riscv64"),
    ],
)
def test_processors(machine: str, features: dict[str, bool], reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind is known by its name and features."""
    monkeypatch.setattr(processor.platform, "machine", lambda: machine)
    monkeypatch.setattr(processor, "_features", lambda: features)
    assert processor.refusal() == reason


def test_code_that_computes_wrongly_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a model runs on it, a small one has to get torch's rows."""

    class Wrong(CompiledEngine):
        def forward(self, slab, tokens):  # type: ignore[no-untyped-def]
            rows = super().forward(slab, tokens)
            rows.logits[-1, 3] += 1
            return rows

    rows, remark = rows_without(monkeypatch, "check", "CompiledEngine", Wrong)
    assert remark == "passes are not compiled: they compute something else on this processor"
    assert bool(torch.isfinite(rows).all())


def test_what_cannot_be_compiled_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the compiler's is one line."""

    class Failing(CompiledEngine):
        def forward(self, slab, tokens):  # type: ignore[no-untyped-def]
            raise check.NumbaError("no such instruction\nand a page about it")

    _, remark = rows_without(monkeypatch, "check", "CompiledEngine", Failing)
    assert remark.startswith("passes are not compiled: ") and "no such instruction" in remark
    assert "\n" not in remark


def test_memory_that_ends_is_no_reason_for_another_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would need as much."""

    class Full(CompiledEngine):
        def forward(self, slab, tokens):  # type: ignore[no-untyped-def]
            raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(check, "CompiledEngine", Full)
    with pytest.raises(torch.OutOfMemoryError):
        engine_for(decoder("llama"))


def test_eight_bits_are_compiled() -> None:
    """There is nothing to remark."""
    engine, remark = engine_for(decoder("llama"), int8=True)
    assert (type(engine), remark) == (CompiledEngine, "")


def test_eight_bits_are_torchs_where_passes_cannot_be_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """They round alike, but for the embedding, so the rows are near."""
    compiled, _ = engine_for(decoder("qwen2"), int8=True)
    monkeypatch.setattr(processor, "refusal", lambda: "the processor lacks avx2")
    try:
        engine, remark = engine_for(decoder("qwen2"), int8=True)
    except ModelError:
        pytest.skip("the processor multiplies in 8 bits inexactly")
    assert (type(engine), remark) == (FusedEngine, "passes are not compiled: the processor lacks avx2")
    ours, theirs = (one.forward(one.new_slab(), PROMPT).logits for one in (compiled, engine))
    assert (ours - theirs).square().mean().sqrt() < 0.06 * theirs.std()


SCRIPT = """
import sys
if sys.argv[1] == "without":
    sys.modules["numba"] = None
import torch
torch.set_num_threads(1)
from models.engines.own import own_engine
from models.engines.shape import Shape, weight_sizes
config = dict(model_type="llama", vocab_size=24, hidden_size=24, intermediate_size=40, num_hidden_layers=1,
    num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=16, rms_norm_eps=1e-6, rope_theta=1e4,
    hidden_act="silu")
state = {name: torch.ones(size) for name, size in weight_sizes(config).items()}
said = []
engine, remark = own_engine(Shape.of(config), state, torch.float32, torch.device("cpu"), False, said.append)
print(type(engine).__name__, "|", remark, "|", *said)
"""


def engine_elsewhere(how: str, **environment: str) -> list[str]:
    """Return class, remark, and what was said, from another process."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, how],
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return [part.strip() for part in done.stdout.split("|")]


def test_without_numba_torch_computes() -> None:
    """It is named, and everything works as before."""
    name, remark, said = engine_elsewhere("without")
    assert name == "FusedEngine"
    assert remark.startswith("passes are not compiled: ") and "numba" in remark
    assert said == ""


@pytest.mark.slow
def test_code_is_compiled_once() -> None:
    """A second process finds it on disk, and says nothing."""
    engine_elsewhere("with")
    assert engine_elsewhere("with") == ["CompiledEngine", "", ""]


def test_compiling_is_told_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever waits hears of it, however many functions there are, and of none that is there already."""
    monkeypatch.setattr(compiling, "_folder", lambda _: tmp_path)
    made, said = [compiling.compiled_once(lambda x, step=step: x + step) for step in range(2)], list[str]()
    for _ in range(2):
        with compiling.telling(said.append):
            assert [function(1) for function in made] == [1, 2]
    assert said == ["compiling for this processor, once"]


def test_code_of_other_sources_is_not_found(tmp_path: Path) -> None:
    """The folder's name changes with any file of the package; those of other states are removed."""
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "a.py").write_text("a")
    first = compiling._folder(tmp_path)
    first.mkdir()
    assert compiling._folder(tmp_path) == first
    (tmp_path / "b.py").write_text("b")
    assert compiling._folder(tmp_path) not in (first, None)
    assert not first.exists()


def test_where_nothing_can_be_written_the_users_cache_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation that belongs to somebody else is left alone."""
    monkeypatch.setattr(compiling.os, "access", lambda *_: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = compiling._folder(tmp_path)
    assert folder.parent == tmp_path / "cache" / "verifill" / "compiled"
    assert folder.parent.stat().st_mode & 0o077 == 0
