"""Which programs run side by side: everything that has a model in a precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.peers import hugging_face
from bench.peers.files import ModelFiles
from bench.peers.llama_server import DRAFTS, served
from bench.peers.ours import Ours
from bench.peers.peer import Way
from bench.peers.piped import piped
from bench.peers.setup import packages_in, server_in
from models.checkpoints import LoadedModel

PLAIN, DRAFTED = "Verifill, plain", "Verifill, drafts"
REMEMBERING = "Verifill, drafts, its last text among them"
OURS = (PLAIN, DRAFTED, REMEMBERING)


@dataclass(frozen=True)
class Precision:
    """What a precision of ours is elsewhere.

    Attributes:
        gguf: Matrices in the file for llama.cpp.
        halved: A further file for it, with the same weights exactly in half the memory; "" for none.
        keys: Keys and values there; "" for its own choice, which is half precision.
        openvino: Matrices in the file for OpenVINO GenAI, which reads few kinds, and the precision it computes in.
        ctranslate2: Precision there; "" for none: it computes in bfloat16 on few processors.
        transformers: Whether transformers has it.
    """

    gguf: str
    halved: str
    keys: str
    openvino: tuple[str, str]
    ctranslate2: str
    transformers: bool = True


PRECISIONS = {
    "float32": Precision("f32", "f16", "f32", ("f16", "f32"), "float32"),
    "bfloat16": Precision("bf16", "", "", ("f16", "bf16"), ""),
    "int8": Precision("q8_0", "", "", ("q8_0", "f32"), "int8", transformers=False),
}


@dataclass(frozen=True)
class Setting:
    """What all programs of a stage share.

    Attributes:
        name: Of the model, one of ``files.MODELS``.
        model: The same, loaded by us.
        files: Makes what the others read.
        programs: Folder that ``setup`` has made.
        threads: On which each computes.
        context: Tokens of prompt and text at most.
    """

    name: str
    model: LoadedModel
    files: ModelFiles
    programs: Path
    threads: int
    context: int

    @property
    def precision(self) -> Precision:
        """The model's precision elsewhere."""
        return PRECISIONS[self.model.dtype]


@contextmanager
def opened(setting: Setting) -> Iterator[list[Way]]:
    """Start all programs, which are ended in every case.

    Raises:
        PeerError: One does not start.
    """
    with ExitStack() as stack:
        ours = [
            Way(PLAIN, Ours(setting.model, ())),
            Way(DRAFTED, Ours(setting.model, None)),
            Way(REMEMBERING, Ours(setting.model, None, remembers=True)),
        ]
        yield [*ours, *_llama(setting, stack), *_transformers(setting), *_libraries(setting, stack)]


def _llama(setting: Setting, stack: ExitStack) -> Iterator[Way]:
    kinds = setting.precision
    stored = ("--cache-type-k", kinds.keys, "--cache-type-v", kinds.keys) if kinds.keys else ()
    wanted = [(name, kinds.gguf, (*stored, *drafts)) for name, drafts in DRAFTS.items()]
    if kinds.halved:
        wanted.append((f"plain, {kinds.halved.upper()} file", kinds.halved, ()))
    for name, kind, flags in wanted:
        file = setting.files.gguf(setting.name, kind)
        server = served(server_in(setting.programs), file, flags, setting.threads, setting.context)
        yield Way(f"llama.cpp, {name}", stack.enter_context(server))


def _transformers(setting: Setting) -> Iterator[Way]:
    if not setting.precision.transformers:
        return
    model = hugging_face.read(setting.files.checkpoint(setting.name), setting.model.dtype)
    ends = setting.model.format.end_ids
    yield Way("transformers, plain", hugging_face.Greedy(model, ends))
    assisted = partial(hugging_face.Assisted, model, ends)
    looked_up = assisted(prompt_lookup_num_tokens=hugging_face.LOOKED_UP)
    yield Way("transformers, prompt lookup", looked_up, warm=False)
    if setting.name != "embedded":
        small = hugging_face.read(setting.files.checkpoint("embedded"), setting.model.dtype)
        yield Way("transformers, assisted by a model that is never wrong", assisted(assistant_model=small), warm=False)


def _libraries(setting: Setting, stack: ExitStack) -> Iterator[Way]:
    kind, precision = setting.precision.openvino
    packages, ends = packages_in(setting.programs), sorted(setting.model.format.end_ids)
    asked = {"file": str(setting.files.gguf(setting.name, kind)), "precision": precision, "ends": ends}
    for name, lookup in (("OpenVINO, plain", False), ("OpenVINO, prompt lookup", True)):
        peer = piped(name, "openvino_answering", packages, {**asked, "lookup": lookup}, setting.threads)
        yield Way(name, stack.enter_context(peer))
    if not setting.precision.ctranslate2:
        return
    folder = str(setting.files.checkpoint(setting.name))
    asked = {"folder": folder, "precision": setting.precision.ctranslate2, "ends": ends}
    peer = piped("CTranslate2", "ctranslate2_answering", packages, asked, setting.threads)
    yield Way("CTranslate2, plain", stack.enter_context(peer), warm=False)
