"""Dropout beyond its pairs: each formula of dropout.md by its name, the statistics of its mask, and its state."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from numpy_impl import Affine, Dropout, Network, SoftmaxWithLoss

X = np.arange(1.0, 13.0).reshape(3, 4)


def test_y_is_x_where_it_is_kept_divided_by_1_minus_p() -> None:
    layer = Dropout(0.25, rng=0)
    y = layer.forward(X)
    assert layer.mask.dtype == bool
    assert 0 < layer.mask.sum() < X.size
    np.testing.assert_array_equal(y, np.where(layer.mask, X * (1 / 0.75), 0), strict=True)


def test_dx_is_dout_times_the_mask_of_forward() -> None:
    layer = Dropout(0.25, rng=0)
    layer.forward(X)
    dout = X[::-1].copy()
    np.testing.assert_array_equal(layer.backward(dout), np.where(layer.mask, dout * (1 / 0.75), 0), strict=True)


def test_the_mean_over_masks_is_x() -> None:
    """Each y is 0 or x / (1 − p), of variance x² p / (1 − p): by more than six deviations it is off once in 10⁹."""
    p, n = 0.3, 4000
    layer = Dropout(p, rng=1)
    mean = sum(layer.forward(X) for _ in range(n)) / n
    assert (abs(mean - X) < 6 * X * np.sqrt(p / (1 - p) / n)).all()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_share_that_is_kept_is_1_minus_p(p: float) -> None:
    """Of 10⁶ entries, by six standard deviations: once in 10⁹."""
    n = 1_000_000
    layer = Dropout(p, rng=2)
    layer.forward(np.ones(n, np.float32))
    assert abs(layer.mask.mean() - (1 - p)) < 6 * np.sqrt(p * (1 - p) / n)


def test_masks_of_two_calls_and_of_two_seeds_are_independent() -> None:
    """Both keep an entry in a quarter of 10⁵: by six standard deviations once in 10⁹."""
    n, ones = 100_000, np.ones(100_000)
    layer, other = Dropout(rng=3), Dropout(rng=4)
    masks = []
    for one in (layer, layer, other):
        one.forward(ones)
        masks.append(one.mask)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert abs((masks[a] & masks[b]).mean() - 0.25) < 6 * np.sqrt(0.25 * 0.75 / n)


def test_a_seed_gives_the_same_masks_in_every_dtype_and_a_generator_goes_on() -> None:
    masks = []
    for dtype in (np.float32, np.float64, np.complex128):
        layer = Dropout(rng=5)
        y = layer.forward(X.astype(dtype))
        assert y.dtype == layer.backward(y).dtype == dtype
        masks.append(layer.mask)
    assert all(np.array_equal(mask, masks[0]) for mask in masks)
    rng = np.random.default_rng(5)
    Dropout(rng=rng).forward(X)
    assert rng.random() == np.random.default_rng(5).random(X.size + 1)[-1]
    assert Dropout().forward(np.ones(1000)).any()  # a seed of nobody's


def test_in_evaluation_y_is_a_copy_and_dx_is_dout() -> None:
    layer = Dropout(rng=0)
    layer.training = False
    x = X.copy()
    y = layer.forward(x)
    np.testing.assert_array_equal(y, X, strict=True)
    assert not np.shares_memory(y, x)
    np.testing.assert_array_equal(layer.backward(X), X, strict=True)
    assert layer.mask is None  # no pass in training yet
    assert layer.state["rng"] == np.random.default_rng(0).bit_generator.state  # nothing is drawn


def test_the_mode_at_forward_decides() -> None:
    layer = Dropout(rng=0)
    layer.forward(X)
    mask = layer.mask
    layer.training = False
    np.testing.assert_array_equal(layer.backward(np.ones_like(X)), mask * 2.0)
    layer.forward(X)
    layer.training = True
    np.testing.assert_array_equal(layer.backward(X), X)


def test_p_can_be_changed_0_drops_none_and_1_drops_all() -> None:
    layer = Dropout(0, rng=0)
    np.testing.assert_array_equal(layer.forward(X), X, strict=True)
    layer.p = 1
    np.testing.assert_array_equal(layer.forward(X), np.zeros_like(X))
    np.testing.assert_array_equal(layer.backward(X), np.zeros_like(X))
    assert not layer.mask.any()


def test_p_of_forward_is_that_of_backward() -> None:
    layer = Dropout(0.75, rng=0)
    layer.forward(X)
    layer.p = 0.5
    np.testing.assert_array_equal(layer.backward(np.ones_like(X)), layer.mask * 4.0)


def test_an_edit_of_the_mask_changes_nothing() -> None:
    layer = Dropout(rng=0)
    y = layer.forward(X)
    layer.mask[...] = True
    np.testing.assert_array_equal(layer.mask, y != 0)
    np.testing.assert_array_equal(layer.backward(X), y)


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0])
def test_nan_and_infinity_are_what_pytorch_makes_of_them(p: float) -> None:
    x = np.array([np.nan, np.inf, 1.0] * 20)
    layer = Dropout(p, rng=0)
    y = layer.forward(x)
    with_mask = torch.from_numpy(x) * (torch.from_numpy(layer.mask).double() / (1 - p if p < 1 else 1))
    np.testing.assert_array_equal(y, with_mask.numpy())
    theirs = nn.Dropout(p)(torch.from_numpy(x)).numpy()
    possible = {value for value in theirs.astype(str) if value != "nan"}
    assert {value for value in y.astype(str) if value != "nan"} == possible
    assert np.isnan(y[::3]).all()
    assert np.isnan(theirs[::3]).all()


def test_an_array_without_axes_and_one_without_entries() -> None:
    layer = Dropout(rng=0)
    assert layer.forward(np.array(3.0)) in (0.0, 6.0)
    assert layer.forward(np.empty((0, 3))).shape == layer.backward(np.empty((0, 3))).shape == (0, 3)


def test_its_state_draws_the_same_masks_again() -> None:
    layer = Dropout(rng=6)
    layer.forward(X)
    state = layer.state
    wanted = [layer.forward(X) for _ in range(3)]
    assert layer.state != state
    other = Dropout()
    other.state = state
    for y in wanted:
        np.testing.assert_array_equal(other.forward(X), y, strict=True)
    layer.state = state
    np.testing.assert_array_equal(layer.forward(X), wanted[0], strict=True)


def test_the_numerical_gradient_of_a_network_has_one_mask() -> None:
    rng = np.random.default_rng(7)
    layers = {"affine": Affine(rng.standard_normal((4, 3)), rng.standard_normal(3)), "dropout": Dropout(rng=8)}
    net, x, t = Network(layers, SoftmaxWithLoss()), rng.standard_normal((5, 4)), np.array([0, 1, 2, 0, 1])
    state = net.state
    numerical = net.numerical_gradient(x, t)
    net.state = state
    for name, gradient in net.gradient(x, t).items():
        # Central differences with h = 1e-5 of a loss near 1: h² and u / h, ten times over.
        np.testing.assert_allclose(numerical[name], gradient, rtol=0, atol=1e-9)


def test_a_call_that_is_refused_draws_nothing() -> None:
    layer = Dropout(rng=0)
    state = layer.state
    with pytest.raises(TypeError, match="Dropout: x must be of a native floating-point dtype"):
        layer.forward(np.arange(3))
    assert layer.state == state


REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: Dropout(-0.1), ValueError, r"Dropout: p must be from 0 to 1, got -0\.1"),
    (lambda: Dropout(1.5), ValueError, r"Dropout: p must be from 0 to 1, got 1\.5"),
    (lambda: Dropout(np.nan), ValueError, "Dropout: p must be finite, got nan"),
    (lambda: Dropout("0.5"), TypeError, "Dropout: p must be a real number, got '0.5'"),  # type: ignore[arg-type]
    (lambda: Dropout(True), TypeError, "Dropout: p must be a real number, got True"),
    (lambda: Dropout(rng="0"), TypeError, "Dropout: rng must be None, an integer seed or a numpy.random.Generator"),
    (lambda: setattr(Dropout(), "state", {"rng": 3}), TypeError, "Dropout: rng must be a state of PCG64, got int"),
    (
        lambda: setattr(Dropout(), "state", {"rng": np.random.Generator(np.random.MT19937()).bit_generator.state}),
        ValueError,
        "Dropout: rng must be a state of PCG64, got MT19937",
    ),
    (lambda: setattr(Dropout(), "state", {}), ValueError, "Dropout: state must have the keys rng, got none"),
    (lambda: Dropout().backward(X), RuntimeError, "Dropout: backward needs a forward before it, got none"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
