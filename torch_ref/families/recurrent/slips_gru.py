"""Slips in the gates of GRU, and in the ways that go back through them."""

from typing import Any

import numpy as np

from numpy_impl import GRU
from numpy_impl.layers.recurrent import Back, Past
from numpy_impl.validation import Array
from torch_ref.families.recurrent.other_weights import by_other_weights, in_order
from torch_ref.slip import slip


class _LoopGRU(GRU):
    """The loop of GRU with one thing to change."""

    def _back(self, dout: Array, past: Past, dh: Array | None = None) -> Back:  # type: ignore[override]
        gates, slopes, v_n, not_z = past.own
        dh, du, dv = self._last(past, dh), np.empty_like(slopes), np.empty_like(slopes)
        WhT = self._transposed(self.Wh)
        for t in reversed(range(len(v_n))):
            r, z, n = gates[:, t]
            dh = dh + dout[:, t]
            du_n = dh * not_z[t] * self.slope_of_n(slopes[2, t])
            du_r, du_z = du_n * v_n[t] * slopes[0, t], dh * (past.h[t] - n) * slopes[1, t]
            du[:, t] = du_r, du_z, du_n
            dv[:, t] = du_r, du_z, self.reset(du_n, r)
            dh = self.kept(z * dh) + (dv[:, t] @ WhT).sum(axis=0)
        return Back(du, dv, {"h": dh})

    def slope_of_n(self, slope: Array) -> Any:
        return slope

    def reset(self, du_n: Array, r: Array) -> Any:
        return du_n * r

    def kept(self, dh: Array) -> Any:
        return dh


@slip("gru", cause="dh z, what goes back by the part that is kept, is not added")
class KeptPartForgotten(_LoopGRU):
    """What goes back through z h is not added; dh0 is right but for that."""

    def kept(self, dh: Array) -> Any:
        return 0 * dh


@slip("gru", cause="the reset gate is left out in what goes back")
class ResetForgottenInBackward(_LoopGRU):
    """dv = du: the gradient of h Wh + bh is not multiplied by r."""

    def reset(self, du_n: Array, _r: Array) -> Any:
        return du_n


@slip("gru_of_x", cause="tanh′ of n is left out")
class WithoutSlopeOfN(_LoopGRU):
    """The derivative of tanh of the candidate is 1."""

    def slope_of_n(self, slope: Array) -> Any:
        return np.ones_like(slope)


class _OtherStep(GRU):
    """Another candidate, or another mixture, in forward alone: what follows is that of the right one."""

    def _forward(self, x: Array, h0: Array | None = None) -> Any:
        H, h = len(self.Wh), h0
        right = super()._forward(x, h0)
        y = np.empty_like(right[0])
        for t in range(x.shape[1]):
            _, past = super()._forward(x[:, t : t + 1], h)
            (r, z, _), u = past.own[0][:, 0], x[:, t] @ self.Wx[:, 2 * H :] + self.bx[2 * H :]
            n = np.tanh(u + self.by_h(r, past.h[0], self.Wh[:, 2 * H :], self.bh[2 * H :]))
            y[:, t] = h = self.mixed(z, n, past.h[0])
            right[1].h[t + 1] = h
        return y, right[1]

    def by_h(self, r: Array, h: Array, W: Array, b: Array) -> Any:
        return r * (h @ W + b)

    def mixed(self, z: Array, n: Array, h: Array) -> Any:
        return (1 - z) * n + z * h


@slip("gru", source="the paper's form, and Keras's reset_after=False", cause="the reset gate comes before the product")
class ResetBeforeTheProduct(_OtherStep):
    """n = tanh(x Wx + (r h) Wh + b)."""

    def by_h(self, r: Array, h: Array, W: Array, b: Array) -> Any:
        return (r * h) @ W + b


@slip("gru_of_x", cause="the reset gate leaves out the bias")
class BiasOutsideOfReset(_OtherStep):
    """n = tanh(x Wx + bx + r (h Wh) + bh)."""

    def by_h(self, r: Array, h: Array, W: Array, b: Array) -> Any:
        return r * (h @ W) + b


@slip("gru", source="the paper's form of 2014 in its first version", cause="z and 1 - z are exchanged")
class ZExchanged(_OtherStep):
    """y = z n + (1 − z) h."""

    def mixed(self, z: Array, n: Array, h: Array) -> Any:
        return z * n + (1 - z) * h


@slip("gru", cause="it is the gradient of bx, under the wrong name")
class DbhIsDbx(GRU):
    """Both biases have one gradient, as of LSTM: the reset gate between them is forgotten."""

    def _sums(self, past: Past, back: Back) -> Any:
        found = super()._sums(past, back)
        return found | {"bh": found["bx"]}


@slip("gru", cause="its gates are in the order z r n")
class UpdateGateFirst(GRU):
    """The gates lie in the order z r n."""

    def _forward(self, *inputs: Any) -> Any:
        turned = {name: in_order(value, (1, 0, 2)) for name, value in self.params.items()}
        return by_other_weights(self, lambda: super(UpdateGateFirst, self)._forward(*inputs), **turned)

    def _backward(self, *given: Any) -> Any:
        turned = {name: in_order(value, (1, 0, 2)) for name, value in self.params.items()}
        dx, found = by_other_weights(self, lambda: super(UpdateGateFirst, self)._backward(*given), **turned)
        return dx, {n: in_order(g, (1, 0, 2)) if n in self.parameter_names else g for n, g in found.items()}
