"""TwoLayerNet: what it is made of and what it computes. Its gradients are in test_network_gradient."""

from typing import Any

import numpy as np
import pytest
from small_network import ROWS, T, X, small_net

from numpy_impl import Affine, ReLU, SoftmaxWithLoss, TwoLayerNet

# Construction


def test_layers_and_params_have_the_names_of_the_book() -> None:
    net = TwoLayerNet(input_size=784, hidden_size=50, output_size=10)
    assert [(name, type(layer)) for name, layer in net.layers.items()] == [
        ("Affine1", Affine),
        ("Relu1", ReLU),
        ("Affine2", Affine),
    ]
    assert isinstance(net.last_layer, SoftmaxWithLoss)
    assert {key: p.shape for key, p in net.params.items()} == {
        "W1": (784, 50),
        "b1": (50,),
        "W2": (50, 10),
        "b2": (10,),
    }
    assert {p.dtype for p in net.params.values()} == {np.dtype(np.float32)}
    assert len(net.params) == 4
    assert repr(net.params) == repr(dict(net.params))


def test_weights_are_normal_with_the_given_deviation_and_biases_0() -> None:
    net = TwoLayerNet(400, 250, 200, 0.03, rng=5, dtype=np.float64)
    for key in ("W1", "W2"):
        W = net.params[key]
        # Five standard errors of the mean and of the deviation, for 50,000 draws or more.
        assert abs(W.mean()) < 5 * 0.03 / W.size**0.5
        assert abs(W.std() / 0.03 - 1) < 5 / (2 * W.size) ** 0.5
        assert abs((abs(W) < 0.03).mean() - 0.6827) < 0.01
    assert not net.params["b1"].any()
    assert not net.params["b2"].any()


def test_a_seed_gives_the_same_weights_in_every_dtype() -> None:
    one, other = (TwoLayerNet(4, 5, 3, rng=7, dtype=dtype) for dtype in (np.float64, np.float32))
    again = TwoLayerNet(4, 5, 3, rng=np.random.default_rng(7), dtype=np.float64)
    for key, p in one.params.items():
        np.testing.assert_array_equal(p.astype(np.float32), other.params[key], strict=True)
        np.testing.assert_array_equal(p, again.params[key], strict=True)
    assert (TwoLayerNet(4, 5, 3).params["W1"] != TwoLayerNet(4, 5, 3).params["W1"]).any()


def test_the_smallest_network_and_the_default_deviation() -> None:
    net = TwoLayerNet(1, 1, 1, rng=0)
    assert net.params["W1"] == np.float32(0.01 * np.random.default_rng(0).standard_normal())


def test_any_finite_deviation_is_taken() -> None:
    assert TwoLayerNet(1, 1, 1, float(np.finfo(np.float32).max), rng=0).params["W1"].dtype == np.float32


def test_draws_that_overflow_are_infinite_without_a_warning() -> None:
    assert np.isinf(TwoLayerNet(50, 50, 3, 3e38, rng=0).params["W1"]).any()


def test_a_deviation_of_0_gives_zeros() -> None:
    assert not TwoLayerNet(4, 5, 3, 0).params["W1"].any()


# Results


def test_predict_gives_logits_and_loss_their_cross_entropy() -> None:
    net = small_net()
    logits = net.predict(X)
    assert logits.shape == (6, 3)
    assert net.loss(X, T) == SoftmaxWithLoss().forward(logits, T)
    assert net.loss(X, ROWS) == pytest.approx(net.loss(X, T), rel=1e-14, abs=0)  # the order of 6 terms


def test_accuracy_leaves_the_loss_of_the_last_pass() -> None:
    net = small_net()
    expected = net.loss(X, T), net.last_layer.backward()
    net.accuracy(X[:2], T[:2])
    assert net.last_layer.loss == expected[0]
    np.testing.assert_array_equal(net.last_layer.backward(), expected[1], strict=True)


def test_accuracy_is_the_share_of_right_answers() -> None:
    net = small_net()
    answers = net.predict(X).argmax(axis=1)
    assert net.accuracy(X, answers) == 1
    wrong = answers.copy()
    wrong[:2] = (wrong[:2] + 1) % 3
    assert net.accuracy(X, wrong) == pytest.approx(4 / 6)
    assert net.accuracy(X, np.eye(3)[wrong]) == pytest.approx(4 / 6)
    assert net.accuracy(X, np.eye(3, dtype=bool)[wrong]) == pytest.approx(4 / 6)
    assert type(net.accuracy(X, wrong)) is float


def test_inputs_and_parameters_are_unmodified_and_results_are_the_callers() -> None:
    net = small_net()
    x, t = X.copy(), T.copy()
    params = {key: p.copy() for key, p in net.params.items()}
    first = net.gradient(x, t)
    kept = {key: grad.copy() for key, grad in first.items()}
    net.gradient(x[::2] * 2, t[::2])
    net.accuracy(x, t)
    np.testing.assert_array_equal(x, X, strict=True)
    np.testing.assert_array_equal(t, T, strict=True)
    for key, before in params.items():
        np.testing.assert_array_equal(net.params[key], before, strict=True)
        np.testing.assert_array_equal(first[key], kept[key], strict=True)
    for grad in first.values():
        grad[...] = np.nan
    for key, grad in net.gradient(x, t).items():
        np.testing.assert_array_equal(grad, kept[key], strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_everything_stays_in_the_dtype_of_the_network(dtype: Any) -> None:
    net = small_net(dtype)
    x = X.astype(dtype)
    assert net.predict(x).dtype == net.loss(x, T).dtype == dtype
    for grads in (net.gradient(x, T), net.numerical_gradient(x, T)):
        assert {grad.dtype for grad in grads.values()} == {np.dtype(dtype)}


def test_a_one_hot_label_file_suits_a_float32_network() -> None:
    net = small_net(np.float32)
    rows = np.eye(3, dtype=np.float32)[T]
    assert net.loss(X.astype(np.float32), rows) == pytest.approx(net.loss(X.astype(np.float32), T), rel=1e-6)
