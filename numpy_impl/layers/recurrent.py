"""What recurrent layers have in common, and RNN, the simplest. Their formulas are derived in recurrent.md."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.layer import Layer, Parameter, door
from numpy_impl.layers.affine import rows
from numpy_impl.validation import Array, after_forward, check_cell, check_sequence, check_state


class Past(NamedTuple):
    """The cache of a pass. Time comes first, and the gates before it: each step of a gate is one piece of memory."""

    x: Array  # (T, N, D)
    h: Array  # (T + 1, N, H), from the first state to the last
    given: Sequence[str]  # the first states that came in: h, c
    own: Any  # what the layer's steps need besides


class Back(NamedTuple):
    """What a pass back through time finds."""

    du: Array  # (k, T, N, H), the gradient of u = x Wx + bx
    dv: Array  # (k, T, N, H), that of v = h Wh + bh, often the same
    first: dict[str, Array]  # those of the first states


class Recurrent(Layer):
    """y_t = h_t, the states of a step that is done again and again: h_t = step(x_t, h_{t−1}), with k gates each.

    A subclass writes `_forward(x, *states)`, and `_back(dout, past, *last)` the loop over time from its end. What needs
    no loop is here, all times at once: the product x Wx, and the gradients of the parameters, which every step adds to.
    """

    Wx, Wh, bx, bh = Parameter(), Parameter(), Parameter(), Parameter()
    dWx: Any
    dWh: Any
    dbx: Any
    dbh: Any
    gates: ClassVar[int] = 1  # k
    states: ClassVar[tuple[str, ...]] = ("h",)
    h: Any = None  # the last state
    dh0: Any = None

    def __init__(self, Wx: Array, Wh: Array, bx: Array, bh: Array) -> None:
        check_cell(self, self.gates, Wx, Wh, bx, bh)
        self.Wx, self.Wh, self.bx, self.bh = Wx, Wh, bx, bh

    @door
    def forward(self, x: Array, h0: Array | None = None) -> Array:
        """y, from the first state h0, zeros if None."""
        return self._enter(x, h0)

    @door
    def backward(self, dout: Array, dh: Array | None = None) -> Array:
        """dx from dout = ∂L/∂y and dh, the gradient of the last state by other ways than y, zeros if None."""
        return self._leave(dout, dh)

    def _back(self, dout: Array, past: Past, *last: Array | None) -> Back:
        raise NotImplementedError(f"{type(self).__name__}: a recurrent layer must have _back")

    def _backward(self, dout: Array, past: Past, *last: Array | None) -> tuple[Array, dict[str, Array]]:
        back = self._back(dout, past, *last)
        dx = flat(back.du) @ self._transposed(self.Wx)  # (k, T N, D), a part by each gate
        return dx.sum(axis=0).reshape(past.x.shape).swapaxes(0, 1), self._sums(past, back)

    def _gradients(self, dout: Array, past: Past) -> dict[str, Array]:
        return self._sums(past, self._back(dout, past))

    def _sums(self, past: Past, back: Back) -> dict[str, Array]:
        """Each step adds to the gradients: one product over all samples and times."""
        return {
            "Wx": together(rows(past.x).T @ flat(back.du)),
            "Wh": together(rows(past.h[:-1]).T @ flat(back.dv)),
            "bx": back.du.sum(axis=2).sum(axis=1).reshape(-1),
            "bh": back.dv.sum(axis=2).sum(axis=1).reshape(-1),
        } | {f"{name}0": back.first[name] for name in past.given}

    def _through_x(self, x: Array, b: Array) -> tuple[Array, Array]:
        """x in the order of time, and x Wx + b of all times: it needs no state."""
        x = np.ascontiguousarray(x.swapaxes(0, 1))  # (N, T, D) -> (T, N, D)
        u = rows(x) @ self._apart(self.Wx)  # -> (k, T N, H)
        u += self._apart(b)
        return x, u.reshape(self.gates, *x.shape[:2], len(self.Wh))

    def _apart(self, W: Array) -> Array:
        """(…, k H) -> (k, …, H): the gates one after another, and of a vector (k, 1, H)."""
        return np.ascontiguousarray(W.reshape(-1, self.gates, len(self.Wh)).swapaxes(0, 1))

    def _transposed(self, W: Array) -> Array:
        """(…, k H) -> (k, H, …), in one piece: the product is faster."""
        return np.ascontiguousarray(W.reshape(-1, self.gates, len(self.Wh)).transpose(1, 2, 0))

    def _all_times(self, x: Array, first: Array | None) -> Array:
        """Room for the states of all times, (T + 1, N, H), with the first one in its place."""
        found = np.empty((x.shape[0] + 1, x.shape[1], len(self.Wh)), x.dtype)
        found[0] = 0 if first is None else first
        return found

    def _last(self, past: Past, last: Array | None) -> Any:
        """The gradient of the last state."""
        return np.zeros_like(past.h[0]) if last is None else last

    def _given(self, *states: Array | None) -> list[str]:
        return [name for name, state in zip(self.states, states, strict=False) if state is not None]

    def _keep(self, past: Past) -> None:
        self.h = past.h[-1].copy()

    def _check(self, who: object, x: Array) -> None:
        check_sequence(who, x, len(self.Wx), self.Wx.dtype)

    @ieee_arithmetic
    def _enter(self, x: Array, *states: Array | None) -> Array:  # type: ignore[override] # a state may be None
        self._check(self, x)
        named = zip(self.states, states, strict=True)
        found = [check_state(self, f"{name}0", state, self._shape(len(x)), x.dtype) for name, state in named]
        return self._remember(*self._forward(np.array(x), *found))

    @ieee_arithmetic
    def _leave(self, dout: Array, *last: Array | None) -> Array:
        shape, dtype = after_forward(self, self._output)
        self._check_dout(dout, shape, dtype)
        named = zip(self.states, last, strict=True)
        found = [check_state(self, f"d{name}", state, self._shape(shape[0]), dtype) for name, state in named]
        dx, gradients = self._backward(dout, self._cache, *found)
        for name in (*self.parameter_names, *(f"{state}0" for state in self.states)):
            setattr(self, f"d{name}", gradients.get(name))  # None of a state that was not given
        return np.array(dx)

    def _shape(self, n: int) -> tuple[int, int]:
        return n, len(self.Wh)


class RNN(Recurrent):
    """h_t = tanh(x_t Wx + bx + h_{t−1} Wh + bh), and y_t = h_t: a layer that goes along a sequence, its memory in h.

    Backward, from the last time to the first: dh_t = dout_t + what step t + 1 sends back, da_t = dh_t tanh′(a_t) with
    a_t the sum in the brackets, and da_t Whᵀ goes back to step t − 1. Then dx_t = da_t Wxᵀ, dWx = Σ_t x_tᵀ da_t,
    dWh = Σ_t h_{t−1}ᵀ da_t, dbx = dbh = Σ_t Σ_n da_tn. 1 − h² would lose the digits of tanh′ as h nears 1.

    Shapes: Wx (D, H), Wh (H, H), bx and bh (H,), x (N, T, D), y and dout (N, T, H), h0 and dh (N, H). The last state
    stays in `h`; no state lives on to the next forward, unless it is handed in as h0. `dh0` is set where h0 was given,
    else None. No samples give an empty y and zero gradients. Caches x, h and tanh′(a). Raises TypeError, ValueError for
    other dtypes, shapes, for x without a batch or without a time; RuntimeError for a backward before any forward.
    Twin: torch.nn.RNN with batch_first=True, which keeps its weights transposed, with two biases too. Source: Elman,
    Finding structure in time, 1990; Saito 2, chapter 5.

    >>> one = np.array([[1.0]])
    >>> layer = RNN(one, one, np.zeros(1), np.zeros(1))
    >>> layer.forward(np.array([[[0.0], [1.0], [0.0]]])).round(4)  # it remembers the 1
    array([[[0.    ],
            [0.7616],
            [0.642 ]]])
    >>> layer.backward(np.array([[[0.0], [0.0], [1.0]]])).round(4)  # of the last y alone
    array([[[0.2469],
            [0.2469],
            [0.5878]]])
    """

    def _forward(self, x: Array, h0: Array | None = None) -> tuple[Array, Past]:
        x, (a,) = self._through_x(x, self.bx + self.bh)
        h = self._all_times(x, h0)
        for t in range(len(x)):
            a[t] += h[t] @ self.Wh
            np.tanh(a[t], out=h[t + 1])
        return h[1:].swapaxes(0, 1), Past(x, h, self._given(h0), tanh_slope(a))

    def _back(self, dout: Array, past: Past, dh: Array | None = None) -> Back:  # type: ignore[override]
        dh, da = self._last(past, dh), past.own.copy()  # tanh′(a)
        for t in reversed(range(len(da))):
            da[t] *= dout[:, t] + dh
            dh = da[t] @ self.Wh.T
        return Back(da[np.newaxis], da[np.newaxis], {"h": dh})


def flat(a: Array) -> Array:
    return a.reshape(len(a), -1, a.shape[-1])  # (k, T, N, H) -> (k, T N, H)


def together(gates: Array) -> Array:
    return np.concatenate(list(gates), axis=-1)  # (k, …, H) -> (…, k H)


def sigmoid_into(y: Array, slope: Array, a: Array) -> None:
    """σ(a) = 1 / (1 + e⁻ᵃ) in y, and σ′(a) = σ(a) σ(−a) = e⁻ᵃ σ(a)² in slope, where y (1 − y) would lose its digits.

    Where e⁻ᵃ overflows σ is less than any normal number, and 1 / ∞ = 0 as good as that.
    """
    e = np.negative(a, out=slope)
    most = np.finfo(a.dtype).max
    if a.dtype.kind == "c":  # an infinite complex number has become NaN by the next step
        np.minimum(e, np.log(most) - 1, out=e)
    np.exp(e, out=e)
    np.divide(1, np.add(e, 1, out=y), out=y)
    np.minimum(e, most, out=e)  # ∞ · 0 is NaN
    e *= y
    e *= y


def tanh_slope(a: Array) -> Array:
    """tanh′(a) = 4 e / (1 + e)² with e = e^−2|a|: 1 − y² would lose its digits as y nears 1."""
    e = np.exp(-2 * (np.where(a.real < 0, -a, a) if a.dtype.kind == "c" else abs(a)))
    below = e + 1
    below *= below
    e *= 4
    e /= below
    return e
