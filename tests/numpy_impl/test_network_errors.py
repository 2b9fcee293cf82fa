"""What TwoLayerNet refuses, before anything has changed."""

from typing import Any

import numpy as np
import pytest
from small_network import ROWS, T, X, small_net

from numpy_impl import TwoLayerNet


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"input_size": 0}, ValueError, "TwoLayerNet: input_size must be 1 or more, got 0"),
        ({"hidden_size": -3}, ValueError, "TwoLayerNet: hidden_size must be 1 or more, got -3"),
        ({"output_size": 2.0}, TypeError, "TwoLayerNet: output_size must be an integer, got float"),
        ({"hidden_size": True}, TypeError, "TwoLayerNet: hidden_size must be an integer, got True"),
        ({"hidden_size": "50"}, TypeError, "TwoLayerNet: hidden_size must be an integer, got '50'"),
        ({"weight_init_std": -0.1}, ValueError, "TwoLayerNet: weight_init_std must be from 0 to .*, got -0.1"),
        ({"weight_init_std": float("nan")}, ValueError, "weight_init_std must be from 0 to .*, got nan"),
        ({"weight_init_std": None}, TypeError, "weight_init_std must be a real number, got None"),
        ({"weight_init_std": 1e39}, ValueError, r"weight_init_std must be from 0 to 3.4e\+38, got 1e\+39"),
        ({"weight_init_std": 10**400}, ValueError, "weight_init_std must be from 0 to .*"),
        ({"dtype": "f,,"}, TypeError, "float32 or wider, got 'f,,'"),
        ({"dtype": "a5"}, TypeError, r"float32 or wider, got ('a5'|\|S5)"),  # five bytes, in older NumPy
        ({"dtype": np.float16}, TypeError, "float32 or wider, got float16"),
        ({"rng": -1}, ValueError, "TwoLayerNet: a seed must be 0 or more, got -1"),
        (
            {"rng": "0"},
            TypeError,
            "TwoLayerNet: rng must be None, an integer seed or a numpy.random.Generator, got '0'",
        ),
        ({"rng": np.random.RandomState(0)}, TypeError, "got RandomState"),
        (
            {"dtype": int},
            TypeError,
            "TwoLayerNet: dtype must be a native floating-point dtype, float32 or wider, got int64",
        ),
        (
            {"dtype": None},
            TypeError,
            "TwoLayerNet: dtype must be a native floating-point dtype, float32 or wider, got None",
        ),
        (
            {"dtype": "junk"},
            TypeError,
            "TwoLayerNet: dtype must be a native floating-point dtype, float32 or wider, got 'junk'",
        ),
        ({"dtype": ">f4"}, TypeError, "got >f4"),
    ],
)
def test_bad_construction_is_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        TwoLayerNet(**{"input_size": 4, "hidden_size": 5, "output_size": 3, **arguments})


METHODS = ["loss", "accuracy", "gradient", "numerical_gradient"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("x", "t", "error", "message"),
    [
        (X.tolist(), T, TypeError, "TwoLayerNet: x must be a NumPy array, got list"),
        (X.astype(np.float32), T, TypeError, "TwoLayerNet: x must be float64, got float32"),
        (X[:, :3], T, ValueError, r"TwoLayerNet: x must have 4 features in its last axis, got shape \(6, 3\)"),
        (X[0], T[:1], ValueError, r"TwoLayerNet: x must be a matrix of one row or more, got shape \(4,\)"),
        (X[None], T, ValueError, r"matrix of one row or more, got shape \(1, 6, 4\)"),
        (np.ones((6, 4, 4)), T, ValueError, r"TwoLayerNet: x must be a matrix .*, got shape \(6, 4, 4\)"),
        (np.ones((6, 5)), T, ValueError, r"TwoLayerNet: x must have 4 features in its last axis, got shape \(6, 5\)"),
        (X[:0], T[:0], ValueError, r"matrix of one row or more, got shape \(0, 4\)"),
        (X, T[:5], ValueError, r"TwoLayerNet: t must have shape \(6,\) or \(6, 3\), got \(5,\)"),
        (X, T - 1, ValueError, "TwoLayerNet: class indices in t must be 0 to 2, got -1"),
        (X, T + 1, ValueError, "TwoLayerNet: class indices in t must be 0 to 2, got 3"),
        (X, T.astype(float), TypeError, "TwoLayerNet: t must be integer class indices"),
        (
            X,
            ROWS.astype(np.float32),
            TypeError,
            "TwoLayerNet: t must be integer class indices, or rows of float64, integers or booleans, got float32",
        ),
        (X, None, TypeError, "TwoLayerNet: t must be a NumPy array, got None"),
    ],
)
def test_bad_batches_are_refused_before_anything_changes(
    method: str, x: Any, t: Any, error: type[Exception], message: str
) -> None:
    net = small_net()
    expected = net.gradient(X, T)
    loss = net.last_layer.loss
    with pytest.raises(error, match=message):
        getattr(net, method)(x, t)
    assert net.last_layer.loss == loss  # all that can be read is still that of the last good call
    np.testing.assert_array_equal(net.last_layer.t, T, strict=True)
    for number, name in ((1, "Affine1"), (2, "Affine2")):
        np.testing.assert_array_equal(net.layers[name].dW, expected[f"W{number}"], strict=True)


def test_predict_refuses_bad_x() -> None:
    with pytest.raises(ValueError, match=r"TwoLayerNet: x must have 4 features in its last axis, got shape \(2, 2\)"):
        small_net().predict(np.ones((2, 2)))
    assert small_net().predict(np.ones((0, 4))).shape == (0, 3)


@pytest.mark.parametrize(
    ("key", "value", "error", "message"),
    [
        ("W1", np.ones((5, 4)), ValueError, r"TwoLayerNet: params\['W1'\] must have shape \(4, 5\), got \(5, 4\)"),
        ("b1", np.ones(1), ValueError, r"TwoLayerNet: params\['b1'\] must have shape \(5,\), got \(1,\)"),
        ("W1", np.ones((4, 5), np.float32), TypeError, r"TwoLayerNet: params\['W1'\] must be float64, got float32"),
        ("b2", [0.0, 0.0, 0.0], TypeError, r"TwoLayerNet: params\['b2'\] must be a NumPy array, got list"),
        ("W3", np.ones((4, 5)), KeyError, "TwoLayerNet: a parameter must be one of W1, b1, W2, b2, got 'W3'"),
    ],
)
def test_a_bad_assignment_is_refused(key: str, value: Any, error: type[Exception], message: str) -> None:
    net = small_net()
    before = {name: p.copy() for name, p in net.params.items()}
    with pytest.raises(error, match=message):
        net.params[key] = value
    for name, p in net.params.items():
        np.testing.assert_array_equal(p, before[name], strict=True)


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="a parameter must be one of W1, b1, W2, b2, got 'w1'"):
        small_net().params["w1"]
    with pytest.raises(KeyError, match="a parameter must be one of"):
        small_net().params[["W1"]]  # type: ignore[index]
    assert "w1" not in small_net().params
