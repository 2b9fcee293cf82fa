"""First weights: their variance and bounds, beside torch.nn.init, by tests that may fail by chance, and how likely.

Each statistic is compared with its own standard deviation. |z| > 6 has the probability 2e-9 for a normal z, and the
samples of 10,000 or more are normal enough that 1e-8 is an upper bound; seeds are fixed: each fails always or never.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from numpy_impl import he_normal, he_uniform, xavier_normal, xavier_uniform
from numpy_impl.validation import Array

Z = 6.0
AFFINE, KERNEL = (150, 80), (20, 15, 5, 7)
FANS = {AFFINE: (150, 80), KERNEL: (15 * 35, 20 * 35)}
KURTOSIS = {"normal": 3.0, "uniform": 1.8}  # of the distribution: Var(s²) is (kurtosis − 1) σ⁴ / n


def relu(weight: torch.Tensor, method: Callable[..., Any]) -> torch.Tensor:
    found: torch.Tensor = method(weight, nonlinearity="relu")
    return found


INITIALIZERS: dict[str, tuple[Any, Callable[[torch.Tensor], torch.Tensor], Callable[[int, int], float]]] = {
    "he_normal": (he_normal, lambda w: relu(w, torch.nn.init.kaiming_normal_), lambda fan_in, _: 2 / fan_in),
    "he_uniform": (he_uniform, lambda w: relu(w, torch.nn.init.kaiming_uniform_), lambda fan_in, _: 2 / fan_in),
    "xavier_normal": (xavier_normal, torch.nn.init.xavier_normal_, lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "xavier_uniform": (xavier_uniform, torch.nn.init.xavier_uniform_, lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
}


def of_torch(fill: Callable[[torch.Tensor], torch.Tensor], shape: tuple[int, ...]) -> Array:
    """PyTorch keeps an affine layer's weights as (out, in)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return fill(torch.empty(shape[::-1] if len(shape) == 2 else shape, dtype=torch.float64)).numpy()


@pytest.mark.parametrize("side", ["NumPy", "PyTorch"])
@pytest.mark.parametrize("shape", [AFFINE, KERNEL])
@pytest.mark.parametrize("name", INITIALIZERS)
def test_mean_variance_and_bound_are_those_of_the_formula(name: str, shape: tuple[int, ...], side: str) -> None:
    ours, fill, variance_of = INITIALIZERS[name]
    weights = ours(shape, 0, np.float64) if side == "NumPy" else of_torch(fill, shape)
    variance, kind, n = variance_of(*FANS[shape]), name.partition("_")[2], weights.size
    assert abs(weights.mean()) < Z * math.sqrt(variance / n)
    assert abs((weights**2).mean() - variance) < Z * variance * math.sqrt((KURTOSIS[kind] - 1) / n)
    # The fourth moment tells a uniform from a normal distribution: by 1.2 σ⁴, where its own deviation is √(96 / n) σ⁴.
    assert abs((weights**4).mean() / variance**2 - KURTOSIS[kind]) < Z * math.sqrt(96 / n)
    if kind == "uniform":
        bound = math.sqrt(3 * variance)
        assert abs(weights).max() <= bound
        # All of n below (1 − 20 / n) of the bound: (1 − 20 / n)ⁿ < e⁻²⁰ = 2e-9.
        assert abs(weights).max() > bound * (1 - 20 / n)


@pytest.mark.parametrize("shape", [AFFINE, KERNEL])
@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_numbers_are_those_of_the_generator_times_the_formulas_std(name: str, shape: tuple[int, ...]) -> None:
    ours, _, variance_of = INITIALIZERS[name]
    std, rng = math.sqrt(variance_of(*FANS[shape])), np.random.default_rng(7)
    drawn = rng.standard_normal(shape) if name.endswith("_normal") else rng.uniform(-math.sqrt(3), math.sqrt(3), shape)
    np.testing.assert_allclose(ours(shape, 7, np.float64), std * drawn, rtol=1e-13, atol=std * 1e-15)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_same_seed_draws_the_same_numbers_in_every_dtype(name: str) -> None:
    ours: Any = INITIALIZERS[name][0]
    wide = ours((7, 5), 3, np.float64)
    for dtype in (np.float32, "complex128", np.dtype(np.float64)):
        np.testing.assert_array_equal(ours((7, 5), rng=3, dtype=dtype), wide.astype(dtype), strict=True)
    assert ours((7, 5), 3).dtype == np.float32
    np.testing.assert_array_equal(ours([7, np.int64(5)], np.random.default_rng(3), np.float64), wide, strict=True)
    assert (ours((7, 5)) != ours((7, 5))).any()
    rng = np.random.default_rng(3)
    assert (ours((7, 5), rng) != ours((7, 5), rng)).any()  # it goes on


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((5,), TypeError, "shape must be a tuple of integers, got int"),
        ((None,), TypeError, "shape must be a tuple of integers, got None"),
        (((5,),), ValueError, r"shape must be \(in, out\) or \(F, C, KH, KW\), got \(5,\)"),
        (((5, 3, 2),), ValueError, r"shape must be \(in, out\) or \(F, C, KH, KW\), got \(5, 3, 2\)"),
        (((5, 0),), ValueError, r"shape\[1\] must be 1 or more, got 0"),
        (((5.0, 3),), TypeError, r"shape\[0\] must be an integer, got float"),
        (((5, 3), "0"), TypeError, "rng must be None, an integer seed or a numpy.random.Generator, got '0'"),
        (((5, 3), -1), ValueError, "a seed must be 0 or more, got -1"),
        (((5, 3), 0, int), TypeError, "dtype must be a native floating-point dtype, float32 or wider, got int64"),
        (((5, 3), 0, None), TypeError, "dtype must be a native floating-point dtype, float32 or wider, got None"),
    ],
)
@pytest.mark.parametrize("name", INITIALIZERS)
def test_bad_arguments_are_refused(name: str, arguments: Any, error: type[Exception], message: str) -> None:
    ours: Any = INITIALIZERS[name][0]
    with pytest.raises(error, match=f"^{name}: {message}"):
        ours(*arguments)


def test_a_refusal_draws_no_number() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError):
        he_normal((5, 3), rng, int)
    assert rng.standard_normal() == np.random.default_rng(0).standard_normal()
