"""MultiLayerNet: its layers, its first weights, its gradient, and what it refuses."""

from typing import Any

import numpy as np
import pytest

from numpy_impl import Affine, MultiLayerNet, he_normal, xavier_normal
from numpy_impl.networks.multi_layer_net import ACTIVATIONS

X = np.random.default_rng(1).standard_normal((6, 4))
T = np.array([0, 1, 2, 2, 1, 0])


def net(**options: Any) -> MultiLayerNet:
    return MultiLayerNet(4, [5, 3], 3, rng=0, **{"dtype": np.float64, **options})


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_its_gradient_is_the_numerical_one(activation: str, batch_norm: bool) -> None:
    one = net(activation=activation, batch_norm=batch_norm, dropout=0.3)
    start = one.state
    numerical = one.numerical_gradient(X, T)
    one.state = start  # the same masks
    for name, gradient in one.gradient(X, T).items():
        # A central difference in float64 errs by about 1e-10 of the loss, which is about 1.
        np.testing.assert_allclose(gradient, numerical[name], rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize(
    ("weight_init", "drawn"),
    [
        ("he", lambda shape, rng: he_normal(shape, rng, np.float64)),
        ("xavier", lambda shape, rng: xavier_normal(shape, rng, np.float64)),
        (0.25, lambda shape, rng: 0.25 * rng.standard_normal(shape)),
    ],
)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_its_weights_are_drawn_one_after_another(weight_init: Any, drawn: Any, dropout: float) -> None:
    rng, params = np.random.default_rng(0), net(weight_init=weight_init, dropout=dropout, batch_norm=True).params
    for i, shape in enumerate([(4, 5), (5, 3), (3, 3)], 1):
        np.testing.assert_array_equal(params[f"Affine{i}.W"], drawn(shape, rng), strict=True)
        assert not params[f"Affine{i}.b"].any()
    for i in (1, 2):
        assert (params[f"BatchNorm{i}.gamma"] == 1).all()
        assert not params[f"BatchNorm{i}.beta"].any()


def test_the_same_seed_draws_the_same_weights_in_every_dtype() -> None:
    single, double = net(dtype=np.float32).params, net().params
    for name, value in double.items():
        np.testing.assert_array_equal(single[name], value.astype(np.float32), strict=True)


def test_two_layers_of_dropout_draw_masks_of_their_own() -> None:
    one = MultiLayerNet(4, [64, 64], 3, dropout=0.5, rng=0)
    one.loss(X.astype(np.float32), T)
    assert (one.layers["Dropout1"].mask != one.layers["Dropout2"].mask).any()


def test_without_a_hidden_layer_it_is_one_affine() -> None:
    one = MultiLayerNet(4, [], 3, rng=0, dtype=np.float64)
    assert list(one.layers) == ["Affine1"]
    np.testing.assert_array_equal(one.predict(X), Affine(*one.params.values()).forward(X), strict=True)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"input_size": 0}, ValueError, "MultiLayerNet: input_size must be 1 or more, got 0"),
        ({"output_size": "3"}, TypeError, "MultiLayerNet: output_size must be an integer, got '3'"),
        ({"hidden_sizes": 5}, TypeError, "MultiLayerNet: hidden_sizes must be a list or tuple of integers, got int"),
        ({"hidden_sizes": [5, 0]}, ValueError, r"MultiLayerNet: hidden_sizes\[1\] must be 1 or more, got 0"),
        ({"hidden_sizes": [5.0]}, TypeError, r"MultiLayerNet: hidden_sizes\[0\] must be an integer, got float"),
        ({"activation": "swish"}, ValueError, "MultiLayerNet: activation must be one of relu, leaky_relu, .*'swish'"),
        ({"activation": None}, TypeError, "MultiLayerNet: activation must be one of relu, .*, got None"),
        ({"weight_init": "lecun"}, ValueError, "MultiLayerNet: weight_init must be one of he, xavier, got 'lecun'"),
        ({"weight_init": -1.0}, ValueError, "MultiLayerNet: weight_init must be from 0 to .*, got -1.0"),
        ({"weight_init": None}, TypeError, "MultiLayerNet: weight_init must be a real number, got None"),
        ({"batch_norm": 1}, TypeError, "MultiLayerNet: batch_norm must be True or False, got int"),
        ({"dropout": 1.5}, ValueError, "MultiLayerNet: dropout must be from 0 to 1, got 1.5"),
        ({"rng": "0"}, TypeError, "MultiLayerNet: rng must be None, an integer seed or a numpy.random.Generator"),
        ({"dtype": int}, TypeError, "MultiLayerNet: dtype must be a native floating-point dtype"),
    ],
)
def test_bad_construction_is_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        MultiLayerNet(**{"input_size": 4, "hidden_sizes": [5], "output_size": 3, **options})


def test_bad_batches_are_refused_in_its_name() -> None:
    with pytest.raises(ValueError, match=r"MultiLayerNet: x must have 4 features in its last axis, got shape \(6, 3\)"):
        net().gradient(X[:, :3], T)
    with pytest.raises(ValueError, match="MultiLayerNet: class indices in t must be 0 to 2, got 3"):
        net().loss(X, T + 1)
