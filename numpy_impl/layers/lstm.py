"""LSTM, a recurrent layer with a memory that is written, kept and read. Its formulas are derived in recurrent.md."""

from typing import Any

import numpy as np

from numpy_impl.layer import door
from numpy_impl.layers.recurrent import Back, Past, Recurrent, sigmoid_into, tanh_slope
from numpy_impl.validation import Array


class LSTM(Recurrent):
    """A recurrent layer with two states: c, a memory, and h, what is read from it, which is y too.

    Forward:  a = x_t Wx + bx + h_{t−1} Wh + bh, four gates side by side, a = [a_i a_f a_g a_o]:
              i = σ(a_i) writes, f = σ(a_f) keeps, g = tanh(a_g) is written, o = σ(a_o) reads
              c_t = f c_{t−1} + i g,  y_t = h_t = o tanh(c_t)
    Backward: dh_t = dout_t + what step t + 1 sends back, dc_t = dh_t o tanh′(c_t) + f_{t+1} dc_{t+1}
              da = [dc g σ′(a_i), dc c_{t−1} σ′(a_f), dc i tanh′(a_g), dh tanh(c) σ′(a_o)], and da Whᵀ goes back
              dx, dWx, dWh, dbx, dbh from da, as of RNN. σ′ and tanh′ are not taken of y, where they lose their digits.

    Shapes: Wx (D, 4H), Wh (H, 4H), bx and bh (4H,), the gates in PyTorch's order i f g o; x (N, T, D), y and dout
    (N, T, H), h0, c0, dh and dc (N, H). The last states stay in `h` and `c`; none lives on to the next forward, unless
    it is handed in. `dh0`, `dc0` are set where h0, c0 were given, else None. No samples give an empty y and zero
    gradients. Caches x, h, c, tanh(c), the gates and their slopes. Raises as RNN.
    Twin: torch.nn.LSTM with batch_first=True, which keeps its weights transposed. Source: Hochreiter & Schmidhuber,
    Long short-term memory, 1997; Gers, Schmidhuber & Cummins, Learning to forget, 2000; Saito 2, chapter 6.

    >>> W, b = np.zeros((1, 4)), np.array([50.0, 50.0, 0.0, 50.0])  # all gates open
    >>> layer = LSTM(np.array([[0.0, 0.0, 1.0, 0.0]]), W, b, np.zeros(4))
    >>> layer.forward(np.array([[[1.0], [1.0], [1.0]]])).round(4)
    array([[[0.642 ],
            [0.9093],
            [0.9795]]])
    >>> layer.c.round(4)  # 3 tanh(1): what was written adds up
    array([[2.2848]])
    """

    gates = 4
    states = ("h", "c")
    c: Any = None  # the last memory
    dc0: Any = None

    @door
    def forward(self, x: Array, h0: Array | None = None, c0: Array | None = None) -> Array:
        """y, from the first states h0 and c0, zeros if None."""
        return self._enter(x, h0, c0)

    @door
    def backward(self, dout: Array, dh: Array | None = None, dc: Array | None = None) -> Array:
        """dx from dout = ∂L/∂y and dh, dc, the gradients of the last states by other ways than y, zeros if None."""
        return self._leave(dout, dh, dc)

    def _forward(self, x: Array, h0: Array | None = None, c0: Array | None = None) -> tuple[Array, Past]:
        x, a = self._through_x(x, self.bx + self.bh)
        h, c, tanh_c = self._all_times(x, h0), self._all_times(x, c0), np.empty((*x.shape[:2], len(self.Wh)), x.dtype)
        Wh, gates, slopes = self._apart(self.Wh), np.empty_like(a), np.empty_like(a)
        for t in range(len(x)):
            a[:, t] += h[t] @ Wh
            sigmoid_into(gates[:, t], slopes[:, t], a[:, t])  # of g too, whose own follow: one piece is faster
            i, f, g, o = gates[:, t]
            np.tanh(a[2, t], out=g)
            slopes[2, t] = tanh_slope(a[2, t])
            c[t + 1] = f * c[t] + i * g
            np.tanh(c[t + 1], out=tanh_c[t])
            h[t + 1] = o * tanh_c[t]
        return h[1:].swapaxes(0, 1), Past(x, h, self._given(h0, c0), (gates, slopes, c, tanh_c))

    def _back(self, dout: Array, past: Past, dh: Array | None = None, dc: Array | None = None) -> Back:  # type: ignore[override]
        gates, slopes, c, tanh_c = past.own
        da = slopes.copy()
        WhT, dh, dc = self._transposed(self.Wh), self._last(past, dh), self._last(past, dc)
        for t in reversed(range(len(tanh_c))):
            i, f, g, o = gates[:, t]
            da_i, da_f, da_g, da_o = da[:, t]
            dh = dh + dout[:, t]
            dc = dc + dh * o * tanh_slope(c[t + 1])
            da_i *= dc * g
            da_f *= dc * c[t]
            da_g *= dc * i
            da_o *= dh * tanh_c[t]
            dh, dc = (da[:, t] @ WhT).sum(axis=0), dc * f
        return Back(da, da, {"h": dh, "c": dc})

    def _keep(self, past: Past) -> None:
        super()._keep(past)
        self.c = past.own[2][-1].copy()
