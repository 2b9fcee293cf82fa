"""Slips in attention of several heads."""

from typing import Any

import numpy as np

from numpy_impl import MultiHeadAttention
from numpy_impl.layers import attention
from numpy_impl.layers.affine import column_sums, rows
from numpy_impl.layers.attention import attention_backward, joined
from numpy_impl.validation import Array
from torch_ref.slip import slip

PAIR = "multi_head_attention"


class ByHand(MultiHeadAttention):
    """Step by step, for slips to change one of them."""

    def _forward(self, x: Array) -> Any:
        q, k, v = (self._cut(part) for part in self.parts(x @ self.W_in + self.b_in))
        heads, (*qkv, weights) = attention.attention(self.scaled(q), k, v, self.causal)
        a = self.joined(heads)
        return a @ self.W_out + self.b_out, (x, a, *qkv, weights)

    def _backward(self, dout: Array, cache: Any) -> Any:
        x, a, *attended = cache
        dq, dk, dv = attention_backward(self._cut(self.of_heads(dout)), attended)
        dqkv = np.concatenate(self.order(*(self.joined(d) for d in (self.scaled(dq), dk, dv))), axis=-1)
        gradients = {"W_in": rows(x).T @ rows(dqkv), "b_in": self.summed(dqkv)}
        with_out = {"W_out": rows(self.kept(x, a, *attended)).T @ rows(dout), "b_out": column_sums(dout)}
        return dqkv @ self.W_in.T, gradients | with_out

    def parts(self, qkv: Array) -> Any:
        return np.split(qkv, 3, axis=-1)

    def scaled(self, a: Array) -> Array:
        return a

    def joined(self, heads: Array) -> Array:
        return joined(heads)

    def of_heads(self, dout: Array) -> Array:
        return dout @ self.W_out.T

    def order(self, dq: Array, dk: Array, dv: Array) -> Any:
        return dq, dk, dv

    def summed(self, dqkv: Array) -> Any:
        return column_sums(dqkv)

    def kept(self, _x: Array, a: Array, *_attended: Array) -> Array:
        return a


@slip(PAIR, cause="the scale is that of the whole width")
class ScaleOfTheWholeWidth(ByHand):
    """The logits are divided by √D, where it must be √(D / h)."""

    def scaled(self, a: Array) -> Array:
        return a * self.heads**-0.5


@slip(PAIR, cause="cut and joined by a reshape alone")
class CutByReshape(ByHand):
    """(N, T, D) is reshaped to (N, h, T, D/h) and back: a head gets positions, not features."""

    def _cut(self, a: Array) -> Array:
        N, T, D = a.shape
        return a.reshape(N, self.heads, T, D // self.heads)

    def joined(self, heads: Array) -> Array:
        N, h, T, size = heads.shape
        return heads.reshape(N, T, h * size)


@slip(PAIR, cause="heads are joined by a reshape alone")
class JoinedByReshape(ByHand):
    """(N, h, T, D/h) is reshaped to (N, T, D), without its axes in order first."""

    def joined(self, heads: Array) -> Array:
        N, h, T, size = heads.shape
        return heads.reshape(N, T, h * size)


@slip(PAIR, cause="to the heads in turn")
class CutInTurn(ByHand):
    """Feature i goes to head i mod h, as by a reshape to (D/h, h)."""

    def _cut(self, a: Array) -> Array:
        N, T, D = a.shape
        return a.reshape(N, T, D // self.heads, self.heads).transpose(0, 3, 1, 2)

    def joined(self, heads: Array) -> Array:
        N, h, T, size = heads.shape
        return heads.transpose(0, 2, 3, 1).reshape(N, T, h * size)


@slip(PAIR, cause="the gradients of q and k are exchanged")
class QueriesAndKeysExchanged(ByHand):
    """dq and dk change places in dW_in and dx."""

    def order(self, dq: Array, dk: Array, dv: Array) -> Any:
        return dk, dq, dv


@slip(PAIR, cause="the gradients of k and v are exchanged")
class KeysAndValuesExchanged(ByHand):
    """dk and dv change places in dW_in and dx."""

    def order(self, dq: Array, dk: Array, dv: Array) -> Any:
        return dq, dv, dk


@slip(PAIR, cause="it looks ahead")
class HeadsLookAhead(ByHand):
    """causal has no effect."""

    def _forward(self, x: Array) -> Any:
        causal, self.causal = self.causal, False
        try:
            return super()._forward(x)
        finally:
            self.causal = causal


@slip(PAIR, cause="taken with x")
class WOutByX(ByHand):
    """dW_out = xᵀ dout."""

    def kept(self, x: Array, _a: Array, *_attended: Array) -> Array:
        return x


@slip(PAIR, cause="taken with v")
class WOutByValues(ByHand):
    """dW_out = vᵀ dout, as if no weights were between."""

    def kept(self, _x: Array, _a: Array, *attended: Array) -> Array:
        return joined(attended[2])


@slip(PAIR)
class WOutLeftOutInBackward(ByHand):
    """dout goes to the heads as it is, not through W_outᵀ."""

    def of_heads(self, dout: Array) -> Array:
        return dout


@slip(PAIR)
class BiasOfTheLastSample(ByHand):
    """db_in is summed over the positions, and of the samples the last one is taken."""

    def summed(self, dqkv: Array) -> Any:
        return column_sums(dqkv[-1])


@slip(PAIR)
class ThreeBiasesInTurn(ByHand):
    """The columns of W_in are taken for q, k, v of each head in turn, as another framework keeps them."""

    def parts(self, qkv: Array) -> Any:
        N, T, D = qkv.shape
        return (part.reshape(N, T, D // 3) for part in qkv.reshape(N, T, self.heads, 3, -1).transpose(3, 0, 1, 2, 4))


@slip(PAIR, cause="b_out is left out")
class BOutLeftOut(MultiHeadAttention):
    """y = a W_out."""

    def _forward(self, x: Array) -> Any:
        y, cache = super()._forward(x)
        return y - self.b_out, cache


@slip(PAIR, cause="the layer keeps x itself")
class KeepsXItself(MultiHeadAttention):
    """The cache is the caller's x, which may change before backward."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self._cache = x, *self._cache[1:]
        return y
