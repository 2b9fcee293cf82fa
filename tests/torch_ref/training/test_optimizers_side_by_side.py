"""Every optimizer trains a network beside its twin, each step is proven, and both go on from states that were saved."""

from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save
from small_network import T, X, small_net
from training.proof import Update, prove

from numpy_impl import SGD, AdaGrad, Adam, AdamW, Momentum, RMSprop
from numpy_impl.validation import Array
from torch_ref import NumpyTrainer, SideBySide

MAKE: dict[str, Any] = {
    "SGD": lambda: SGD(0.1, weight_decay=0.01),
    "Momentum": lambda: Momentum(0.05, weight_decay=0.01),
    "Nesterov": lambda: Momentum(0.05, nesterov=True),
    "AdaGrad": lambda: AdaGrad(0.1),
    "RMSprop": lambda: RMSprop(0.01),
    "Adam": lambda: Adam(0.01),
    "AdamW": lambda: AdamW(0.01),
}


def batch() -> tuple[Array, Array]:
    return X, T


WITH_STATE = [name for name in MAKE if name != "SGD"]


@pytest.mark.parametrize("name", MAKE)
def test_each_step_is_proven(name: str) -> None:
    (x, t), sides = batch(), SideBySide(small_net(), optimizer=MAKE[name]())
    first = sides.look(x, t).numpy_loss
    for _ in range(5):
        proof, update = prove(sides, x, t), Update(sides, x, t)
        sides.step(x, t)
        proof = update.added_to(proof, sides)
        assert not proof.violation
        assert 0 < proof.radius_used <= 1
        assert not proof.shows_nothing
        rows = {row.name for row in proof.reports["after the update"].rows}
        kept = {key.removeprefix("numpy.") for key in sides.optimizer_states if key.startswith("numpy.")}
        assert rows == {*sides.numpy.params, *(f"d{name}" for name in sides.numpy.params), *kept}
    assert sides.look(x, t).numpy_loss < first
    # Each step adds a few hundred roundings of numbers of 1, which √v of small gradients may magnify by 1e4.
    assert sides.drift() < 1e-9


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("Momentum", "momentum", 0.8999),
        ("Nesterov", "nesterov", False),
        ("AdaGrad", "eps", 1e-4),
        ("RMSprop", "alpha", 0.9901),
        ("Adam", "betas", (0.9, 0.9991)),
        ("Adam", "eps", 1e-5),
        ("AdamW", "weight_decay", 0.011),
    ],
)
def test_another_option_than_the_one_that_was_given_is_found(name: str, option: str, value: Any) -> None:
    (x, t), sides = batch(), SideBySide(small_net(), optimizer=MAKE[name]())
    sides.step(x, t)
    sides.torch.optimizer.param_groups[0][option] = value
    proof, update = prove(sides, x, t), Update(sides, x, t)
    sides.step(x, t)
    assert "of PyTorch, after the update, is OUTSIDE" in str(update.added_to(proof, sides).violation)


@pytest.mark.parametrize("name", WITH_STATE)
def test_a_state_that_is_lost_on_the_way_is_found(name: str) -> None:
    (x, t), sides = batch(), SideBySide(small_net(), optimizer=MAKE[name]())
    sides.step(x, t)
    proof, update = prove(sides, x, t), Update(sides, x, t)
    sides.numpy.load_optimizer_state({})
    sides.step(x, t)
    assert "of NumPy, after the update, is OUTSIDE" in str(update.added_to(proof, sides).violation)


