"""A long sequence, each step from the states that really were, so that no radius grows with the length."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import format_of
from torch_ref.families.recurrent.formulas import LSTMCell, Weights
from torch_ref.registry import pair_of


@ieee_arithmetic
def greatest_share(layer: Any, x: Array, *states: Array) -> float:
    """The farthest that a state lies from the exact one, which follows from the states before it, in radii."""
    cell, exact = pair_of(layer).forward.__self__.cell, format_of(x.dtype).exact  # type: ignore[union-attr] # of a Form
    weights = Weights(**{name: exact(value) for name, value in layer.params.items()})
    shares = []
    of_time = states_of(layer, cell, x, *states)
    for t in range(x.shape[1]):
        right, _ = cell.step(exact(x[:, t]), [exact(one[t]) for one in of_time], weights)
        shares += [ball.shares(one[t + 1]).max() for ball, one in zip(right, of_time, strict=True)]
    return float(np.max(shares))


def states_of(layer: Any, cell: Any, x: Array, *states: Array) -> Sequence[Array]:
    """h, and c of an LSTM, of all times: (T + 1, N, H) each."""
    _, past = layer._forward(x, *states)
    return (past.h, past.own[2]) if isinstance(cell, LSTMCell) else (past.h,)
