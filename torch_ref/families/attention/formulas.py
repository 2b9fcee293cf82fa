"""The formulas of attention, forward for balls and for many digits, backward for balls."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np

from numpy_impl.functions import ieee_arithmetic
from torch_ref.bounds import Ball, concatenate, exp, is_greatest, pad
from torch_ref.families.affine.formulas import affine, affine_backward
from torch_ref.families.losses.formulas import log_softmax, softmax

Three = tuple[Any, Any, Any]


def attention(q: Any, k: Any, v: Any, causal: bool) -> Any:
    """softmax(q kᵀ / √d) v."""
    return weights(logits(q, k), causal) @ v


def attention_backward(q: Ball, k: Ball, v: Ball, dout: Ball, causal: bool) -> dict[str, Ball]:
    """dv = Pᵀ dout, and dS = P ∘ (dP − Σ P dP) with dP = dout vᵀ goes on to q and k.

    Σ P dP is Σ dout y as well, and kernels that do not keep P take that.
    """
    z = logits(q, k)
    p, means = weights(z, causal, recomputed), (dout * (weights(z, causal) @ v)).sum(-1, keepdims=True)
    dS = softmax_backward(dout @ swapped(v), p, means)
    return {
        "dq": dS @ scaled(k, 6),
        "dk": swapped(dS) @ scaled(q, 6),
        "dv": swapped(p) @ dout,
    }


def multi_head(x: Any, W_in: Any, b_in: Any, W_out: Any, b_out: Any, heads: int, causal: bool) -> Any:
    """Attention in each head, between two affine maps."""
    return affine(joined(attention(*projected(x, W_in, b_in, heads), causal)), W_out, b_out)


def multi_head_backward(
    x: Ball, dout: Ball, W_in: Ball, b_in: Ball, W_out: Ball, b_out: Ball, heads: int, causal: bool
) -> dict[str, Ball]:
    q, k, v = projected(x, W_in, b_in, heads)
    after = affine_backward(joined(attention(q, k, v, causal)), dout, W_out, b_out)
    dqkv = attention_backward(q, k, v, cut(after["dx"], heads), causal).values()
    before = affine_backward(x, concatenate([joined(d) for d in dqkv], -1), W_in, b_in)
    gradients = {"dx": before["dx"], "dW_in": before["dW"], "db_in": before["db"]}
    return gradients | {"dW_out": after["dW"], "db_out": after["db"]}


def projected(x: Any, W_in: Any, b_in: Any, heads: int) -> Three:
    qkv, D = affine(x, W_in, b_in), x.shape[-1]
    q, k, v = (cut(qkv[..., i * D : (i + 1) * D], heads) for i in range(3))
    return q, k, v


def cut(a: Any, heads: int) -> Any:
    """(N, T, D) -> (N, h, T, D/h)."""
    N, T, D = a.shape
    return a.reshape(N, T, heads, D // heads).transpose(0, 2, 1, 3)


def joined(a: Any) -> Any:
    N, h, T, size = a.shape
    return a.transpose(0, 2, 1, 3).reshape(N, T, h * size)


def swapped(a: Any) -> Any:
    """Of the last two axes."""
    return a.transpose(*range(a.ndim - 2), a.ndim - 1, a.ndim - 2)


def logits(q: Any, k: Any) -> Any:
    """q kᵀ / √d."""
    return scaled(q, 6) @ swapped(k)


def scaled(a: Any, roundings: int) -> Any:
    """a / √d. The factor may be multiplied into q, into k, its root into both, or into the product: the root of d, its
    reciprocal, the root of that, their rounding to the format, and two products; all err relatively to each term of
    the sum.
    """
    d = a.shape[-1]
    if not isinstance(a, Ball):
        return a / (mpmath.sqrt(d) if a.dtype == object else d**0.5)
    return a.scaled(1 / np.sqrt(a.format.wide.type(d)), roundings)


def weights(z: Any, causal: bool, function: Callable[[Any], Any] | None = None, first: int = 1) -> Any:
    """Softmax; causal row by row, over the keys that each query may take, and exactly 0 for all others.

    Query 0 takes `first` keys, and each one more than the one before it.
    """
    of_rows = function or (softmax if isinstance(z, Ball) else lambda z: exp(log_softmax(z)))
    if not causal:
        return of_rows(z)
    T, S = z.shape[-2:]
    taken = [min(t + first, S) for t in range(T)]
    before = [(0, 0)] * (z.ndim - 1)
    rows = [pad(of_rows(z[..., t : t + 1, :n]), [*before, (0, S - n)]) for t, n in enumerate(taken)]
    return concatenate(rows, -2)


@ieee_arithmetic
def recomputed(z: Ball) -> Ball:
    """softmax(z), or exp(z − log Σ exp(z)) of a logarithm that was kept and so rounded: p is off by a factor."""
    p, f = softmax(z), z.format
    kept = z.magnitude.max(-1, keepdims=True) + np.log(z.shape[-1])
    shift = f.gamma(1) * kept
    return p.result(p.centre, p.radius * np.exp(shift) + abs(p.centre).astype(float) * np.expm1(shift))


@ieee_arithmetic
def softmax_backward(dp: Ball, p: Ball, means: Ball) -> Ball:
    """p ∘ (dp − Σ p dp), in any of these forms: the greatest radius holds.

    Σ p dp may come from elsewhere, as `means`; p may be multiplied in first; and as Σ p = 1, the dp of the greatest p,
    of whichever may be that, may be taken from all first.
    """
    _, may_be_greatest = is_greatest(p, -1)
    greatest = np.take_along_axis(dp.centre, p.centre.argmax(-1)[..., None], -1)
    d = dp.centre - greatest
    centre = p.centre * (d - (p.centre * d).sum(-1, keepdims=True))  # the form that loses no digits
    forms = [p * (dp - (p * dp).sum(-1, keepdims=True)), p * (dp - means)]
    forms.append(p * dp - p * (p * dp).sum(-1, keepdims=True))
    radius = np.max([form.radius for form in forms], axis=0)
    for s in range(p.shape[-1]):
        less = dp - dp[..., s : s + 1]
        form = p * (less - (p * less).sum(-1, keepdims=True))
        radius = np.where(may_be_greatest[..., s : s + 1], np.maximum(radius, form.radius), radius)
    return replace(p, centre=centre, radius=radius)
