"""Sequences of 50 times: forward step by step, backward as a whole, whose radii stay small where a state forgets."""

from typing import Any

import numpy as np
import pytest

from numpy_impl import GRU, LSTM, RNN
from numpy_impl.validation import Array
from torch_ref.bounds import format_of
from torch_ref.diagnosis.finding import finding
from torch_ref.families.recurrent.slips import LaterStepsForgotten
from torch_ref.families.recurrent.slips_gru import ResetBeforeTheProduct
from torch_ref.families.recurrent.slips_lstm import WithoutTanhOfC
from torch_ref.families.recurrent.stepwise import greatest_share
from torch_ref.oracles.autograd import differentiated
from torch_ref.pair import Pair
from torch_ref.registry import PAIRS
from torch_ref.results import twin_of

T = 50


def made(cls: Any, scale: float, dtype: Any) -> tuple[Any, Array]:
    rng, width = np.random.default_rng(0), 3 * cls.gates
    shapes = ((4, width), (3, width), (width,), (width,))
    return cls(*((scale * rng.standard_normal(one)).astype(dtype) for one in shapes)), rng.standard_normal(
        (2, T, 4)
    ).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cls", [RNN, LSTM, GRU])
def test_each_step_is_right_from_the_states_that_really_were(cls: Any, dtype: Any) -> None:
    assert greatest_share(*made(cls, 1.0, dtype)) <= 1


@pytest.mark.parametrize("cls", [WithoutTanhOfC, ResetBeforeTheProduct])
def test_a_wrong_step_is_not(cls: Any) -> None:
    assert greatest_share(*made(cls, 1.0, np.float32)) > 1


def wrong(pair: Pair, cls: Any) -> list[str]:
    """The gradients that lie outside, of the layer and of PyTorch, in float64."""
    layer, x = made(cls, 0.3, np.float64)
    dout = np.random.default_rng(1).standard_normal((2, T, 3))
    layer.forward(x)
    ours = {"dx": layer.backward(dout)} | {f"d{name}": getattr(layer, f"d{name}") for name in layer.params}
    twin = twin_of(pair, layer)
    theirs = differentiated(twin, {"x": x}, [dout], ["y"], ["x"], pair.parameters, {}, x.dtype)
    exact = format_of(x.dtype).exact
    assert pair.backward is not None
    right = pair.backward(exact(x), exact(dout), **{name: exact(value) for name, value in layer.params.items()})
    for ball in right.values():
        assert ball.radius.max() < 1e-3 * abs(ball.centre).max()  # or a slip would not show
    return [name for name, ball in right.items() if not (finding(ours[name], ball, name).ok)] + [
        f"PyTorch's {name}" for name, ball in right.items() if not finding(theirs[name], ball, name).ok
    ]


@pytest.mark.parametrize("name", ["rnn_of_x", "lstm_of_x", "gru_of_x"])
def test_the_gradients_of_a_long_sequence_are_right(name: str) -> None:
    assert wrong(PAIRS[name], PAIRS[name].layer) == []


def test_the_gradients_of_each_step_alone_are_not() -> None:
    assert wrong(PAIRS["rnn_of_x"], LaterStepsForgotten) == ["dx", "dWx", "dWh", "dbx", "dbh"]
