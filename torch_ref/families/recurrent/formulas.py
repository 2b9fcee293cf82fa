"""The formulas of recurrent layers: forward for balls and for many digits, backward for balls.

A cell is one step. Along a sequence its states are balls again, so the radii grow with the length: sequences are short,
and long ones are checked step by step (`stepwise`).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from torch_ref.bounds import Ball, concatenate, sigmoid, tanh
from torch_ref.families.affine.formulas import affine
from torch_ref.families.recurrent.sums import (
    accumulated,
    complement,
    either,
    of_two_products,
    product,
    sigmoid_slope,
    tanh_slope,
)


class Weights(NamedTuple):
    Wx: Any
    Wh: Any
    bx: Any
    bh: Any


class Back(NamedTuple):
    """What a step sends back: the gradients of x Wx + bx and of h Wh + bh, and what h and c get besides by `dv Whᵀ`."""

    du: Ball
    dv: Ball
    to_h: Sequence[Ball] = ()
    to_c: Ball | None = None


class Cell(Protocol):
    """`step` returns the new states, h first, and what `back` needs of them."""

    states: int
    gates: int

    def step(self, x: Any, states: Sequence[Any], weights: Weights) -> tuple[list[Any], Any]: ...

    def back(self, kept: Any, dh: Ball, dc: Ball | None) -> Back: ...


class RNNCell:
    states, gates = 1, 1
    tanh_slope = staticmethod(tanh_slope)

    def step(self, x: Any, states: Sequence[Any], weights: Weights) -> tuple[list[Any], Any]:
        (h,) = states
        a = of_two_products(x, weights.Wx, h, weights.Wh, weights.bx, weights.bh)
        return [tanh(a)], a

    def back(self, kept: Any, dh: Ball, dc: Ball | None) -> Back:  # noqa: ARG002 - a cell without c
        da = dh * self.tanh_slope(kept)
        return Back(da, da)


class LSTMCell:
    states, gates = 2, 4
    sigmoid = staticmethod(sigmoid)
    sigmoid_slope, tanh_slope, slope_of_c = (
        staticmethod(sigmoid_slope),
        staticmethod(tanh_slope),
        staticmethod(tanh_slope),
    )

    def step(self, x: Any, states: Sequence[Any], weights: Weights) -> tuple[list[Any], Any]:
        h, before = states
        a = split(of_two_products(x, weights.Wx, h, weights.Wh, weights.bx, weights.bh), 4)
        i, f, g, o = self.sigmoid(a[0]), self.sigmoid(a[1]), tanh(a[2]), self.sigmoid(a[3])
        c = f * before + i * g
        return [o * tanh(c), c], (a, before, c)

    def back(self, kept: Any, dh: Ball, dc: Ball | None) -> Back:
        a, before, c = kept
        i, f, g, o = self.sigmoid(a[0]), self.sigmoid(a[1]), tanh(a[2]), self.sigmoid(a[3])
        by_h = product(dh, o, self.slope_of_c(c))
        dc = by_h if dc is None else dc + by_h
        da = [
            product(dc, g, self.sigmoid_slope(a[0])),
            product(dc, before, self.sigmoid_slope(a[1])),
            product(dc, i, self.tanh_slope(a[2])),
            product(dh, tanh(c), self.sigmoid_slope(a[3])),
        ]
        together = concatenate(da, 1)
        return Back(together, together, to_c=dc * f)


class GRUCell:
    states, gates = 1, 3
    sigmoid = staticmethod(sigmoid)
    sigmoid_slope, tanh_slope = staticmethod(sigmoid_slope), staticmethod(tanh_slope)

    def step(self, x: Any, states: Sequence[Any], weights: Weights) -> tuple[list[Any], Any]:
        (h,) = states
        Wx, Wh, bx, bh = (split(one, 3) for one in weights)
        a_r, a_z = (of_two_products(x, Wx[gate], h, Wh[gate], bx[gate], bh[gate]) for gate in (0, 1))
        v_n = affine(h, Wh[2], bh[2])
        a_n = affine(x, Wx[2], bx[2]) + self.sigmoid(a_r) * v_n
        z, n = self.sigmoid(a_z), tanh(a_n)
        if not isinstance(z, Ball):
            return [n + z * (h - n)], None
        not_z = complement(a_z)
        return [either(not_z * n + z * h, n + z * (h - n), h + not_z * (n - h))], (a_r, a_z, a_n, v_n, h)

    def back(self, kept: Any, dh: Ball, dc: Ball | None) -> Back:  # noqa: ARG002 - a cell without c
        a_r, a_z, a_n, v_n, h = kept
        r, z, n = self.sigmoid(a_r), self.sigmoid(a_z), tanh(a_n)
        da_n = product(dh, complement(a_z), self.tanh_slope(a_n))
        dz = dh * h - dh * n  # or dh (h − n), which errs by less
        da_z, da_r = dz * self.sigmoid_slope(a_z), product(da_n, v_n, self.sigmoid_slope(a_r))
        return Back(concatenate([da_r, da_z, da_n], 1), concatenate([da_r, da_z, da_n * r], 1), [dh * z])


RNN, LSTM, GRU = RNNCell(), LSTMCell(), GRUCell()


def split(a: Any, gates: int) -> list[Any]:
    """(…, k H) -> k of (…, H)."""
    H = a.shape[-1] // gates
    return [a[..., gate * H : (gate + 1) * H] for gate in range(gates)]


def zeros_for(x: Any, size: int) -> Any:
    zeros = np.zeros((x.shape[0], size))
    return x.format.exact(zeros) if isinstance(x, Ball) else zeros


def run(cell: Cell, x: Any, states: Sequence[Any], weights: Weights) -> tuple[list[list[Any]], list[Any]]:
    """The states after each step, and what each step keeps; from zeros, if there are no states."""
    now = list(states) or [zeros_for(x, weights.Wh.shape[0])] * cell.states
    found, kept = [], []
    for t in range(x.shape[1]):
        now, of_step = cell.step(x[:, t], now, weights)
        found.append(now)
        kept.append(of_step)
    return found, kept


def over_time(parts: Sequence[Any]) -> Any:
    """Each (N, H), of T times: (N, T, H)."""
    return concatenate([part.reshape(part.shape[0], 1, part.shape[1]) for part in parts], 1)


def forward(cell: Cell, x: Any, states: Sequence[Any], weights: Weights) -> tuple[Any, ...]:
    """y, and the last states."""
    found, _ = run(cell, x, states, weights)
    return over_time([h for h, *_ in found]), *found[-1]


class Upstream(NamedTuple):
    """Of y, and of the last states by other ways than y."""

    dout: Ball
    dh: Ball | None = None
    dc: Ball | None = None


def from_later(later: Back, WhT: Ball, dout: Ball) -> Ball:
    """dh of a step: what the next one sends back, and dout."""
    return accumulated(later.dv, WhT, dout, *later.to_h)


def of_later(later: Back) -> Ball | None:
    """dc of a step but for what comes by h."""
    return later.to_c


class Links(NamedTuple):
    """How gradients go from a step to the one before it; a slip has others."""

    to_h: Callable[[Back, Ball, Ball], Ball] = from_later
    to_c: Callable[[Back], Ball | None] = of_later


AS_IT_IS = Links()


def back_steps(cell: Cell, kept: Sequence[Any], upstream: Upstream, WhT: Ball, links: Links = AS_IT_IS) -> list[Back]:
    """What each step sends back, in the order of time."""
    dout, dh, dc = upstream
    later: Back | None = None
    found = []
    for t in reversed(range(len(kept))):
        if later:
            dh, dc = links.to_h(later, WhT, dout[:, t]), links.to_c(later)
        else:
            dh = dout[:, t] if dh is None else dout[:, t] + dh
        later = cell.back(kept[t], dh, dc)
        found.append(later)
    return found[::-1]


def backward(
    cell: Cell, x: Ball, states: Sequence[Ball], upstream: Upstream, weights: Weights, links: Links = AS_IT_IS
) -> dict[str, Ball]:
    """dx, dh0 (and dc0), and those of the weights: each a sum over all samples and times, in any order."""
    found, kept = run(cell, x, states, weights)
    steps = back_steps(cell, kept, upstream, weights.Wh.T, links)
    h0 = states[0] if states else zeros_for(x, weights.Wh.shape[0])
    du, dv = concatenate([step.du for step in steps]), concatenate([step.dv for step in steps])
    gradients = {
        "dx": over_time([step.du @ weights.Wx.T for step in steps]),
        "dWx": concatenate([x[:, t] for t in range(len(steps))]).T @ du,
        "dWh": concatenate([h0, *(h for h, *_ in found[:-1])]).T @ dv,
        "dbx": du.sum(0),
        "dbh": dv.sum(0),
        "dh0": accumulated(steps[0].dv, weights.Wh.T, *steps[0].to_h),
    }
    dc = steps[0].to_c
    return gradients | ({} if dc is None else {"dc0": dc})
