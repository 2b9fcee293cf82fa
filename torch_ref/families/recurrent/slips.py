"""Slips in the loop over time, of RNN; those of a layer of x alone are of a network, where states begin at zero."""

from typing import Any

import numpy as np

from numpy_impl import RNN
from numpy_impl.layers.affine import rows
from numpy_impl.layers.recurrent import Back, Past, flat, together
from numpy_impl.validation import Array
from torch_ref.slip import slip


@slip("rnn", source="CS231n, a common mistake of its exercise", cause="first time alone: = where it must be +=")
class AssignsDWh(RNN):
    """dWh = … at each step, where it must be +=: that of the first time is left."""

    def _sums(self, past: Past, back: Back) -> Any:
        return super()._sums(past, back) | {"Wh": past.h[0].T @ back.dv[0, 0]}


@slip("rnn", cause="first time alone: = where it must be +=")
class AssignsDWx(RNN):
    """dWx = … at each step."""

    def _sums(self, past: Past, back: Back) -> Any:
        return super()._sums(past, back) | {"Wx": past.x[0].T @ back.du[0, 0]}


@slip("rnn_of_x", cause="first time alone: = where it must be +=")
class AssignsDb(RNN):
    """dbx = … at each step."""

    def _sums(self, past: Past, back: Back) -> Any:
        return super()._sums(past, back) | {"bx": back.du[0, 0].sum(axis=0)}


@slip("rnn", cause="that of the last time alone")
class LastTimeAlone(RNN):
    """dWh is that of the last time."""

    def _sums(self, past: Past, back: Back) -> Any:
        return super()._sums(past, back) | {"Wh": past.h[-2].T @ back.dv[0, -1]}


@slip("rnn", cause="taken with h_t, where it must be with h_(t - 1)")
class StateAfterTheStep(RNN):
    """dWh is the product with h_t."""

    def _sums(self, past: Past, back: Back) -> Any:
        return super()._sums(past, back) | {"Wh": together(rows(past.h[1:]).T @ flat(back.dv))}


class _Loop(RNN):
    """The loop of RNN with one thing to change."""

    def _back(self, dout: Array, past: Past, dh: Array | None = None) -> Back:  # type: ignore[override]
        dh, da = self._last(past, dh), np.empty_like(past.own)
        for t in reversed(range(len(da))):
            da[t] = self.through_tanh(self.met(dout[:, t], dh, t, len(da)), past, t)
            dh = da[t] @ self.Wh.T
        return Back(da[np.newaxis], da[np.newaxis], {"h": dh})

    def met(self, dout: Array, later: Array, _t: int, _times: int) -> Any:
        return dout + later

    def through_tanh(self, dh: Array, past: Past, t: int) -> Any:
        return dh * past.own[t]


@slip("rnn", source="ML-From-Scratch", cause="what later steps send back is not added")
class LaterStepsForgotten(_Loop):
    """Each step has its own dout alone, and the last one dh."""

    def met(self, dout: Array, later: Array, t: int, times: int) -> Any:
        return dout + later if t == times - 1 else dout


@slip("rnn_of_x", cause="what later steps send back is not added")
class EachStepAlone(_Loop):
    """dh of the next step is not added."""

    def met(self, dout: Array, _later: Array, _t: int, _times: int) -> Any:
        return dout


@slip("rnn", cause="dh, the gradient of the last state, is not added")
class LastStateForgotten(RNN):
    """dh is ignored."""

    def _back(self, dout: Array, past: Past, _dh: Array | None = None) -> Back:  # type: ignore[override]
        return super()._back(dout, past)


@slip("rnn_of_x", cause="dout counts at the last time alone")
class LastDoutAlone(_Loop):
    """A many-to-one layer's backward: dout of the last time."""

    def met(self, dout: Array, later: Array, t: int, times: int) -> Any:
        return dout + later if t == times - 1 else later


@slip("rnn", cause="tanh′ is left out")
class WithoutSlope(_Loop):
    """da = dh."""

    def through_tanh(self, dh: Array, _past: Past, _t: int) -> Any:
        return dh


@slip("rnn", cause="tanh′ is taken as 1 - h, where it must be 1 - h^2")
class SlopeNotSquared(_Loop):
    """tanh′ = 1 − h."""

    def through_tanh(self, dh: Array, past: Past, t: int) -> Any:
        return dh * (1 - past.h[t + 1])


@slip("rnn", cause="the sigmoid")
class SlopeOfSigmoid(_Loop):
    """tanh′ = h (1 − h)."""

    def through_tanh(self, dh: Array, past: Past, t: int) -> Any:
        return dh * past.h[t + 1] * (1 - past.h[t + 1])


@slip("rnn", cause="the state after the first step")
class StateOfTheSecondStep(RNN):
    """dh0 is what comes to the second step."""

    def _back(self, dout: Array, past: Past, dh: Array | None = None) -> Back:  # type: ignore[override]
        back = super()._back(dout, past, dh)
        first = back.dv[0, 1] @ self.Wh.T if back.dv.shape[1] > 1 else self._last(past, dh)
        return back._replace(first={"h": first})


@slip("rnn", cause="Wh is not transposed")
class WhNotTransposed(_Loop):
    """dh = da Wh."""

    def _back(self, dout: Array, past: Past, dh: Array | None = None) -> Back:  # type: ignore[override]
        Wh = self.Wh
        self.__dict__["Wh"] = Wh.T
        try:
            return super()._back(dout, past, dh)
        finally:
            self.__dict__["Wh"] = Wh


@slip("rnn", cause="bh is left out")
class OneBias(RNN):
    """x Wx + h Wh + bx."""

    def _forward(self, x: Array, h0: Array | None = None) -> Any:
        bh = self.bh
        self.__dict__["bh"] = np.zeros_like(bh)
        try:
            return super()._forward(x, h0)
        finally:
            self.__dict__["bh"] = bh


@slip("rnn_of_x", cause="something is left from the call before")
class StateLivesOn(RNN):
    """The last state of one call is the first of the next, as long as it fits."""

    def _forward(self, x: Array, h0: Array | None = None) -> Any:
        if h0 is None and self.h is not None and len(self.h) == len(x):
            h0 = self.h
        y, past = super()._forward(x, h0)
        return y, past._replace(given=[])


@slip("rnn")
class TakesOneSample(RNN):
    """A first state of one sample is broadcast over all."""

    def forward(self, x: Array, h0: Array | None = None) -> Array:
        if getattr(h0, "shape", ()) == (1, len(self.Wh)) and h0 is not None:
            h0 = np.repeat(h0, len(x), axis=0)
        return super().forward(x, h0)
