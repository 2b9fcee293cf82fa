"""What optimizers keep: by key, put back, copied, checked before anything changes."""

import pickle
from typing import Any

import numpy as np
import pytest

from numpy_impl import SGD, AdaGrad, Adam, AdamW, Momentum, RMSprop
from numpy_impl.optimizers.optimizer import Optimizer
from numpy_impl.validation import Array

MAKE: dict[str, Any] = {
    "SGD": lambda: SGD(0.1, weight_decay=0.1),
    "Momentum": lambda: Momentum(0.1, nesterov=True),
    "AdaGrad": lambda: AdaGrad(0.1),
    "RMSprop": lambda: RMSprop(0.1),
    "Adam": Adam,
    "AdamW": AdamW,
}
KEEPS = {"Momentum": ["v"], "AdaGrad": ["h"], "RMSprop": ["h"], "Adam": ["m", "v", "t"], "AdamW": ["m", "v", "t"]}


def data(seed: int = 0, dtype: Any = np.float64) -> tuple[dict[str, Array], dict[str, Array]]:
    rng = np.random.default_rng(seed)
    shapes = {"W": (3, 2), "b": (2,), "c": (2,)}
    params, grads = ({key: rng.standard_normal(s).astype(dtype) for key, s in shapes.items()} for _ in range(2))
    return params, grads


@pytest.mark.parametrize("name", KEEPS)
def test_the_state_is_by_key_and_empty_at_first(name: str) -> None:
    optimizer, (params, grads) = MAKE[name](), data(dtype=np.float32)
    assert optimizer.state == {}
    optimizer.update(params, grads)
    state = optimizer.state
    assert list(state) == ["W", "b", "c"]
    for key, kept in state.items():
        assert list(kept) == KEEPS[name]
        for entry, value in kept.items():
            if entry == "t":
                assert (type(value), value) == (int, 1)
            else:
                assert (type(value), value.shape, value.dtype) == (np.ndarray, params[key].shape, np.float32)


def test_sgd_keeps_nothing() -> None:
    optimizer = SGD(0.1)
    optimizer.update(*data())
    assert optimizer.state == {}
    optimizer.state = {"W": {}}
    assert optimizer.state == {}
    with pytest.raises(ValueError, match=r"SGD: state\['W'\] must have the keys none, got v"):
        optimizer.state = {"W": {"v": np.ones(2)}}


@pytest.mark.parametrize("name", MAKE)
def test_a_state_that_was_saved_goes_on_bit_for_bit(name: str) -> None:
    (params, grads), one = data(), MAKE[name]()
    for _ in range(3):
        one.update(params, grads)
    other = MAKE[name]()
    other.state = pickle.loads(pickle.dumps(one.state))
    copy = {key: p.copy() for key, p in params.items()}
    _, grads = data(seed=1)
    one.update(params, grads)
    other.update(copy, grads)
    for key, p in params.items():
        np.testing.assert_array_equal(copy[key], p, strict=True)


def test_a_count_may_come_back_as_numpy_writes_it() -> None:
    adam, zeros = Adam(), np.zeros(2)
    for t in (np.int64(3), np.array(3), np.array(3, np.uint8)):
        adam.state = {"b": {"m": zeros, "v": zeros, "t": t}}
        assert type(adam.state["b"]["t"]) is int
        assert adam.state["b"]["t"] == 3


def test_a_read_only_array_of_any_layout_is_a_state() -> None:
    momentum, params = Momentum(0.5, 0.5), {"W": np.ones((3, 2))}
    v = np.broadcast_to(np.float64(2), (2, 3)).T
    momentum.state = {"W": {"v": v}}
    momentum.update(params, {"W": np.ones((3, 2))})
    np.testing.assert_array_equal(params["W"], 0)  # v = 0.5 · 2 + 1
    np.testing.assert_array_equal(v, 2)


def test_a_parameter_that_appears_later_begins_anew() -> None:
    params, grads = data()
    adam = Adam()
    adam.update({"W": params["W"]}, {"W": grads["W"]})
    adam.update(params, grads)
    assert {key: kept["t"] for key, kept in adam.state.items()} == {"W": 2, "b": 1, "c": 1}
    alone = {"b": data()[0]["b"]}
    Adam().update(alone, {"b": grads["b"]})
    np.testing.assert_array_equal(params["b"], alone["b"])


def test_parameters_of_shape_0d_and_empty_ones_are_stepped() -> None:
    for make in MAKE.values():
        optimizer, params = make(), {"a": np.array(1.0, np.float32), "b": np.ones((0, 3), np.float32)}
        for _ in range(2):
            optimizer.update(params, {key: np.ones_like(p) for key, p in params.items()})
        assert params["a"] < 1
        assert params["a"].dtype == np.float32
        optimizer.state = optimizer.state


def test_the_gradient_may_be_the_parameter_itself() -> None:
    """That of ‖p‖² / 2."""
    for make in MAKE.values():
        p, q = np.array([1.0, -2.0]), np.array([1.0, -2.0])
        make().update({"p": p}, {"p": p})
        make().update({"p": q}, {"p": q.copy()})
        np.testing.assert_array_equal(p, q)


