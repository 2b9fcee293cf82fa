"""A network in training and in evaluation, and the state that passes depend on: generators, running statistics."""

from typing import Any

import numpy as np
import pytest

from numpy_impl import Affine, Dropout, MultiLayerNet, Network, Sequential, SoftmaxWithLoss, TwoLayerNet
from numpy_impl.validation import Array

X = np.random.default_rng(1).standard_normal((6, 4))
T = np.array([0, 1, 2, 2, 1, 0])


def net() -> MultiLayerNet:
    return MultiLayerNet(4, [50, 3], 3, batch_norm=True, dropout=0.5, rng=0, dtype=np.float64)


def running(one: MultiLayerNet) -> dict[str, Array]:
    return {
        f"BatchNorm{i}.{name}": getattr(one.layers[f"BatchNorm{i}"], name)
        for i in (1, 2)
        for name in ("running_mean", "running_var")
    }


def assert_equal(found: dict[str, Array], wanted: dict[str, Array]) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value, strict=True, err_msg=name)


def test_it_is_in_training_at_first_and_all_layers_go_with_it() -> None:
    one = net()
    assert one.training
    one.training = False
    assert not any(layer.training for layer in one.layers.values())
    first = one.predict(X)
    np.testing.assert_array_equal(one.predict(X), first, strict=True)  # no chance in it
    np.testing.assert_array_equal(one.predict(X[:1]), first[:1], strict=False)  # nor other samples
    one.training = True
    assert all(layer.training for layer in one.layers.values())
    assert (one.predict(X) != one.predict(X)).any()


@pytest.mark.parametrize("method", ["predict", "loss", "gradient", "accuracy"])
def test_each_pass_of_training_moves_the_running_statistics_once(method: str) -> None:
    one, other = net(), net()
    getattr(one, method)(*(X, T)[: 1 if method == "predict" else 2])
    other.predict(X)
    assert_equal(running(one), running(other))
    assert (running(one)["BatchNorm1.running_mean"] != 0).any()


def test_in_evaluation_nothing_moves_them() -> None:
    one = net()
    one.predict(X)
    before = running(one)
    one.training = False
    one.gradient(X, T)
    one.accuracy(X, T)
    assert_equal(running(one), before)


def test_a_numerical_gradient_leaves_what_one_pass_does() -> None:
    one, other = net(), net()
    one.numerical_gradient(X, T)
    other.loss(X, T)
    assert_equal(running(one), running(other))
    np.testing.assert_array_equal(one.predict(X), other.predict(X), strict=True)  # the same masks come next


def test_from_the_same_state_it_goes_on_the_same_way() -> None:
    one = net()
    one.gradient(X, T)
    state = one.state
    wanted, after = one.gradient(X, T), running(one)
    one.predict(X)
    one.state = state
    assert_equal(one.gradient(X, T), wanted)
    assert_equal(running(one), after)


def test_an_edit_of_a_state_that_was_read_changes_nothing() -> None:
    one, other = net(), net()
    state = one.state
    state["BatchNorm1"]["running_mean"] += 1
    assert_equal(running(one), running(other))
    one.state = state
    state["BatchNorm1"]["running_mean"] += 1
    np.testing.assert_array_equal(one.layers["BatchNorm1"].running_mean, np.ones(50), strict=True)


def test_a_network_without_such_layers_has_no_state() -> None:
    one = TwoLayerNet(4, 5, 3, rng=0)
    assert one.state == {}
    one.state = {}
    assert one.training
    one.training = False


def without(state: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda state: without(state, "BatchNorm2"), ValueError, "MultiLayerNet: state must have the keys BatchNorm1"),
        (lambda _: None, TypeError, "MultiLayerNet: state must be a mapping"),
        (
            lambda state: {**state, "BatchNorm2": {"running_mean": np.zeros(3)}},
            ValueError,
            "BatchNorm: state must have the keys running_mean, running_var, got running_mean",
        ),
        (
            lambda state: {**state, "BatchNorm2": {**state["BatchNorm2"], "running_var": np.zeros(4)}},
            ValueError,
            r"BatchNorm: .*running_var.* must have shape \(3,\), got \(4,\)",
        ),
        (lambda state: {**state, "Dropout2": {"rng": "junk"}}, TypeError, "Dropout: "),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(change: Any, error: Any, message: str) -> None:
    one, other = net(), net()
    moved = net()
    moved.predict(X)
    with pytest.raises(error, match=message):
        one.state = change(moved.state)
    assert_equal(running(one), running(other))
    np.testing.assert_array_equal(one.predict(X), other.predict(X), strict=True)


@pytest.mark.parametrize("junk", [None, 1, "yes", np.True_])
def test_a_mode_is_true_or_false(junk: Any) -> None:
    one = net()
    with pytest.raises(TypeError, match="MultiLayerNet: training must be True or False"):
        one.training = junk
    with pytest.raises(TypeError, match="BatchNorm: training must be True or False"):
        one.layers["BatchNorm1"].training = junk
    assert one.training


@pytest.mark.parametrize("method", ["loss", "gradient", "accuracy"])
def test_labels_that_are_refused_draw_no_mask(method: str) -> None:
    one, other = net(), net()
    with pytest.raises(ValueError, match="class indices in t must be 0 to 2, got 3"):
        getattr(one, method)(X, T + 1)
    np.testing.assert_array_equal(one.predict(X), other.predict(X), strict=True)


def test_what_a_later_layer_refuses_draws_no_mask() -> None:
    """Of a network, and of a layer made of layers."""
    affine = Affine(np.ones((3, 2)), np.zeros(2))  # it wants three features
    for make in (
        lambda: Sequential(Dropout(0.5, rng=0), affine),
        lambda: Network({"D": Dropout(0.5, rng=0), "A": affine}, SoftmaxWithLoss()),
    ):
        one, other = make(), make()
        run = one.forward if isinstance(one, Sequential) else one.predict
        with pytest.raises(ValueError, match="Affine: x must have 3 features in its last axis"):
            run(X)
        assert repr(one.state) == repr(other.state)
