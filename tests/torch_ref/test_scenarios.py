"""The scenarios hold what their names promise."""

from typing import Any

import numpy as np
import pytest

from numpy_impl import load_mnist, softmax
from torch_ref import PAIRS, SCENARIOS, places
from torch_ref.checks.battery import Subject
from torch_ref.pair import Kind
from torch_ref.results import scenarios_of
from torch_ref.scenarios import Data, Scenario

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def data(name: str, dtype: Any = np.float64) -> Data:
    return Data(BY_NAME[name], dtype)


def test_names_are_different_and_every_scenario_says_why() -> None:
    assert len(BY_NAME) == len(SCENARIOS)
    assert all(scenario.why for scenario in SCENARIOS)


def test_the_same_name_seed_and_dtype_give_the_same_numbers() -> None:
    np.testing.assert_array_equal(data("ordinary").x(), data("ordinary").x(), strict=True)
    assert (data("ordinary").x() != Data(BY_NAME["ordinary"], float, seed=1).x()).all()
    assert (data("ordinary").x()[0] != data("odd-batch").x()[0]).all()
    wide = Data(BY_NAME["ordinary"], np.float32, wide=np.complex128)
    assert wide.x().dtype == np.complex128
    np.testing.assert_array_equal(
        Data(BY_NAME["ordinary"], np.float32, wide=float).x(), data("ordinary", np.float32).x()
    )


def test_sizes_differ_where_nothing_else_is_meant() -> None:
    n, d, h, c = BY_NAME["ordinary"].sizes
    assert len({n, d, h, c}) == 4
    assert set(BY_NAME["square"].sizes) == {4}
    assert BY_NAME["one-sample"].sizes.N == 1
    assert data("three-axes").x().shape == (2, 3, 5)
    assert data("one-axis").x().shape == (5,)
    assert data("long-batch").x().shape == (4096, 3)


@pytest.mark.parametrize(("dtype", "limit"), [(np.float32, 2.0**24), (np.float64, 2.0**53)])
def test_integers_are_so_large_that_products_just_do_not_round(dtype: Any, limit: float) -> None:
    d = data("integers", dtype)
    x, W = d.x().astype(float), d.weights(d.D, d.H).astype(float)
    assert (x == np.rint(x)).all()
    assert limit / 1000 < (abs(x) @ abs(W)).max() < limit
    bounds = Subject(PAIRS["affine"], dtype).bounds(BY_NAME["integers"])
    assert not any(ball.radius.any() for ball in bounds.values())


def test_special_values_are_there() -> None:
    assert np.count_nonzero(data("exact-zeros").x() == 0) > 5
    assert np.ptp(data("tied").logits()) == 0
    assert softmax(data("confident").logits()).max() > 1 - 1e-12
    assert set(abs(data("huge").x()).flat) == {1e4}
    assert data("common-offset").x().min() > 9e3
    assert np.ptp(np.log10(abs(data("decades").x()))) > 4
    assert (data("long-batch").dout(4096, 2) > 0).all()
    for dtype in (np.float32, np.float64):
        d = data("tiny", dtype)
        products = abs(d.x()[:, :, None].astype(np.longdouble) * d.weights(d.D, d.H))
        assert (products < np.finfo(dtype).smallest_normal).any()
        assert (products > 0).all()


def test_the_book_is_the_books_network() -> None:
    d = data("book", np.float32)
    x, W1, b1 = d.x(), d.weights(784, 50), d.biases(50)
    assert x.shape == (100, 784)
    assert x.min() == 0
    assert x.max() == 1
    assert abs(W1.std() - 0.01) < 1e-3
    assert not b1.any()


def test_mnist_is_mnist() -> None:
    (x, t), _ = load_mnist()
    d = data("mnist", np.float32)
    np.testing.assert_array_equal(d.x(), x[:100], strict=True)
    np.testing.assert_array_equal(d.labels(), t[:100], strict=True)


def test_rows_are_general_and_the_first_is_one_hot() -> None:
    rows = data("ordinary").rows()
    assert sorted(rows[0]) == [0, 0, 0, 1]
    assert (abs(rows[1:].sum(axis=1) - 1) > 1e-3).all()
    assert np.count_nonzero(rows[1:] == 0) > 0


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_gradient_of_every_layer_is_uneven(scenario: Scenario) -> None:
    for pair in PAIRS.values():
        if scenario in scenarios_of(pair) and scenario.name not in pair.flat_on:
            gradients = {n: ball for n, ball in Subject(pair, float).bounds(scenario).items() if places.is_gradient(n)}
            for name, ball in gradients.items():
                assert ball.centre.size == 1 or np.ptp(ball.centre) > 0, f"{pair.name}: {name}"


# Composed bounds that are finite and yet wider than the gradient: logits of 10⁵ and more, where an exponent is no
# longer known to 1; products that may all be flushed; a sample that is 1e4 throughout, whose spread is all rounding. A
# network's layers are verified one by one as well.
WEAK = {
    ("two_layer_net", "decades", "float32"),
    ("two_layer_net", "integers", "float64"),
    ("multi_head_attention", "huge", "float32"),
    ("layer_norm", "huge", "float32"),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gradient_of_zeros_is_outside_the_bounds(dtype: Any) -> None:
    for pair in (one for one in PAIRS.values() if one.kind is not Kind.OPTIMIZER):  # whose state may be 0
        for scenario in scenarios_of(pair):
            balls = list(Subject(pair, dtype).bounds(scenario).items())[1:]
            weak = scenario.name in {"tiny", *pair.flat_on} or (pair.name, scenario.name, np.dtype(dtype).name) in WEAK
            for name, ball in balls if not weak else ():
                assert (abs(ball.centre) > ball.radius).any(), f"{pair.name}: {name} on {scenario.name}"
