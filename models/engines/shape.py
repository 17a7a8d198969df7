"""Which decoders the fused engine can run, and the numbers that describe one.

A configuration here is the mapping in ``config.json``, or a configuration object's ``to_dict()``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.engines import rope

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Config = Mapping[str, Any]
Sizes = Mapping[str, tuple[int, ...]]

_QKV = ("self_attn.q", "self_attn.k", "self_attn.v")
_ATTENTION = (*_QKV, "self_attn.o")
_MLP = ("mlp.gate", "mlp.up", "mlp.down")

EMBEDDING = "model.embed_tokens.weight"
NORM = "model.norm.weight"
HEAD = "lm_head.weight"

# Without these, all positive, transformers' defaults would have to be known.
_COUNTS = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "max_position_embeddings",
)


@dataclass(frozen=True)
class Family:
    """In what a family differs from Llama's block: RMSNorm, rotary grouped-query attention, SwiGLU.

    Attributes:
        model: Class of its models in transformers.
        biased: Matrices that have biases, by their names before "_proj".
        flags: Matrices that have biases if an entry of the configuration says so.
        normed: Whether queries and keys are normalised.
        window_switch: Entry that turns sliding windows on; "" if they need none.
        window: Sliding window where the configuration names none.
    """

    model: str
    biased: tuple[str, ...] = ()
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    normed: bool = False
    window_switch: str = ""
    window: int | None = None


# By `model_type` of the configuration.
FAMILIES = {
    "llama": Family("LlamaForCausalLM", flags={"attention_bias": _ATTENTION, "mlp_bias": _MLP}),
    "mistral": Family("MistralForCausalLM", window=4096),
    "qwen2": Family("Qwen2ForCausalLM", biased=_QKV, window_switch="use_sliding_window", window=4096),
    "qwen3": Family(
        "Qwen3ForCausalLM",
        flags={"attention_bias": _ATTENTION},
        normed=True,
        window_switch="use_sliding_window",
        window=4096,
    ),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder's numbers.

    Attributes:
        n_layers: Blocks.
        n_heads: Query heads.
        n_kv_heads: Key and value heads; each serves ``n_heads / n_kv_heads`` query heads.
        head_size: Units of a head.
        max_length: Positions.
        norm_eps: Added to mean squares.
        rope: transformers' ``rope_parameters``.
    """

    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_size: int
    max_length: int
    norm_eps: float
    rope: Mapping[str, Any]

    @classmethod
    def of(cls, config: Config) -> Shape:
        """Read a configuration that is not refused."""
        return cls(
            n_layers=config["num_hidden_layers"],
            n_heads=config["num_attention_heads"],
            n_kv_heads=config["num_key_value_heads"],
            head_size=_head_size(config),
            max_length=config["max_position_embeddings"],
            norm_eps=config["rms_norm_eps"],
            rope=rope.parameters_of(config),
        )


def refusal(model: PreTrainedModel) -> str:
    """Return why the fused engine cannot run a model; empty if it can.

    Quantised, adapted and spread models are refused: their weights have other names, types or places.
    """
    config, state = model.config.to_dict(), model.state_dict()
    family, name = FAMILIES.get(config.get("model_type", "")), type(model).__name__
    if family is None or family.model != name:
        return f"{name} is none of {', '.join(known.model for known in FAMILIES.values())}"
    reason = refused_config(config)
    reason = reason or misfit(weight_sizes(config), {name: tuple(weight.shape) for name, weight in state.items()})
    if reason:
        return reason
    kinds = {(weight.dtype, weight.device) for weight in state.values()}
    if len(kinds) > 1 or not all(dtype.is_floating_point and dtype.itemsize > 1 for dtype, _ in kinds):
        return "its weights are of several or unusual types, or on several devices"
    device = next(iter(kinds))[1].type
    return "" if device in DEVICES else f"it is on {device}"


# Types of torch devices.
DEVICES = ("cpu", "cuda")


def refused_config(config: Config) -> str:
    """Return why the fused engine cannot run what a configuration describes; empty if it can."""
    family = FAMILIES.get(str(config.get("model_type")))
    if family is None:
        return f"it is none of {', '.join(FAMILIES)}"
    odd = [key for key in _COUNTS if not _is_count(config.get(key))]
    odd += ["head_dim"] if not _is_count(config.get("head_dim") or 1) else []
    odd += ["rms_norm_eps"] if not isinstance(config.get("rms_norm_eps"), float) else []
    if odd:
        return f"its configuration has no usable {odd[0]}"
    if config["num_attention_heads"] % config["num_key_value_heads"] or _head_size(config) % 2:
        return "its heads are not in groups of one size, or of an odd size"
    if config.get("hidden_act") != "silu":
        return f"its activation is {config.get('hidden_act')}, not silu"
    if config.get("quantization_config"):
        return "it is quantised"
    if _window(config, family) is not None or config.get("layer_types") not in (None, _whole(config)):
        return "it has sliding windows or layers of other kinds"
    return rope.refusal(rope.parameters_of(config))


def weight_sizes(config: Config) -> dict[str, tuple[int, ...]]:
    """Return the size of every weight that a configuration, not refused, describes; the head is always among them."""
    family, shape = FAMILIES[config["model_type"]], Shape.of(config)
    width, inner, vocabulary = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    queries, keys = shape.n_heads * shape.head_size, shape.n_kv_heads * shape.head_size
    sizes: dict[str, tuple[int, ...]] = dict(zip(_QKV, ((queries, width), (keys, width), (keys, width)), strict=True))
    sizes |= {"self_attn.o": (width, queries), "mlp.gate": (inner, width), "mlp.up": (inner, width)}
    sizes |= {"mlp.down": (width, inner)}
    flagged = [linear for flag, linears in family.flags.items() if config.get(flag) for linear in linears]
    block = {f"{linear}_proj.weight": size for linear, size in sizes.items()}
    block |= {f"{linear}_proj.bias": sizes[linear][:1] for linear in (*family.biased, *flagged)}
    block |= {f"{norm}_layernorm.weight": (width,) for norm in ("input", "post_attention")}
    if family.normed:
        block |= {f"self_attn.{part}_norm.weight": (shape.head_size,) for part in "qk"}
    around = {EMBEDDING: (vocabulary, width), NORM: (width,)}
    layers = {f"model.layers.{i}.{name}": size for i in range(shape.n_layers) for name, size in block.items()}
    return {**around, **layers, HEAD: (vocabulary, width)}


def misfit(expected: Sizes, found: Sizes) -> str:
    """Return which weight is not as it should be; empty if all are."""
    odd = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    return f"{odd[0]} is missing or unknown or of another size" if odd else ""


def _head_size(config: Config) -> int:
    size: int = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    return size


def _window(config: Config, family: Family) -> int | None:
    if family.window_switch and not config.get(family.window_switch):
        return None
    window: int | None = config.get("sliding_window", family.window)
    return window


def _whole(config: Config) -> list[str]:
    return ["full_attention"] * config["num_hidden_layers"]


def _is_count(value: object) -> bool:
    return type(value) is int and value > 0
