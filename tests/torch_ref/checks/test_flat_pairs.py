"""Pairs whose layer is flat somewhere: a sigmoid is, far from 0."""

from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
import torch

from numpy_impl import Sigmoid
from numpy_impl.validation import Array
from torch_ref import PAIRS, SCENARIOS
from torch_ref.bounds import Ball, sigmoid
from torch_ref.checks.battery import Subject, checks_of
from torch_ref.checks.check_error import CheckError
from torch_ref.checks.values import difference

PAIR = PAIRS["sigmoid"]


def test_a_gradient_of_zeros_passes_only_where_the_pair_says_that_the_layer_is_flat() -> None:
    pair = replace(PAIR, flat_on=("huge", "common-offset"))
    checks = checks_of(pair)
    checks["forward"](Subject(pair, np.float64))
    even = "dx: inconclusive: all entries of the gradient are equal on 'integers', in float64"
    with pytest.raises(CheckError, match=even + r": .* flat_on=\('integers',\)"):
        checks["input_gradient"](Subject(pair, np.float64))


def test_where_a_layer_may_be_flat_and_is_not_it_is_compared() -> None:
    class Doubled(Sigmoid):
        def backward(self, dout: Array) -> Array:
            return 2 * super().backward(dout)

    pair = replace(PAIR, flat_on=tuple(scenario.name for scenario in SCENARIOS))
    with pytest.raises(CheckError, match="dx: it is twice as large as it must be"):
        checks_of(pair)["input_gradient"](Subject(pair, np.float64, Doubled))


def test_flat_on_names_scenarios() -> None:
    with pytest.raises(ValueError, match="sigmoid: flat_on must name scenarios, got nowhere"):
        replace(PAIR, flat_on=("huge", "nowhere"))


def test_flat_on_hides_neither_a_vacuous_bound_nor_a_wrong_twin() -> None:
    def unbounded(x: Ball) -> Ball:
        y = sigmoid(x)
        return Ball(y.centre, np.where(abs(x.centre) > 100, np.inf, y.radius), y.format)

    pair = replace(PAIR, forward=unbounded)
    with pytest.raises(CheckError, match="the bound is vacuous, on huge"):
        checks_of(pair)["forward"](Subject(pair, np.float64))
    pair = replace(PAIR, module=lambda _: torch.nn.Tanhshrink())
    with pytest.raises(CheckError, match="wrong on every scenario"):
        checks_of(pair)["input_gradient"](Subject(pair, np.float64))


def test_a_forward_that_overflows_in_complex_numbers_is_told_so() -> None:
    class Plain(Sigmoid):
        def _forward(self, x: Array) -> Any:
            return 1 / (1 + np.exp(-x)), super()._forward(x)[1]

    with pytest.raises(CheckError, match="dx on huge: forward is NaN for complex x, where it is a number for real x"):
        checks_of(PAIR)["complex_step"](Subject(PAIR, np.float64, Plain))


def test_differences_to_many_digits_are_not_rounded_away() -> None:
    with mpmath.workdps(50):
        truth = np.array([mpmath.mpf(1) + mpmath.mpf(10) ** -30], object)
    np.testing.assert_allclose(difference(np.array([1.0]), truth), -1e-30, rtol=1e-15)  # one rounding at the end
