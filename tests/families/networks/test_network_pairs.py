"""The NumPy network beside its PyTorch twin: gradients, single steps and whole trainings agree."""

from typing import Any

import numpy as np
import pytest
import torch

from numpy_impl import SGD, TwoLayerNet
from numpy_impl.validation import Array
from torch_ref import SCENARIOS, NumpyTrainer, TorchTrainer, drift, params_of, verify
from torch_ref.checks.battery import Subject
from torch_ref.families import PAIRS
from torch_ref.results import scenarios_of

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
NETWORK = PAIRS["two_layer_net"]


def book_net(dtype: Any, std: float = 0.01) -> TwoLayerNet:
    return TwoLayerNet(784, 50, 10, std, rng=0, dtype=dtype)


@both_dtypes
@pytest.mark.parametrize("scenario", scenarios_of(NETWORK), ids=lambda scenario: scenario.name)
def test_each_layer_is_right_where_it_stands_and_the_whole(scenario: Any, dtype: Any) -> None:
    example = Subject(NETWORK, dtype).example(scenario)
    report = verify(example.layer, *example.inputs.values())
    # A hidden layer's gradient may be even on purpose: a unit that is closed for all, an upstream gradient of 0.
    assert not [row for row in report.rows if "NumPy" in row.at_fault or "PyTorch" in row.at_fault], report
    assert [row.name for row in report.rows] == [
        *(f"{layer}.{tensor}" for layer, tensors in {
            "Affine1": ["y", "dx", "dW", "db"],
            "Relu1": ["y", "dx"],
            "Affine2": ["y", "dx", "dW", "db"],
            "last_layer": ["loss", "dx"],
        }.items() for tensor in tensors),
        *("loss", "dW1", "db1", "dW2", "db2"),
    ]  # fmt: skip


@both_dtypes
@pytest.mark.parametrize("std", [0.01, 0.1])
@pytest.mark.parametrize("as_rows", [False, True])
def test_network_is_right_on_mnist(mnist: tuple[Array, Array], std: float, as_rows: bool, dtype: Any) -> None:
    x, t = mnist[0][:100].astype(dtype), mnist[1][:100]
    verify(book_net(dtype, std), x, np.eye(10, dtype=dtype)[t] if as_rows else t).check()


def test_exact_zeros_are_among_the_scenarios() -> None:
    zeros = next(scenario for scenario in SCENARIOS if scenario.name == "exact-zeros")
    net, inputs, _ = Subject(NETWORK, np.float64).example(zeros)
    assert np.count_nonzero(net.layers["Affine1"].forward(inputs["x"]) == 0) >= 3


@both_dtypes
def test_ten_steps_of_sgd_agree_after_each(mnist: tuple[Array, Array], dtype: Any) -> None:
    net = book_net(dtype)
    ours, theirs = NumpyTrainer(net, SGD(0.1)), TorchTrainer(net, SGD(0.1))
    before = {name: value.copy() for name, value in net.params.items()}
    for step in range(10):
        x, t = (part[step * 100 : step * 100 + 100] for part in mnist)
        x = x.astype(dtype)
        if step in (0, 9):
            verify(net, x, t).check()
        loss, their_loss = ours.step(x, t), theirs.step(x, t)
        # Measured after 100 steps: 6e-8 and 1e-16. No bound is known for the steps together.
        assert drift(ours, theirs) <= (1e-7 if dtype is np.float32 else 1e-15)
        assert abs(loss - their_loss) <= 20 * np.finfo(dtype).eps
        for name, value in params_of(theirs.net).items():
            assert abs(value - before[name]).max() > 1e-4, "the step moved nothing"


def test_float64_trajectories_stay_within_1e12_for_600_steps(mnist: tuple[Array, Array]) -> None:
    net = book_net(np.float64)
    ours, theirs = NumpyTrainer(net, SGD(0.1)), TorchTrainer(net, SGD(0.1))
    start = net.params["W1"].copy()
    rng = np.random.default_rng(0)
    for step in range(600):
        batch = rng.integers(0, 1000, 100)
        x, t = mnist[0][batch], mnist[1][batch]
        ours.step(x, t)
        theirs.step(x, t)
        if step % 20 == 19:
            assert drift(ours, theirs) <= 1e-12
    assert abs(net.params["W1"] - start).max() > 0.1


def test_the_trainers_predict_the_same(mnist: tuple[Array, Array]) -> None:
    net, x = book_net(np.float64), mnist[0][:50].copy()
    ours, theirs = NumpyTrainer(net, SGD(0.1)).predict(x), TorchTrainer(net, SGD(0.1)).predict(x)
    assert abs(ours - theirs).max() <= 1e-15 * 784  # γ_784 of products below 0.1


def test_sgd_equals_pytorch_in_float64() -> None:
    # lr = 2^-3 makes lr · grad exact, so that the two round once, with or without FMA.
    rng = np.random.default_rng(0)
    p, g = rng.standard_normal((5, 4)), rng.standard_normal((5, 4))
    theirs = torch.nn.Parameter(torch.tensor(p))
    theirs.grad = torch.tensor(g)
    torch.optim.SGD([theirs], lr=0.125).step()
    SGD(0.125).update({"p": p}, {"p": g})
    np.testing.assert_array_equal(p, theirs.detach().numpy(), strict=True)
