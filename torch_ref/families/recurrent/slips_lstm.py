"""Slips in the gates of LSTM, and in the two ways that go back through them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from numpy_impl import LSTM
from numpy_impl.layers.recurrent import Back, Past
from numpy_impl.validation import Array
from torch_ref.families.recurrent.other_weights import by_other_weights, in_order
from torch_ref.slip import slip


class _LoopLSTM(LSTM):
    """The loop of LSTM with one thing to change."""

    def _back(self, dout: Array, past: Past, dh: Array | None = None, dc: Array | None = None) -> Back:  # type: ignore[override]
        gates, _, c, tanh_c = past.own
        slopes, slopes_c = self.slopes(past)
        da = np.empty_like(slopes)
        WhT = self._transposed(self.Wh)
        dh, dc = self._last(past, dh), self._last(past, dc)
        for t in reversed(range(len(tanh_c))):
            i, f, g, o = gates[:, t]
            is_last = t == len(tanh_c) - 1
            dh, dc = self.met(dout[:, t], dh, is_last), dc if is_last else self.kept(dc)
            dc = dc + dh * o * slopes_c[t]
            da[:, t] = np.stack([dc * g, dc * c[t], dc * i, dh * tanh_c[t]]) * slopes[:, t]
            dh, dc = (da[:, t] @ WhT).sum(axis=0), dc * f
        return Back(da, da, {"h": dh, "c": dc})

    def slopes(self, past: Past) -> tuple[Array, Array]:
        _, slopes, _, tanh_c = past.own
        return slopes, 1 - tanh_c**2

    def met(self, dout: Array, later: Array, _is_last: bool) -> Any:
        return dout + later

    def kept(self, dc: Array) -> Any:
        return dc


@slip("lstm", cause="by h is not added")
class LaterHForgotten(_LoopLSTM):
    """dh of the next step is not added; dc is."""

    def met(self, dout: Array, later: Array, is_last: bool) -> Any:
        return dout + later if is_last else dout


@slip("lstm", cause="by c is not added")
class LaterCForgotten(_LoopLSTM):
    """dc begins anew at each step."""

    def kept(self, dc: Array) -> Any:
        return 0 * dc


@slip("lstm", cause="by h and by c, is not added")
class LaterStepsForgotten(LaterHForgotten, LaterCForgotten):
    """Neither dh nor dc of the next step is added."""


@slip("lstm", cause="dc, the gradient of the last state, is not added")
class LastCForgotten(LSTM):
    """dc of the last step is ignored."""

    def _back(self, dout: Array, past: Past, dh: Array | None = None, _dc: Array | None = None) -> Back:  # type: ignore[override]
        return super()._back(dout, past, dh)


@slip("lstm", cause="σ′ of the gates is left out")
class WithoutSlopesOfGates(_LoopLSTM):
    """The derivatives of the sigmoids are 1."""

    def slopes(self, past: Past) -> Any:
        slopes, slopes_c = super().slopes(past)
        slopes = slopes.copy()
        slopes[[0, 1, 3]] = 1
        return slopes, slopes_c


@slip("lstm_of_x", cause="tanh′ of g is left out")
class WithoutSlopeOfG(_LoopLSTM):
    """The derivative of tanh of the candidate is 1."""

    def slopes(self, past: Past) -> Any:
        slopes, slopes_c = super().slopes(past)
        slopes = slopes.copy()
        slopes[2] = 1
        return slopes, slopes_c


@slip("lstm", cause="tanh′(c) is left out")
class WithoutSlopeOfC(_LoopLSTM):
    """dc += dh o."""

    def slopes(self, past: Past) -> Any:
        slopes, slopes_c = super().slopes(past)
        return slopes, np.ones_like(slopes_c)


@slip("lstm", cause="σ′ is taken as σ")
class SlopesAreGates(_LoopLSTM):
    """σ′ = σ."""

    def slopes(self, past: Past) -> Any:
        slopes, slopes_c = super().slopes(past)
        slopes = slopes.copy()
        slopes[[0, 1, 3]] = past.own[0][[0, 1, 3]]
        return slopes, slopes_c


class _Ordered(LSTM):
    """The i-th gate here is PyTorch's of this number."""

    order: Sequence[int] = (0, 1, 2, 3)

    @property
    def _turned(self) -> dict[str, Array]:
        inverse = [self.order.index(i) for i in range(len(self.order))]
        return {name: in_order(value, inverse) for name, value in self.params.items()}

    def _forward(self, *inputs: Any) -> Any:
        return by_other_weights(self, lambda: super(_Ordered, self)._forward(*inputs), **self._turned)

    def _backward(self, *given: Any) -> Any:
        dx, found = by_other_weights(self, lambda: super(_Ordered, self)._backward(*given), **self._turned)
        return dx, {n: in_order(g, self.order) if n in self.parameter_names else g for n, g in found.items()}


@slip("lstm", source="Saito 2, section 6.3", cause="its gates are in the order f g i o")
class SaitosOrder(_Ordered):
    """The gates lie in the order f g i o."""

    order = (1, 2, 0, 3)


@slip("lstm", source="Keras, CS231n in part", cause="its gates are in the order i f o g")
class CandidateLast(_Ordered):
    """The gates lie in the order i f o g."""

    order = (0, 1, 3, 2)


@slip("lstm_of_x", cause="the gate o has the bias of i in bx")
class BiasOfAnotherGate(LSTM):
    """The output gate has the bias of the input gate."""

    def _forward(self, *inputs: Any) -> Any:
        bx = self.bx.copy()
        bx[-len(self.Wh) :] = bx[: len(self.Wh)]
        return by_other_weights(self, lambda: super(BiasOfAnotherGate, self)._forward(*inputs), bx=bx)


@slip("lstm", cause="tanh of c is left out")
class WithoutTanhOfC(LSTM):
    """y = o c; its derivative is that of o tanh(c)."""

    def _forward(self, x: Array, *states: Any) -> Any:
        _, past = super()._forward(x, *states)
        for t in range(x.shape[1]):  # step by step, for h goes on
            step = (past.h[t], past.own[2][t]) if t else states
            _, of_step = super()._forward(x[:, t : t + 1], *step)
            past.own[0][:, t], past.own[1][:, t] = of_step.own[0][:, 0], of_step.own[1][:, 0]
            past.own[2][t + 1], past.own[3][t] = of_step.own[2][1], of_step.own[3][0]
            past.h[t + 1] = of_step.own[0][3, 0] * of_step.own[2][1]
        return past.h[1:].swapaxes(0, 1), past
