"""Training side by side knows no network by name: here a deep one, one layer of it in two places."""

from pathlib import Path

import numpy as np
import safetensors.numpy
from training.proof import Update, prove
from training.step_time import step_time

from numpy_impl import SGD, Affine, LeakyReLU, Network, Sigmoid, SoftmaxWithLoss, Tanh
from torch_ref import SideBySide, load_weights, twin
from torch_ref.training.files import read_safetensors
from torch_ref.training.weights import copy_to_torch, params_of


def deep_net(seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    sizes = (4, 5), (5, 5), (5, 3)
    first, shared, last = (Affine(rng.standard_normal(size), rng.standard_normal(size[1])) for size in sizes)
    layers = {"in": first, "tanh": Tanh(), "one": shared, "leaky": LeakyReLU(), "two": shared, "sigmoid": Sigmoid()}
    return Network({**layers, "out": last}, SoftmaxWithLoss())


def batch() -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(1).standard_normal((6, 4)), np.array([0, 1, 2, 2, 1, 0])


def test_it_trains_beside_its_twin_and_each_step_is_proven() -> None:
    (x, t), sides = batch(), SideBySide(deep_net(), 0.5)
    first = sides.look(x, t).numpy_loss
    for _ in range(20):
        proof = prove(sides, x, t)
        update = Update(sides, x, t)
        sides.step(x, t)
        proof = update.added_to(proof, sides)
        assert not proof.violation
        assert 0 < proof.radius_used <= 1
    assert sides.look(x, t).numpy_loss < first
    assert sides.drift() < 1e-13


def test_a_wrong_layer_of_it_is_named_by_the_proof() -> None:
    (x, t), sides = batch(), SideBySide(deep_net(), 0.5)
    tanh = sides.numpy.net.layers["tanh"]
    right = tanh._backward
    tanh._backward = lambda dout, cache: (1.01 * right(dout, cache)[0], {})
    assert "tanh.dx of NumPy" in str(prove(sides, x, t).violation)


def test_its_weights_go_on_from_a_checkpoint_and_into_either_framework(tmp_path: Path) -> None:
    (x, t), one, other = batch(), SideBySide(deep_net(), 0.5), SideBySide(deep_net(seed=2), 0.5)
    one.step(x, t)
    other.load(one.weights)
    assert one.step(x, t) == other.step(x, t)

    file = tmp_path / "weights.safetensors"
    safetensors.numpy.save_file(one.numpy.params, file)
    net, module = deep_net(seed=3), twin(deep_net(seed=4))
    load_weights(net, file)
    copy_to_torch(read_safetensors(file)[0], module, one.torch.names)
    assert net.loss(x, t) == one.numpy.loss(x, t)
    for name, value in params_of(module, one.torch.names).items():
        np.testing.assert_array_equal(value, one.numpy.params[name], strict=True)


def test_its_step_is_timed() -> None:
    assert step_time(deep_net(), lambda: SGD(0.1), *batch()).ratio > 0


def test_another_learning_rate_than_the_one_that_was_given_is_found() -> None:
    (x, t), sides = batch(), SideBySide(deep_net(), optimizer=SGD(0.5))
    sides.torch.optimizer.param_groups[0]["lr"] = 0.6
    proof, update = prove(sides, x, t), Update(sides, x, t)
    sides.step(x, t)
    assert "of PyTorch, after the update, is OUTSIDE" in str(update.added_to(proof, sides).violation)
