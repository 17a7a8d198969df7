"""OpenVINO GenAI on standard input and output; needs openvino-genai, and a GGUF file in F16 or Q8_0."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import numpy as np
import openvino
import openvino_genai

from bench.peers.answering import answer_with

# GiB of keys and values, and how guesses are made where they are: by the last tokens, so many at a time.
CACHE, MATCHED, GUESSED = 1, 3, 5


def main() -> None:
    """Answer with the pipeline that the argument describes."""
    wanted = json.loads(sys.argv[1])
    scheduler = openvino_genai.SchedulerConfig()
    scheduler.enable_prefix_caching, scheduler.cache_size = True, CACHE
    looked_up = {"prompt_lookup": True} if wanted["lookup"] else {}
    pipeline = openvino_genai.LLMPipeline(
        wanted["file"],
        "CPU",
        scheduler_config=scheduler,
        INFERENCE_NUM_THREADS=wanted["threads"],
        INFERENCE_PRECISION_HINT=wanted["precision"],
        **looked_up,
    )

    def write(prompt: Sequence[int], most: int) -> Sequence[int]:
        greedy = openvino_genai.GenerationConfig(max_new_tokens=most, do_sample=False)
        greedy.stop_token_ids = set(wanted["ends"])
        if wanted["lookup"]:
            greedy.max_ngram_size, greedy.num_assistant_tokens = MATCHED, GUESSED
        tokens: Sequence[int] = pipeline.generate(openvino.Tensor(np.array([prompt], np.int64)), greedy).tokens[0]
        return tokens

    answer_with(write)


if __name__ == "__main__":
    main()
