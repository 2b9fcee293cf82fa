"""Attention. Its formulas are derived step by step in attention.md, beside this file."""

import math
from typing import Any, TypeAlias

import numpy as np

from numpy_impl.functions import softmax
from numpy_impl.layer import Layer, Parameter, door
from numpy_impl.layers.affine import column_sums, rows
from numpy_impl.layers.softmax import softmax_backward
from numpy_impl.validation import Array, check_attention, check_flag, check_multi_head, check_sequences

Attended: TypeAlias = tuple[Array, Array, Array, Array]  # q, k, v and the weights


class Attention(Layer):
    """What both kinds keep."""

    _weights: Any = None

    @property
    def weights(self) -> Any:
        """How much each query of the last pass took of each key, (..., T, S), a copy; None before any."""
        return None if self._weights is None else self._weights.copy()

    def _keep(self, cache: Any) -> None:
        *_, self._weights = cache


class ScaledDotProductAttention(Attention):
    """y = P v with P = softmax(q kᵀ / √d): for each query a mean of all values, by how well the keys fit it.

    Backward, with dP = dout vᵀ and dS = P ∘ (dP − Σ_s P_ts dP_ts), row by row:
    dv = Pᵀ dout,  dq = dS k / √d,  dk = dSᵀ q / √d

    causal: query t takes keys 0 to t alone, so that no position learns from a later one: all other entries of q kᵀ are
    −∞ before softmax, and of weight 0 after it. Where T ≠ S both are counted from the first, as in PyTorch.

    Shapes: q (..., T, d), k (..., S, d), v (..., S, e), y and dout (..., T, e); the leading axes, if there are any, are
    the same in all three, and S is 1 or more. An empty batch gives an empty y and empty gradients. backward returns
    (dq, dk, dv). Caches q, k, v, P; P stays to be read in `weights`. Raises TypeError, ValueError for other dtypes,
    shapes; RuntimeError for a backward before any forward. Twin: torch.nn.functional.scaled_dot_product_attention.
    Source: Vaswani et al., Attention is all you need, 2017, section 3.2.1.

    >>> layer = ScaledDotProductAttention(causal=True)
    >>> q = k = np.array([[0.0], [0.0]])
    >>> layer.forward(q, k, v=np.array([[10.0], [20.0]]))
    array([[10.],
           [15.]])
    >>> layer.weights
    array([[1. , 0. ],
           [0.5, 0.5]])
    >>> dq, dk, dv = layer.backward(np.array([[1.0], [1.0]]))
    >>> dv
    array([[1.5],
           [0.5]])
    """

    def __init__(self, *, causal: bool = False) -> None:
        check_flag(self, "causal", causal)
        self.causal = causal

    @door
    def forward(self, q: Array, k: Array, v: Array) -> Array:  # type: ignore[override] # it has three inputs
        """y = softmax(q kᵀ / √d) v."""
        return self._enter(q, k, v)

    def _forward(self, q: Array, k: Array, v: Array) -> tuple[Array, Attended]:
        return attention(q, k, v, self.causal)

    def _backward(self, dout: Array, cache: Attended) -> tuple[tuple[Array, Array, Array], dict[str, Array]]:
        return attention_backward(dout, cache), {}

    def _check(self, who: object, q: Array, k: Array, v: Array) -> None:
        check_attention(who, q, k, v)


