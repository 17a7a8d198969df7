"""CTranslate2 on standard input and output; needs ctranslate2, and a checkpoint folder, which is converted."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import ctranslate2
from ctranslate2.converters import TransformersConverter

from bench.peers.answering import answer_with


def main() -> None:
    """Answer with the checkpoint that the argument names."""
    wanted = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        out = TransformersConverter(wanted["folder"], low_cpu_mem_usage=False).convert(f"{folder}/model")
        without_nulls(Path(out, "config.json"))
        spelled = json.loads(Path(out, "vocabulary.json").read_text(encoding="utf-8"))
        generator = ctranslate2.Generator(
            out, device="cpu", compute_type=wanted["precision"], intra_threads=wanted["threads"]
        )

    def write(prompt: Sequence[int], most: int) -> Sequence[int]:
        (result,) = generator.generate_batch(
            [[spelled[token] for token in prompt]],
            max_length=most,
            sampling_topk=1,
            end_token=wanted["ends"],
            return_end_token=True,
            include_prompt_in_result=False,
        )
        tokens: Sequence[int] = result.sequences_ids[0]
        return tokens

    answer_with(write)


def without_nulls(config: Path) -> None:
    """Name the end of texts where the tokenizer has no first token: the library reads no null, and never uses it."""
    values = json.loads(config.read_text(encoding="utf-8"))
    values["bos_token"] = values["bos_token"] or values["eos_token"]
    config.write_text(json.dumps(values), encoding="utf-8")


if __name__ == "__main__":
    main()
