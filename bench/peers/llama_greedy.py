"""Greedy tokens under llama.cpp; runs in an environment that has xllamacpp, which brings llama.cpp built.

    PYTHON llama_greedy.py MODEL.gguf < QUESTION > ANSWER

The question is a JSON object: ``texts`` to be cut into tokens, ``prompts`` (ids), and ``tokens``, how many to write
behind each at most.  The answer has ``texts`` and ``written``, both lists of ids; what is written ends with the id
that ended it.  Weights are as in the file, keys and values in single precision, on one thread.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from typing import Any

import xllamacpp


def main() -> None:
    """Answer the question on standard input."""
    question = json.load(sys.stdin)
    server = started(sys.argv[1])

    def ask(path: str, **body: Any) -> Any:
        wanted = urllib.request.Request(
            server.listening_address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(wanted) as reply:
            return json.load(reply)["tokens"]

    texts = [ask("/tokenize", content=text, add_special=False, parse_special=False) for text in question["texts"]]
    greedy = {"n_predict": question["tokens"], "temperature": 0, "cache_prompt": False, "return_tokens": True}
    written = [ask("/completion", prompt=prompt, **greedy) for prompt in question["prompts"]]
    json.dump({"texts": texts, "written": written}, sys.stdout)


def started(model: str) -> Any:
    """Return llama.cpp's server, which listens on this machine alone."""
    wanted = xllamacpp.CommonParams()
    wanted.model.path = model
    wanted.n_ctx, wanted.n_parallel = 2048, 1
    wanted.cache_type_k = wanted.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    wanted.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(wanted)


if __name__ == "__main__":
    main()
