"""Steps with one mistake: in the formula itself, or in its derivative alone."""

from collections.abc import Iterator, Sequence
from typing import Any

from torch_ref.bounds import Ball, sigmoid, tanh
from torch_ref.families.affine.formulas import affine
from torch_ref.families.recurrent.formulas import RNN, Back, Cell, GRUCell, LSTMCell, RNNCell, Weights, split
from torch_ref.families.recurrent.sums import of_two_products


def one(a: Ball) -> Ball:
    return a.as_ball(1.0)


def backward_cells(cell: Cell) -> Iterator[tuple[str, Cell]]:
    """Their derivatives are wrong."""
    if isinstance(cell, RNNCell):
        yield "tanh′ is left out", _rnn(one)
        yield "tanh′ is taken at a, where it must be of h: 1 - a^2", _rnn(lambda a: 1 - a * a)
        yield "tanh′ is taken as 1 - h, where it must be 1 - h^2", _rnn(lambda a: 1 - tanh(a))
        yield "tanh′ is taken as h (1 - h), that of the sigmoid", _rnn(lambda a: tanh(a) * (1 - tanh(a)))
        return
    is_lstm = isinstance(cell, LSTMCell)
    for says, changed in {
        "σ′ of the gates is left out": {"sigmoid_slope": one},
        "σ′ is taken as σ, where it must be σ (1 - σ)": {"sigmoid_slope": sigmoid},
        f"tanh′ of {'g' if is_lstm else 'n'} is left out": {"tanh_slope": one},
    }.items():
        yield says, _changed(cell, changed)
    if is_lstm:
        yield "tanh′(c) is left out", _changed(cell, {"slope_of_c": one})
    else:
        yield "the reset gate is left out in what goes back by h Wh + bh: r da_n is taken as da_n", WithoutReset()


def forward_cells(cell: Cell) -> Iterator[tuple[str, Cell]]:
    """Their states are wrong."""
    if isinstance(cell, LSTMCell):
        yield "tanh of c is left out: y is o c", WithoutTanh()
    if isinstance(cell, GRUCell):
        yield "the reset gate comes before the product with Wh: (r h) Wh, where it must be r (h Wh + bh)", ResetBefore()
        yield "the reset gate leaves out the bias: r (h Wh) + bh, where it must be r (h Wh + bh)", BiasOutside()
        yield "z and 1 - z are exchanged", Exchanged()


def _rnn(slope: Any) -> Cell:
    return _changed(RNN, {"tanh_slope": slope})


def _changed(cell: Any, attributes: Any) -> Cell:
    kind = type(cell)
    made: Cell = type(kind.__name__, (kind,), {name: staticmethod(f) for name, f in attributes.items()})()
    return made


class WithoutReset(GRUCell):
    def back(self, kept: Any, dh: Ball, dc: Ball | None) -> Back:
        right = super().back(kept, dh, dc)
        return right._replace(dv=right.du)


class WithoutTanh(LSTMCell):
    def step(self, x: Any, states: Sequence[Any], weights: Weights) -> tuple[list[Any], Any]:
        h, before = states
        a = split(of_two_products(x, weights.Wx, h, weights.Wh, weights.bx, weights.bh), 4)
        c = sigmoid(a[1]) * before + sigmoid(a[0]) * tanh(a[2])
        return [sigmoid(a[3]) * c, c], None


class _Candidate(GRUCell):
    """With another candidate or another mixture."""

    def step(self, x: Any, states: Sequence[Any], weights: Weights) -> tuple[list[Any], Any]:
        (h,) = states
        Wx, Wh, bx, bh = (split(one, 3) for one in weights)
        r, z = (sigmoid(of_two_products(x, Wx[gate], h, Wh[gate], bx[gate], bh[gate])) for gate in (0, 1))
        return [self.mixed(z, tanh(affine(x, Wx[2], bx[2]) + self.by_h(r, h, Wh[2], bh[2])), h)], None

    def by_h(self, r: Ball, h: Ball, W: Ball, b: Ball) -> Ball:
        return r * affine(h, W, b)

    def mixed(self, z: Ball, n: Ball, h: Ball) -> Ball:
        return (1 - z) * n + z * h


class ResetBefore(_Candidate):
    def by_h(self, r: Ball, h: Ball, W: Ball, b: Ball) -> Ball:
        return affine(r * h, W, b)


class BiasOutside(_Candidate):
    def by_h(self, r: Ball, h: Ball, W: Ball, b: Ball) -> Ball:
        return r * (h @ W) + b.reshape(1, -1)


class Exchanged(_Candidate):
    def mixed(self, z: Ball, n: Ball, h: Ball) -> Ball:
        return z * n + (1 - z) * h