class MultiHeadAttention(Attention):
    """Self-attention in several heads: y = [a_1 … a_h] W_out + b_out, where a_i = attention(q_i, k_i, v_i) and
    [q k v] = x W_in + b_in, each of q, k, v cut into h pieces of its D features, one a head.

    Backward: with da = dout W_outᵀ cut into heads as well, and dqkv joined from their dq_i, dk_i, dv_i,
    dx = dqkv W_inᵀ,  dW_in = xᵀ dqkv,  db_in = Σ dqkv,  dW_out = aᵀ dout,  db_out = Σ dout

    heads: an integer that divides D. causal: position t takes positions 0 to t alone. The scale is that of one head,
    1/√(D / h). The gradient of the keys' third of b_in is 0 but for rounding: that adds one number to all logits of a
    row, and softmax does not see it.

    Shapes: x, y and dout (N, T, D) with T of 1 or more; W_in (D, 3D), the columns of q, k and v side by side; b_in
    (3D,), W_out (D, D), b_out (D,). Caches x, q, k, v, a and the weights (N, h, T, T), which stay to be read in
    `weights`. Raises TypeError, ValueError for other dtypes, shapes, heads; RuntimeError for a backward before any
    forward. Twin: torch.nn.MultiheadAttention(batch_first=True), x being q, k and v. Source: Vaswani et al., Attention
    is all you need, 2017, section 3.2.2.

    >>> W_in = np.zeros((2, 6))
    >>> W_in[:, 4:] = np.eye(2)  # v = x; q = k = 0, so that all weights are alike
    >>> layer = MultiHeadAttention(W_in, np.zeros(6), W_out=np.eye(2), b_out=np.zeros(2), heads=2)
    >>> layer.forward(np.array([[[1.0, 2.0], [3.0, 6.0]]]))
    array([[[2., 4.],
            [2., 4.]]])
    """

    W_in, b_in, W_out, b_out = Parameter(), Parameter(), Parameter(), Parameter()
    dW_in: Any
    db_in: Any
    dW_out: Any
    db_out: Any

    def __init__(
        self, W_in: Array, b_in: Array, W_out: Array, b_out: Array, *, heads: int, causal: bool = False
    ) -> None:
        check_multi_head(self, W_in, b_in, W_out, b_out, heads)
        check_flag(self, "causal", causal)
        self.W_in, self.b_in, self.W_out, self.b_out = W_in, b_in, W_out, b_out
        self.heads, self.causal = int(heads), causal

    def _forward(self, x: Array) -> tuple[Array, Any]:
        q, k, v = (self._cut(part) for part in np.split(x @ self.W_in + self.b_in, 3, axis=-1))
        heads, (*qkv, weights) = attention(q, k, v, self.causal)
        a = joined(heads)
        return a @ self.W_out + self.b_out, (x, a, *qkv, weights)

    def _backward(self, dout: Array, cache: Any) -> tuple[Array, dict[str, Array]]:
        x, a, *attended = cache
        dheads = attention_backward(self._cut(dout @ self.W_out.T), attended)
        dqkv = np.concatenate([joined(d) for d in dheads], axis=-1)  # (N, T, 3D)
        return dqkv @ self.W_in.T, {
            "W_in": rows(x).T @ rows(dqkv),
            "b_in": column_sums(dqkv),
            "W_out": rows(a).T @ rows(dout),
            "b_out": column_sums(dout),
        }

    def _cut(self, a: Array) -> Array:
        """Each position's features into heads, and these before the positions: (N, T, D) -> (N, h, T, D/h)."""
        N, T, D = a.shape
        return a.reshape(N, T, self.heads, D // self.heads).swapaxes(1, 2)

    def _check(self, who: object, x: Array) -> None:
        check_sequences(who, x, len(self.W_in), self.W_in.dtype)


def joined(heads: Array) -> Array:
    """(N, h, T, D/h) -> (N, T, D)."""
    N, h, T, size = heads.shape
    return heads.swapaxes(1, 2).reshape(N, T, h * size)


def attention(q: Array, k: Array, v: Array, causal: bool) -> tuple[Array, Attended]:
    """softmax(q kᵀ / √d) v, and what its derivative needs."""
    logits = scaled(q) @ k.swapaxes(-1, -2)  # (..., T, S)
    if causal:
        logits = np.where(np.tri(*logits.shape[-2:], dtype=np.dtype(bool)), logits, -np.inf)
    weights = softmax(logits)
    return weights @ v, (q, k, v, weights)


def attention_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """dq, dk, dv. Where the mask is, the weights are 0, and so is dS."""
    q, k, v, weights = cache
    dS = softmax_backward(dout @ v.swapaxes(-1, -2), weights)  # (..., T, S)
    return dS @ scaled(k), dS.swapaxes(-1, -2) @ scaled(q), weights.swapaxes(-1, -2) @ dout


def scaled(a: Array) -> Array:
    """a / √d."""
    return a * (1 / math.sqrt(a.shape[-1]))