@pytest.mark.parametrize("name", MAKE)
def test_both_sides_go_on_from_weights_and_states_in_a_file(name: str) -> None:
    (x, t), one = batch(), SideBySide(small_net(), optimizer=MAKE[name]())
    assert not any(value.any() for value in one.optimizer_states.values())  # PyTorch's Adagrad begins with zeros
    for _ in range(2):
        one.step(x, t)
    contiguous = {key: value.copy() for key, value in (one.weights | one.optimizer_states).items()}
    arrays = load(save(contiguous))
    other = SideBySide(small_net(std=0.1), optimizer=MAKE[name]())
    other.step(x, t)  # somewhere else
    states = {key: value for key, value in arrays.items() if key in one.optimizer_states}
    other.load(arrays)
    other.load_optimizer_states(states)
    assert one.step(x, t) == other.step(x, t)
    for mine, its in ((one.weights, other.weights), (one.optimizer_states, other.optimizer_states)):
        assert mine.keys() == its.keys()
        for key, value in mine.items():
            np.testing.assert_array_equal(its[key], value, strict=True)


def test_states_are_in_numpys_names_and_shapes() -> None:
    (x, t), sides = batch(), SideBySide(small_net(), optimizer=Adam(0.01))
    sides.step(x, t)
    states = sides.optimizer_states
    assert {f"{side}.W1.{entry}" for side in ("numpy", "torch") for entry in "mvt"} <= states.keys()
    for key, value in states.items():
        ours = states[key.replace("torch.", "numpy.", 1)]
        assert (value.shape, value.dtype) == (ours.shape, ours.dtype)
        np.testing.assert_allclose(value, ours, rtol=1e-9, atol=1e-16)


def test_empty_states_begin_anew_on_both_sides() -> None:
    (x, t), one, new = batch(), *(SideBySide(small_net(), optimizer=AdaGrad(0.1)) for _ in range(2))
    weights = one.weights
    one.step(x, t)
    one.load(weights)
    one.load_optimizer_states({})
    assert one.step(x, t) == new.step(x, t)
    for key, value in one.weights.items():
        np.testing.assert_array_equal(new.weights[key], value, strict=True)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"numpy.W1.q": np.ones((4, 5))}, ValueError, r"states must have names such as numpy\.W1\.m, .*, got num"),
        ({"other.W1.m": np.ones((4, 5))}, ValueError, r"got other\.W1\.m"),
        ({"numpy.W9.m": np.ones((4, 5))}, ValueError, r"got numpy\.W9\.m"),
        ({"torch.W1.m": np.ones((5, 4))}, ValueError, r"torch\.W1\.m must have shape \(4, 5\), got \(5, 4\)"),
        ({"torch.W1.v": np.ones((4, 5), "f")}, TypeError, r"torch\.W1\.v must be float64, got float32"),
        ({"torch.W1.t": np.array(1.0)}, TypeError, r"torch\.W1\.t must be an integer, got float64"),
        ({"torch.W1.t": None}, ValueError, r"states must hold all of torch\.W1, got none for t"),
    ],
)
def test_states_of_another_network_or_optimizer_are_refused(
    change: dict[str, Any], error: type[Exception], message: str
) -> None:
    (x, t), sides = batch(), SideBySide(small_net(), optimizer=Adam(0.01))
    sides.step(x, t)
    before = sides.optimizer_states
    states = {key: value for key, value in (before | change).items() if value is not None}
    with pytest.raises(error, match=rf"SideBySide: .*{message}"):
        sides.load_optimizer_states(states)
    for key, value in sides.optimizer_states.items():
        np.testing.assert_array_equal(value, before[key], strict=True)


def test_a_momentum_of_0_keeps_a_state_on_one_side_only() -> None:
    (x, t), sides = batch(), SideBySide(small_net(), optimizer=Momentum(0.1, 0))
    proof, update = prove(sides, x, t), Update(sides, x, t)
    sides.step(x, t)
    assert not update.added_to(proof, sides).violation
    assert not any(key.startswith("torch.") for key in sides.optimizer_states)


def test_an_optimizer_without_a_state_trains() -> None:
    class Plain:
        """Somebody's own."""

        def update(self, params: Any, grads: Any) -> None:
            for key in params:
                params[key] -= 0.1 * grads[key]

    trainer = NumpyTrainer(small_net(), Plain())
    trainer.step(*batch())
    assert trainer.optimizer_state == {}
    trainer.load_optimizer_state({})
