"""Measured bounds: right formulas of another rounding pass, slips far larger than rounding do not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from outside_conv import CONV
from outside_layers import BATCH_NORM, OUTSIDE, SIGMOID, TANH, BatchNorm, Sigmoid, Tanh
from torch import nn

from numpy_impl.validation import Array
from torch_ref import PAIRS, Pair, right
from torch_ref.bounds.measured import measured
from torch_ref.checks.battery import Subject, checks_of
from torch_ref.checks.check_error import CheckError
from torch_ref.results import params_of, scenarios_of
from torch_ref.right import twin_on


class SigmoidByTanh(Sigmoid):
    """Another formula, which rounds otherwise."""

    def forward(self, x: Array) -> Array:
        half = x.dtype.type(0.5)
        self._y = half + half * np.tanh(half * x)
        return self._y.copy()


class SumsOneAfterAnother(BatchNorm):
    """The worst order of a sum: np.cumsum adds one term after another."""

    def backward(self, dout: Array) -> Array:
        dx = super().backward(dout)
        self.dbeta = np.cumsum(dout, axis=0)[-1]
        self.dgamma = np.cumsum((dout * self._normal)[::-1], axis=0)[-1]
        return dx


class Flat(nn.Module):
    """tanh, with a gradient of 0."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x).detach() + 0 * x


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("pair", "layer"), [(SIGMOID, SigmoidByTanh), (BATCH_NORM, SumsOneAfterAnother)])
@pytest.mark.parametrize("seed", range(3))
def test_another_rounding_passes(pair: Pair, layer: Callable[..., Any], dtype: Any, seed: int) -> None:
    for name, check in checks_of(pair, ours=False).items():
        if name == "forward" or name.endswith("_gradient"):
            check(Subject(pair, dtype, layer, seed))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("pair", OUTSIDE, ids=lambda pair: pair.name)
def test_a_relative_error_of_a_ten_thousandth_is_outside(pair: Pair, dtype: Any) -> None:
    subject = Subject(pair, dtype)
    for ball in subject.bounds(pair.ordinary).values():
        largest = np.unravel_index(abs(ball.centre).argmax(), ball.shape)
        assert 0 < ball.radius[largest] < 1e-4 * abs(ball.centre[largest])
        assert np.isfinite(ball.radius).all()


def test_measured_bounds_are_about_as_wide_as_proven_ones() -> None:
    """Where both can be had: neither so wide that slips pass, nor so narrow that rounding does not."""
    pair = PAIRS["affine"]
    for dtype in (np.float32, np.float64):
        example = Subject(pair, dtype).example(pair.ordinary)
        proven = right.bounds(pair, example)
        found = measured(
            twin_on(pair, example), [*example.inputs.values()], [*example.upstream.values()],
            params_of(pair, example.layer), proven["y"].format,
        )  # fmt: skip
        for name, ball in found.items():
            assert (abs(ball.centre - proven[name].centre) <= proven[name].radius).all()
            ratio = ball.radius / proven[name].radius
            assert 1 < np.median(ratio) < 1000


def test_scenarios_that_the_twin_refuses_are_left_out() -> None:
    names = [scenario.name for scenario in scenarios_of(BATCH_NORM)]
    assert "ordinary" in names
    assert "one-sample" not in names  # a batch-norm refuses it
    assert "three-axes" not in [scenario.name for scenario in scenarios_of(CONV)]


def test_where_nothing_shows_that_is_no_pass() -> None:
    """A gradient that is 0 everywhere, on every scenario, shows nothing."""

    class Zero(Tanh):
        def backward(self, dout: Array) -> Array:
            return dout * 0

    flat = Pair("flat", Zero, lambda _: Flat(), TANH.example)
    with pytest.raises(CheckError, match="dx: no scenario shows anything"):
        checks_of(flat)["input_gradient"](Subject(flat, np.float64))


def test_a_pair_without_a_formula_has_no_exact_results() -> None:
    with pytest.raises(ValueError, match="sigmoid: a pair must have its formula for many digits, got none"):
        Subject(SIGMOID, np.float64).exact(SIGMOID.ordinary)
