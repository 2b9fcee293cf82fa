"""Attention beside PyTorch's own."""

from collections.abc import Callable
from typing import Any

import numpy_impl
from torch_ref import places
from torch_ref.families.attention import causes, formulas
from torch_ref.families.attention.modules import SelfAttention, TorchAttention
from torch_ref.families.attention.scenarios import OF_HEADS, OF_THREE
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import Data


def example(cls: Callable[..., Any], data: Data) -> Example:
    T, S = data.setting("T", 3), data.setting("S", 4)
    layer = cls(causal=data.setting("causal", False))
    shapes = {"q": (T, data.D), "k": (S, data.D), "v": (S, data.H)}
    inputs = {name: data.x(*data.lead, *shape) for name, shape in shapes.items()}
    return Example(layer, inputs, {"dout": data.dout(*data.lead, T, data.H)})


def of_heads(cls: Callable[..., Any], data: Data) -> Example:
    D, shape = data.D, (data.N, data.setting("T", 3), data.D)
    layer = cls(
        data.weights(D, 3 * D),
        data.biases(3 * D),
        data.weights(D, D),
        data.biases(D),
        heads=data.setting("heads", 2),
        causal=data.setting("causal", False),
    )
    return Example(layer, {"x": data.x(*shape)}, {"dout": data.dout(*shape)})


def _forward(what: str, change: Callable[..., Any], error: type[Exception] = ValueError) -> Refusal:
    return Refusal(what, lambda e: e.layer.forward(*change(*e.inputs.values())), error)


register(
    Pair(
        "attention",
        numpy_impl.ScaledDotProductAttention,
        lambda layer: TorchAttention(causal=layer.causal),
        example,
        inputs=("q", "k", "v"),
        input_gradients=("q", "k", "v"),
        options=("causal",),
        forward=formulas.attention,
        backward=formulas.attention_backward,
        causes=causes.ATTENTION,
        data_sets=OF_THREE,
        flat_on=("one-key", "huge", "causal-huge", "tiny"),
        refusals=(
            _forward("k with a feature less", lambda q, k, v: (q, k[..., 1:], v)),
            _forward("v with a key less", lambda q, k, v: (q, k, v[:, 1:])),
            _forward("no keys", lambda q, k, v: (q, k[:, :0], v[:, :0])),
            _forward("no features", lambda q, k, v: (q[..., :0], k[..., :0], v)),
            _forward("k that would broadcast", lambda q, k, v: (q, k[:1], v[:1])),
            _forward("v that would broadcast", lambda q, k, v: (q, k, v[:1])),
            _forward("k without a batch", lambda q, k, v: (q, k[0], v[0])),
            _forward("a vector", lambda q, k, v: (q[0, 0], k, v)),
            Refusal("causal that is 1", lambda e: type(e.layer)(causal=1), TypeError),
        ),
    )
)
register(
    Pair(
        "multi_head_attention",
        numpy_impl.MultiHeadAttention,
        lambda layer: SelfAttention(len(places.parameter(layer, "W_in")), layer.heads, causal=layer.causal),
        of_heads,
        twin_name="MultiheadAttention",
        options=("heads", "causal"),
        parameters={
            "W_in": "in_proj_weight.T",
            "b_in": "in_proj_bias",
            "W_out": "out_proj.weight.T",
            "b_out": "out_proj.bias",
        },
        forward=formulas.multi_head,
        backward=formulas.multi_head_backward,
        causes=causes.MULTI_HEAD,
        data_sets=OF_HEADS,
        flat_on=("tiny",),
        refusals=(
            _forward("x with a feature less", lambda x: (x[..., 1:],)),
            _forward("no positions", lambda x: (x[:, :0],)),
            _forward("x without a batch", lambda x: (x[0],)),
            _forward("an axis too many", lambda x: (x[None],)),
            Refusal("heads that do not divide", lambda e: _made(e, heads=3), ValueError),
            Refusal("no heads", lambda e: _made(e, heads=0), ValueError),
            Refusal("heads that are no integer", lambda e: _made(e, heads=3.0), TypeError),
            Refusal("causal that is a string", lambda e: _made(e, causal="yes"), TypeError),
            Refusal("W_in that is square", lambda e: _made(e, W_in=e.layer.W_out), ValueError),
            Refusal("b_out that would broadcast", lambda e: _made(e, b_out=e.layer.b_out[:1]), ValueError),
            Refusal("W_out of another shape", lambda e: setattr(e.layer, "W_out", e.layer.W_in), ValueError),
        ),
    )
)


def _made(e: Example, **changed: Any) -> object:
    """A layer as this one, but for these arguments."""
    return type(e.layer)(**{**e.layer.params, "heads": e.layer.heads, "causal": e.layer.causal, **changed})
