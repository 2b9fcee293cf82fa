"""Attention computed in another way than the right one: what a slip makes of it, in balls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from torch_ref.bounds import Ball, concatenate, where
from torch_ref.families.affine.formulas import affine, affine_backward
from torch_ref.families.attention import formulas
from torch_ref.families.attention.formulas import cut, joined, logits, softmax_backward, swapped
from torch_ref.families.losses.formulas import softmax

Balls = dict[str, Ball]


def plain_backward(dp: Ball, p: Ball) -> Ball:
    """p ∘ (dp − Σ p dp), in whichever form."""
    return softmax_backward(dp, p, (p * dp).sum(-1, keepdims=True))


@dataclass(frozen=True)
class Variant:
    """`factor`, of the features d of one head and D of all, is multiplied into the logits, and `back` into dq and dk.

    `weights` are those of the logits and `causal`, `dS` is what softmax's backward makes of dP and P, `order` that of
    dq, dk, dv.
    """

    factor: Callable[[int, int], float] = lambda _, __: 1
    back: Callable[[int, int], float] = lambda _, __: 1
    weights: Callable[[Ball, bool], Ball] = formulas.weights
    dS: Callable[[Ball, Ball], Ball] = plain_backward
    order: tuple[int, int, int] = (0, 1, 2)
    cut: Callable[[Any, int], Any] = cut
    joined: Callable[[Any], Any] = joined

    def of_three(self, q: Ball, k: Ball, v: Ball, dout: Ball, causal: bool, D: int) -> tuple[Ball, list[Ball]]:
        d = q.shape[-1]
        z = logits(q, k).scaled(self.factor(d, D), 2)
        p = self.weights(z, causal)
        dS = self.dS(dout @ swapped(v), p).scaled(self.factor(d, D) * self.back(d, D), 2)
        found = [dS @ formulas.scaled(k, 6), swapped(dS) @ formulas.scaled(q, 6), swapped(p) @ dout]
        return p @ v, [found[i] for i in self.order]

    def attention(self, q: Ball, k: Ball, v: Ball, dout: Ball, causal: bool) -> Balls:
        y, (dq, dk, dv) = self.of_three(q, k, v, dout, causal, q.shape[-1])
        return {"y": y, "dq": dq, "dk": dk, "dv": dv}

    def multi_head(self, x: Ball, dout: Ball, p: Mapping[str, Ball], heads: int, causal: bool) -> Balls:
        D = x.shape[-1]
        qkv = affine(x, p["W_in"], p["b_in"])
        q, k, v = (self.cut(qkv[..., i * D : (i + 1) * D], heads) for i in range(3))
        da = affine_backward(dout, dout, p["W_out"], p["b_out"])["dx"]
        heads_of_y, three = self.of_three(q, k, v, self.cut(da, heads), causal, D)
        a = self.joined(heads_of_y)
        after = affine_backward(a, dout, p["W_out"], p["b_out"])
        before = affine_backward(x, concatenate([self.joined(d) for d in three], -1), p["W_in"], p["b_in"])
        gradients = {"dx": before["dx"], "dW_in": before["dW"], "db_in": before["db"]}
        y = affine(a, p["W_out"], p["b_out"])
        return {"y": y, **gradients, "dW_out": after["dW"], "db_out": after["db"]}


def mask(z: Ball) -> Any:
    """Where a query may look."""
    return np.broadcast_to(np.arange(z.shape[-2])[:, None] >= np.arange(z.shape[-1]), z.shape)


def masked_after(z: Ball, causal: bool) -> Ball:
    return where(mask(z), softmax(z), 0.0) if causal else softmax(z)


def masked_by(value: float) -> Callable[[Ball, bool], Ball]:
    return lambda z, causal: softmax(where(mask(z), z, value)) if causal else softmax(z)


def looks_ahead(z: Ball, _causal: bool) -> Ball:
    return softmax(z)


def from_the_last_key(z: Ball, causal: bool) -> Ball:
    """The last query takes all keys, as where the first ones are of a cache."""
    return formulas.weights(z, causal, softmax, 1 + max(z.shape[-1] - z.shape[-2], 0))


def over_queries(z: Ball, causal: bool) -> Ball:
    """Softmax over the queries. Causal, where there are as many keys: key s is taken by the queries from s on."""
    turned = swapped(z)
    if not causal:
        return swapped(softmax(turned))
    return swapped(formulas.weights(turned[..., ::-1, ::-1], causal, softmax)[..., ::-1, ::-1])


def backward_over_queries(dp: Ball, p: Ball) -> Ball:
    return swapped(plain_backward(swapped(dp), swapped(p)))


def diagonal_backward(dp: Ball, p: Ball) -> Ball:
    return p * (1 - p) * dp


def cut_first(a: Any, heads: int) -> Any:
    """By a reshape alone: a head gets the features of some positions, and not some features of all."""
    N, T, D = a.shape
    return a.reshape(N, heads, T, D // heads)


def joined_as_they_lie(a: Any) -> Any:
    N, h, T, size = a.shape
    return a.reshape(N, T, h * size)


def cut_in_turn(a: Any, heads: int) -> Any:
    """Feature i to head i mod h."""
    N, T, D = a.shape
    return a.reshape(N, T, D // heads, heads).transpose(0, 3, 1, 2)


def joined_in_turn(a: Any) -> Any:
    N, h, T, size = a.shape
    return a.transpose(0, 2, 3, 1).reshape(N, T, h * size)
