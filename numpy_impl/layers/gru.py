"""GRU, a recurrent layer whose state is kept or replaced. Its formulas are derived in recurrent.md."""

import numpy as np

from numpy_impl.layers.recurrent import Back, Past, Recurrent, sigmoid_into, tanh_slope
from numpy_impl.validation import Array


class GRU(Recurrent):
    """A recurrent layer whose gate z keeps a part of the state, and replaces the rest by a candidate n.

    Forward:  u = x_t Wx + bx and v = h_{t−1} Wh + bh, three gates side by side, u = [u_r u_z u_n]:
              r = σ(u_r + v_r) resets, z = σ(u_z + v_z) keeps, n = tanh(u_n + r v_n)
              y_t = h_t = (1 − z) n + z h_{t−1}
    Backward: dh_t = dout_t + what step t + 1 sends back; da_n = dh (1 − z) tanh′, da_z = dh (h_{t−1} − n) σ′,
              da_r = da_n v_n σ′; du = [da_r da_z da_n], dv = [da_r da_z r da_n]
              back go z dh + dv Whᵀ; dx, dWx, dbx come from du, as of RNN, dWh, dbh from dv
              1 − z is σ(−a_z), which has its digits also where z nears 1.

    The reset gate comes after the product with Wh and its bias, as in PyTorch; in the paper before it, r h Wh.

    Shapes: Wx (D, 3H), Wh (H, 3H), bx and bh (3H,), the gates in PyTorch's order r z n; x (N, T, D), y and dout
    (N, T, H), h0 and dh (N, H). The last state stays in `h`; none lives on to the next forward, unless it is handed in.
    `dh0` is set where h0 was given, else None. No samples give an empty y and zero gradients. Caches x, h, v_n, the
    gates, their slopes and 1 − z. Raises as RNN.
    Twin: torch.nn.GRU with batch_first=True, which keeps its weights transposed. Source: Cho et al., Learning phrase
    representations using RNN encoder–decoder, 2014; the form of the reset gate: NVIDIA's cuDNN.

    >>> layer = GRU(np.array([[0.0, 0.0, 1.0]]), np.zeros((1, 3)), np.array([0.0, -50.0, 0.0]), np.zeros(3))
    >>> layer.forward(np.array([[[1.0], [2.0]]]), h0=np.array([[5.0]])).round(4)  # z = 0: n replaces all
    array([[[0.7616],
            [0.964 ]]])
    """

    gates = 3

    def _forward(self, x: Array, h0: Array | None = None) -> tuple[Array, Past]:
        x, u = self._through_x(x, self.bx)
        h, Wh, bh = self._all_times(x, h0), self._apart(self.Wh), self._apart(self.bh)
        gates, slopes, v_n, not_z = np.empty_like(u), np.empty_like(u), np.empty_like(u[0]), np.empty_like(u[0])
        for t in range(len(x)):
            v = h[t] @ Wh + bh
            a = u[:2, t] + v[:2]
            sigmoid_into(gates[:2, t], slopes[:2, t], a)
            sigmoid_into(not_z[t], np.empty_like(a[1]), -a[1])
            r, z, n = gates[:, t]
            v_n[t] = v[2]
            a = u[2, t] + r * v[2]
            np.tanh(a, out=n)
            slopes[2, t] = tanh_slope(a)
            h[t + 1] = not_z[t] * n + z * h[t]
        return h[1:].swapaxes(0, 1), Past(x, h, self._given(h0), (gates, slopes, v_n, not_z))

    def _back(self, dout: Array, past: Past, dh: Array | None = None) -> Back:  # type: ignore[override]
        gates, slopes, v_n, not_z = past.own
        dh, du, dv = self._last(past, dh), slopes.copy(), np.empty_like(slopes)
        WhT = self._transposed(self.Wh)
        for t in reversed(range(len(v_n))):
            r, z, n = gates[:, t]
            du_r, du_z, du_n = du[:, t]
            dh = dh + dout[:, t]
            du_n *= dh * not_z[t] + (dh - dh)  # NaN of an infinite dh, as dh − z dh is, PyTorch's form
            du_z *= dh * (past.h[t] - n)
            du_r *= du_n * v_n[t]
            dv[:, t] = du[:, t]
            dv[2, t] *= r
            dh = z * dh + (dv[:, t] @ WhT).sum(axis=0)
        return Back(du, dv, {"h": dh})