def test_an_optimizer_without_a_step_says_so() -> None:
    class Nothing(Optimizer):
        """It has no _step."""

    with pytest.raises(NotImplementedError, match="Nothing: an optimizer must have _step, or an update of its own"):
        Nothing(0.1).update(*data())


A, WIDE, BY_3 = np.ones(2), np.ones(2, np.longdouble), np.ones(3)


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        (None, TypeError, "Adam: state must be a mapping of arrays, got None"),
        ([], TypeError, "Adam: state must be a mapping of arrays, got list"),
        ({"b": [A, A, 1]}, TypeError, r"Adam: state\['b'\] must be a mapping of arrays, got list"),
        ({"b": {"m": A, "v": A}}, ValueError, r"Adam: state\['b'\] must have the keys m, v, t, got m, v"),
        ({"b": {"m": A, "v": A, "t": 1, "u": 1}}, ValueError, "must have the keys m, v, t, got m, v, t, u"),
        ({"b": {"m": A, "v": [1.0, 1.0], "t": 1}}, TypeError, r"state\['b'\]\['v'\] must be a NumPy array, got list"),
        ({"b": {"m": A.astype(int), "v": A, "t": 1}}, TypeError, r"\['m'\] must be of a native floating-point"),
        ({"b": {"m": A, "v": BY_3, "t": 1}}, ValueError, r"\['v'\] must have shape \(2,\), got \(3,\)"),
        ({"b": {"m": A, "v": WIDE, "t": 1}}, TypeError, r"\['v'\] must be float64, got"),
        ({"b": {"m": A, "v": A, "t": 1.0}}, TypeError, r"\['t'\] must be an integer, got float"),
        ({"b": {"m": A, "v": A, "t": np.array(1.0)}}, TypeError, r"\['t'\] must be an integer, got float64"),
        ({"b": {"m": A, "v": A, "t": np.ones(1, int)}}, TypeError, r"\['t'\] must be an integer, got ndarray"),
        ({"b": {"m": A, "v": A, "t": True}}, TypeError, r"\['t'\] must be an integer, got True"),
        ({"b": {"m": A, "v": A, "t": -1}}, ValueError, r"\['t'\] must be from 0 to 9007199254740992, got -1"),
        ({"b": {"m": A, "v": A, "t": 2**54}}, ValueError, r"\['t'\] must be from 0 to"),
    ],
)
def test_a_bad_state_is_refused_before_anything_changes(state: Any, error: type[Exception], message: str) -> None:
    adam = Adam()
    with pytest.raises(error, match=message):
        adam.state = state
    assert adam.state == {}
    adam.update({"b": np.ones(2)}, {"b": np.ones(2)})
    before = adam.state["b"]
    with pytest.raises(error, match=message):
        adam.state = state
    assert (adam.state["b"]["t"], adam.state["b"]["m"].tolist()) == (before["t"], before["m"].tolist())


def of(*keys: str, like: Array = A) -> dict[str, dict[str, Any]]:
    return {key: {"m": like.copy(), "v": like.copy(), "t": 1} for key in keys}


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        (of("q"), ValueError, "Adam: state must be of b, got q"),
        (of("b", like=BY_3), ValueError, r"Adam: state\['b'\]\['m'\] must have shape \(2,\), got \(3,\)"),
        (of("b", like=WIDE), TypeError, r"Adam: state\['b'\]\['m'\] must be float64, got"),
    ],
)
def test_a_state_of_other_parameters_is_refused_at_once_or_by_the_update(
    state: Any, error: type[Exception], message: str
) -> None:
    new, used = Adam(), Adam()
    used.update({"b": np.ones(2)}, {"b": np.ones(2)})
    with pytest.raises(error, match=message):
        used.state = state
    new.state = state
    params = {"b": np.ones(2)}
    for _ in range(2):
        with pytest.raises(error, match=message):
            new.update(params, {"b": np.ones(2)})
    np.testing.assert_array_equal(params["b"], 1)
    new.state = {}  # it forgets all
    new.update(params, {"b": np.ones(2)})
    new.state = of("b")
    with pytest.raises(ValueError, match="Adam: state must be of no parameter, got b"):
        new.update({}, {})


def test_weight_decay_of_0_is_none() -> None:
    (params, grads), (others, _) = data(), data()
    params["b"][0] = np.inf  # of which 0 · inf would be NaN
    for key, p in params.items():
        others[key][...] = p
    SGD(0.1, weight_decay=0).update(params, grads)
    Momentum(0.1, weight_decay=0).update(others, grads)
    for key, p in params.items():
        np.testing.assert_array_equal(others[key], p)
    assert params["b"][0] == np.inf


def test_a_state_of_some_of_the_parameters_that_are_known_is_refused() -> None:
    optimizer, (params, grads) = Adam(), data()
    optimizer.update(params, grads)
    state = optimizer.state
    with pytest.raises(ValueError, match="Adam: state must be of W, b, c, got W, b"):
        optimizer.state = {key: state[key] for key in ("W", "b")}
    assert optimizer.state["c"]["t"] == 1
