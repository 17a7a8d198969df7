"""Examples to fill in: faithful to the file, framed as asked, ended always."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.training.corpus.build import Document
from models.training.fim import FimSampler, FimSettings
from models.training.spans import SpanTable
from models.training.tokenizer import END, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX, TextCodec

ALWAYS = FimSettings(fim_share=1.0, spm_share=0.0, no_suffix_share=0.0, no_prefix_share=0.0)
BUDGET = 160


def parts(codec: TextCodec, ids: list[int]) -> tuple[str, str, str]:
    """Return prefix, suffix and middle of a prefix-first example."""
    suffix_at, middle_at = ids.index(codec.special[FIM_SUFFIX]), ids.index(codec.special[FIM_MIDDLE])
    assert ids[0] == codec.special[FIM_PREFIX] and ids[-1] == codec.special[END]
    return (
        codec.decode(ids[1:suffix_at]),
        codec.decode(ids[suffix_at + 1 : middle_at]),
        codec.decode(ids[middle_at + 1 : -1]),
    )


@pytest.fixture(params=[0, 1, 2])
def table(documents: list[Document], request: pytest.FixtureRequest) -> SpanTable:
    return SpanTable(documents[request.param].text.encode(), "python")


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_prefix_middle_and_suffix_join_to_a_piece_of_the_file(
    codec: TextCodec, documents: list[Document], language: str
) -> None:
    text = documents[2].text
    table, rng = SpanTable(text.encode(), language), np.random.default_rng(5)
    sampler = FimSampler(codec, ALWAYS)
    for start in table.line_starts[::20]:
        example = sampler.draw(table, start, BUDGET, rng)
        if codec.special[FIM_MIDDLE] in example.ids:
            prefix, suffix, middle = parts(codec, example.ids)
            assert prefix + middle + suffix in text
            assert len(example.ids) <= BUDGET


def test_suffix_first_examples_put_the_prefix_before_the_middle(codec: TextCodec, table: SpanTable) -> None:
    sampler = FimSampler(codec, replace(ALWAYS, spm_share=1.0))
    ids = sampler.draw(table, 0, BUDGET, np.random.default_rng(0)).ids
    assert ids[:2] == [codec.special[FIM_PREFIX], codec.special[FIM_SUFFIX]]
    suffix, rest = codec.decode(ids).removesuffix(END).split(FIM_SUFFIX)[1].split(FIM_MIDDLE)
    assert rest + suffix in table.data.decode()


def test_windows_follow_each_other_to_the_end_of_the_file(codec: TextCodec, table: SpanTable) -> None:
    sampler, rng = FimSampler(codec, FimSettings()), np.random.default_rng(1)
    start, lengths = 0, []
    while start < len(table.data):
        example = sampler.draw(table, start, BUDGET, rng)
        assert example.next_byte > start
        lengths.append(len(example.ids))
        start = table.whole_lines(example.next_byte, example.next_byte)[1]
    assert max(lengths) <= BUDGET
    assert np.mean(lengths[:-1]) > 0.9 * BUDGET


def test_half_of_the_middles_are_whole_lines(codec: TextCodec, table: SpanTable) -> None:
    sampler, rng = FimSampler(codec, ALWAYS), np.random.default_rng(2)
    whole = []
    for start in table.line_starts[:-20:4]:
        ids = sampler.draw(table, start, BUDGET, rng).ids
        if codec.special[FIM_MIDDLE] in ids:
            prefix, _, middle = parts(codec, ids)
            whole.append(prefix.endswith(("\n", "")) and middle.endswith("\n") and prefix[-1:] in ("", "\n"))
    assert 0.4 < np.mean(whole) < 0.65


def test_middles_are_short(codec: TextCodec, table: SpanTable) -> None:
    sampler, rng = FimSampler(codec, ALWAYS), np.random.default_rng(3)
    examples = [sampler.draw(table, start, BUDGET, rng).ids for start in table.line_starts[:-20:4]]
    middles = [parts(codec, ids)[2] for ids in examples if codec.special[FIM_MIDDLE] in ids]
    assert np.mean([middle.strip("\n").count("\n") < 3 for middle in middles]) > 0.75


def test_an_empty_or_broken_file_gives_plain_text(codec: TextCodec) -> None:
    sampler = FimSampler(codec, ALWAYS)
    for data in (b"", b"def ("):
        example = sampler.draw(SpanTable(data, "python"), 0, BUDGET, np.random.default_rng(0))
        assert example.ids[-1] == codec.special[END]


def test_spans_are_nodes_of_the_syntax_tree() -> None:
    data = "été = f(a, b=1)\nif été:\n    x.upper()\n    y = 2\n".encode()
    table, rng = SpanTable(data, "python"), np.random.default_rng(0)

    def drawn(kind: str) -> set[bytes]:
        spans = [table.draw(kind, 0, len(data), rng) for _ in range(40)]
        return {data[span[0] : span[1]] for span in spans if span}

    assert drawn("arguments") == {b"a, b=1"}
    assert drawn("attribute") == {b"upper"}
    assert drawn("after dot") == {b"upper()"}
    assert drawn("body") == {b"x.upper()\n    y = 2"}
    assert "été = f(a, b=1)".encode() in drawn("statement")
    assert {b"1", b"2", b"x.upper()"} & drawn("expression")


def test_a_middle_never_splits_a_character(codec: TextCodec) -> None:
    text = "größe = 'äöü🙂'  # ñandú\n" * 40
    table, sampler = SpanTable(text.encode(), "python"), FimSampler(codec, ALWAYS)
    for seed in range(60):
        ids = sampler.draw(table, 0, BUDGET, np.random.default_rng(seed)).ids
        assert "\ufffd" not in parts(codec, ids)[2] if codec.special[FIM_MIDDLE] in ids else True
