"""Pairs of more than one input, output or parameter each: all that a layer may have besides x, y, W and b."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from numpy_impl import Affine, Network, ReLU, SoftmaxWithLoss
from numpy_impl.validation import Array
from torch_ref import verify
from torch_ref.pair import Example, Pair
from torch_ref.results import results, torch_results
from torch_ref.right import bounds, exact
from torch_ref.scenarios import Data


class Fork:
    """y = a b + scale · b and s = a + b."""

    scale = 0.75

    def forward(self, a: Array, b: Array) -> Array:
        self.a, self.b, self.s = a, b, a + b
        return a * b + self.scale * b

    def backward(self, dout: Array, ds: Array) -> tuple[Array, Array]:
        return dout * self.b + ds, dout * self.a + self.scale * dout + ds


class Slipped(Fork):
    def backward(self, dout: Array, ds: Array) -> tuple[Array, Array]:
        da, db = super().backward(dout, ds)
        return da, db - ds


class TorchFork(nn.Module):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return a * b + self.scale * b, a + b


def fork_example(cls: Any, data: Data) -> Example:
    a, b, dout, ds = (data.x(), data.x(), data.dout(*data.lead, data.D), data.dout(*data.lead, data.D))
    return Example(cls(), {"a": a, "b": b}, {"dout": dout, "ds": ds})


FORK = Pair(
    "fork",
    Fork,
    lambda layer: TorchFork(layer.scale),
    fork_example,
    inputs=("a", "b"),
    outputs=("y", "s"),
    input_gradients=("a", "b"),
    options=("scale",),
    forward=lambda a, b, scale: (a * b + b * scale, a + b),
    backward=lambda a, b, dout, ds, scale: {"da": dout * b + ds, "db": dout * a + dout * scale + ds},
)


def outside(pair: Pair, layer: Any) -> dict[str, set[str]]:
    """The results of each side that lie outside their bounds."""
    example = pair.example(layer, Data(pair.ordinary, np.float64))
    right = bounds(pair, example)
    sides = {"NumPy": results(pair, example), "PyTorch": torch_results(pair, example)}
    assert all(set(side) == set(right) for side in sides.values())
    return {
        which: {name for name, value in side.items() if not (right[name].shares(value) <= 1).all()}
        for which, side in sides.items()
    }


def test_two_inputs_two_outputs_and_an_option() -> None:
    assert outside(FORK, Fork) == {"NumPy": set(), "PyTorch": set()}
    assert outside(FORK, Slipped) == {"NumPy": {"db"}, "PyTorch": set()}


def test_many_digits_serve_two_inputs_and_two_outputs() -> None:
    example = FORK.example(Fork, Data(FORK.ordinary, np.float64))
    truth = exact(FORK, example)
    for name, value in results(FORK, example).items():
        np.testing.assert_allclose(value, truth[name].astype(float), rtol=0, atol=1e-13)


class Rows:
    """The rows of W at whole numbers; they have no gradient, so backward returns None."""

    def __init__(self, W: Array) -> None:
        self.W = W

    def forward(self, x: Array) -> Array:
        self.x = x
        return self.W[x]

    def backward(self, dout: Array) -> None:
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.x, dout)


class LastOnly(Rows):
    def backward(self, dout: Array) -> None:
        self.dW = np.zeros_like(self.W)
        self.dW[self.x] = dout


@pytest.mark.parametrize(("layer", "is_right"), [(Rows, True), (LastOnly, False)])
def test_an_integer_input_has_no_gradient(layer: Any, is_right: bool) -> None:
    rng = np.random.default_rng(0)
    pair = Pair(
        "rows", Rows, lambda layer: nn.Embedding(*layer.W.shape), lambda *_: example,
        inputs=("x",), input_gradients=(), parameters={"W": "weight"},
    )  # fmt: skip
    x, dout = np.array([2, 0, 2]), rng.standard_normal((3, 3))
    example = Example(layer(rng.standard_normal((4, 3))), {"x": x}, {"dout": dout})
    ours, theirs = results(pair, example), torch_results(pair, example)
    assert set(ours) == set(theirs) == {"y", "dW"}
    assert all(np.allclose(ours[name], theirs[name], rtol=0, atol=1e-15) for name in ours) == is_right


def test_a_layer_in_two_places_is_verified_in_both() -> None:
    rng = np.random.default_rng(0)
    shared = Affine(rng.standard_normal((4, 4)), rng.standard_normal(4))
    net = Network({"first": shared, "relu": ReLU(), "second": shared}, SoftmaxWithLoss())
    report = verify(net, rng.standard_normal((5, 4)), np.array([0, 1, 2, 3, 0]))
    assert report.ok, report
    assert {"first.dW", "second.dW"} <= {row.name for row in report.rows}
