"""SideBySide: two trainings in step, compared step by step, that go on from weights that were saved."""

from typing import Any

import numpy as np
import pytest
import torch
from small_network import small_net

from numpy_impl import SGD
from torch_ref import NumpyTrainer, SideBySide, TorchTrainer, drift, params_of


def test_side_by_side_steps_as_each_side_alone_and_counts_relus_apart(rng: np.random.Generator) -> None:
    x, t = rng.standard_normal((6, 4)), np.array([0, 1, 2, 2, 1, 0])
    sides, ours, theirs = (
        SideBySide(small_net(), 0.5),
        NumpyTrainer(small_net(), SGD(0.5)),
        TorchTrainer(small_net(), SGD(0.5)),
    )
    for _ in range(3):
        expected = ours.loss(x, t), theirs.loss(x, t)
        assert sides.look(x, t) == (*expected, 0)
        assert sides.step(x, t) == (*expected, 0)
        ours.step(x, t)
        theirs.step(x, t)
    assert sides.drift() == drift(ours, theirs) < 1e-14
    for name, value in ours.net.params.items():
        np.testing.assert_array_equal(sides.weights[f"numpy.{name}"], value, strict=True)
        np.testing.assert_array_equal(sides.weights[f"torch.{name}"], params_of(theirs.net)[name], strict=True)

    sides.numpy.net.params["b1"][...] = [-100, -100, 0, 0, 0]  # two of five units are closed on this side alone
    sides.torch.net.Affine1.bias.data[:] = torch.tensor([100.0, 100, 0, 0, 0])
    assert sides.look(x, t).relus_apart == 12
    x[0, 0] = np.nan  # which is let through on both sides
    assert sides.look(x, t).relus_apart == 10


def test_side_by_side_goes_on_from_loaded_weights(rng: np.random.Generator) -> None:
    x, t = rng.standard_normal((6, 4)), np.array([0, 1, 2, 2, 1, 0])
    one, other = (SideBySide(small_net(std=std), 0.5) for std in (0.5, 0.1))
    one.step(x, t)
    weights = one.weights
    other.load(weights)
    assert one.step(x, t) == other.step(x, t)
    for name, value in one.weights.items():
        np.testing.assert_array_equal(other.weights[name], value, strict=True)
        assert (weights[name] != value).any()  # copies, which no step changes
    before = other.weights
    for change, error in (
        ({"numpy.W1": weights["numpy.W1"][1:]}, ValueError),
        ({"torch.b2": weights["torch.b2"].astype(np.float32)}, TypeError),
    ):
        with pytest.raises(error, match=r"SideBySide: (numpy\.W1|torch\.b2) must"):
            other.load(weights | change)
    del weights["torch.W2"]
    with pytest.raises(ValueError, match=r"got none for torch\.W2"):
        other.load(weights)
    for name, value in before.items():
        np.testing.assert_array_equal(other.weights[name], value, strict=True)


def test_both_sides_step_on_any_layout_and_any_targets_or_neither() -> None:
    x, t = np.arange(24.0).reshape(6, 4) / 10, np.array([0, 1, 2, 2, 1, 0])
    x.setflags(write=False)
    for xs, ts in ((x[::-1], t.astype(np.int32)), (np.asfortranarray(x), np.eye(3, dtype=int)[t]), (x, np.eye(3)[t])):
        one, other = SideBySide(small_net(), 0.5), SideBySide(small_net(), 0.5)
        got, expected = one.step(xs, ts), other.step(xs.copy(), ts.argmax(1) if ts.ndim == 2 else ts.astype(np.int64))
        np.testing.assert_allclose(got, expected, rtol=1e-14)  # rows and indices sum in another order
        assert one.drift() < 1e-15


def test_a_parameter_that_was_exchanged_is_the_one_that_is_trained() -> None:
    x, t = np.ones((2, 4)), np.array([0, 1])
    trainer = NumpyTrainer(small_net(), SGD(0.5))
    exchanged = trainer.net.params["W2"].copy()
    trainer.net.params["W2"] = exchanged
    before = exchanged.copy()
    trainer.step(x, t)
    assert (exchanged != before).any()


@pytest.mark.parametrize(
    ("x", "t"),
    [
        (np.ones((6, 4)), np.zeros(6)),
        (np.ones((6, 4)), np.zeros(6, bool)),
        (np.ones((6, 4)), [0] * 6),
        (np.ones((6, 4)).tolist(), np.zeros(6, int)),
        (np.ones((6, 4), np.float32), np.eye(6, 3)),
    ],
)
def test_what_the_network_refuses_is_not_converted_for_it(x: Any, t: Any) -> None:
    sides = SideBySide(small_net(dtype=getattr(x, "dtype", np.float64)))
    before = sides.weights
    for method in (sides.step, sides.look):
        with pytest.raises(TypeError, match=r"SideBySide: [xt] must be "):
            method(x, t)
    for name, value in sides.weights.items():
        np.testing.assert_array_equal(value, before[name], strict=True)


def test_weights_that_do_not_fit_change_nothing() -> None:
    trainer = NumpyTrainer(small_net(), SGD(0.1))
    before = trainer.params
    for params, message in (
        ({"W1": np.zeros((4, 5))}, "NumpyTrainer: params must have the keys W1, b1, W2, b2, got W1"),
        ({name: np.ones(1) for name in before}, r"NumpyTrainer: W1 must have shape \(4, 5\), got \(1,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            trainer.load(params)
    zeros = {name: np.zeros_like(value) for name, value in before.items()}
    trainer.net.params["W2"].setflags(write=False)
    with pytest.raises(ValueError, match="NumpyTrainer: W2 must be writeable, got a read-only array"):
        trainer.load(zeros)
    for name, value in trainer.params.items():
        np.testing.assert_array_equal(value, before[name], strict=True)
