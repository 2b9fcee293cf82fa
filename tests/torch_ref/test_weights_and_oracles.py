"""Twins, weights and oracle: copies and not aliases, transposed in one place, strict about what fits."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from numpy_impl import SGD, Affine, ReLU, SoftmaxWithLoss, TwoLayerNet
from numpy_impl.validation import Array
from torch_ref import (
    Example,
    NumpyTrainer,
    TorchTrainer,
    autograd,
    copy_to_numpy,
    copy_to_torch,
    drift,
    grads_of,
    pair_of,
    params_of,
    torch_results,
    twin,
)
from torch_ref.training.weights import LINEAR, read, to_tensor, write

W = np.arange(6.0).reshape(2, 3)
B = np.array([0.5, -1.0, 2.0])
DTYPES = {np.float32: torch.float32, np.float64: torch.float64}


@pytest.mark.parametrize(("dtype", "theirs"), DTYPES.items())
def test_twins_are_pytorchs_own_modules_in_the_layers_dtype(dtype: Any, theirs: torch.dtype) -> None:
    linear = twin(Affine(W.astype(dtype), B.astype(dtype)))
    assert type(linear) is nn.Linear
    assert linear.weight.dtype == linear.bias.dtype == theirs
    assert type(twin(ReLU())) is nn.ReLU
    assert type(twin(SoftmaxWithLoss())) is nn.CrossEntropyLoss
    net = twin(TwoLayerNet(4, 5, 3, dtype=dtype))
    assert type(net) is nn.Sequential
    assert {name: type(child) for name, child in net.named_children()} == {
        "Affine1": nn.Linear,
        "Relu1": nn.ReLU,
        "Affine2": nn.Linear,
    }
    assert {parameter.dtype for parameter in net.parameters()} == {theirs}


def test_a_matrix_is_transposed_on_the_way() -> None:
    linear = twin(Affine(W, B))
    np.testing.assert_array_equal(linear.weight.detach().numpy(), W.T, strict=True)
    np.testing.assert_array_equal(linear.bias.detach().numpy(), B, strict=True)
    for name, value in params_of(linear).items():
        np.testing.assert_array_equal(value, {"W": W, "b": B}[name], strict=True)


def test_a_network_goes_there_and_back() -> None:
    net, other = TwoLayerNet(4, 5, 3, rng=0), TwoLayerNet(4, 5, 3, rng=1)
    copy_to_numpy(twin(net), other.params)
    for name, value in net.params.items():
        np.testing.assert_array_equal(other.params[name], value, strict=True)


def test_nothing_shares_memory_with_its_twin() -> None:
    net = TwoLayerNet(4, 4, 4, rng=0)  # square: a view of the transpose would fit, too
    module = twin(net)
    before = params_of(module)
    for value in net.params.values():
        value += 1
    for name, value in params_of(module).items():
        np.testing.assert_array_equal(value, before[name], strict=True)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(9)
    assert not any((value == 9).any() for value in [*before.values(), *net.params.values()])
    copied = {name: np.zeros_like(value) for name, value in before.items()}
    copy_to_numpy(module, copied)
    for value in copied.values():
        value[...] = 5
    assert all((parameter == 9).all() for parameter in module.parameters())


def test_gradients_come_back_under_numpys_names() -> None:
    module = twin(TwoLayerNet(4, 5, 3, rng=0, dtype=np.float64))
    with pytest.raises(RuntimeError, match="autograd: backward must have left a gradient of W1, got none"):
        grads_of(module)
    module(torch.arange(8.0, dtype=torch.float64).reshape(2, 4))[:, 1].prod().backward()
    grads = grads_of(module)
    assert {name: grad.shape for name, grad in grads.items()} == {"W1": (4, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}
    np.testing.assert_array_equal(grads["W1"], module.Affine1.weight.grad.numpy().T, strict=True)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"W": W}, ValueError, "params must have the keys W, b, got W"),
        ({"W": W.T, "b": B}, ValueError, r"params\['W'\] must have shape \(2, 3\), got \(3, 2\)"),
        ({"W": W, "b": B[:1]}, ValueError, r"params\['b'\] must have shape \(3,\), got \(1,\)"),
        ({"W": W.astype(np.float32), "b": B}, TypeError, r"params\['W'\] must be float64, got float32"),
        (None, TypeError, "params must be a mapping of arrays, got None"),
    ],
)
def test_weights_that_do_not_fit_are_refused(params: dict[str, Array], error: type[Exception], message: str) -> None:
    linear = twin(Affine(W, B))
    with pytest.raises(error, match=f"copy_to_torch: {message}"):
        copy_to_torch(params, linear)
    with pytest.raises(error, match=f"copy_to_numpy: {message}"):
        copy_to_numpy(linear, params)
    np.testing.assert_array_equal(params_of(linear)["W"], W, strict=True)


def test_a_layer_without_a_twin_is_named() -> None:
    with pytest.raises(TypeError, match="pairs: the layer must be registered, with its PyTorch twin, got Tensor"):
        twin(torch.ones(1))


def test_a_subclass_has_the_twin_of_its_class() -> None:
    class Dense(Affine):
        pass

    assert type(twin(Dense(W, B))) is nn.Linear


def test_tensors_take_any_layout_without_aliasing() -> None:
    backwards = W[::-1, ::-1]
    tensor = to_tensor(backwards)
    np.testing.assert_array_equal(tensor.numpy(), backwards, strict=True)
    tensor.zero_()
    assert backwards.any()


def test_the_oracle_starts_afresh_each_time() -> None:
    linear, dout = twin(Affine(W, B)), np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]])
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    once = autograd(linear, x, dout=dout, names=LINEAR)
    again = autograd(linear, x, dout=dout, names=LINEAR)  # PyTorch itself would add to .grad
    assert list(once) == ["y", "dx", "dW", "db"]
    for name, value in once.items():
        np.testing.assert_array_equal(again[name], value, strict=True)
    np.testing.assert_array_equal(once["dW"], x.T @ dout, strict=True)


def test_the_oracle_of_the_network_starts_afresh_each_time() -> None:
    net = TwoLayerNet(4, 5, 3, rng=0, dtype=np.float64)
    x, t = np.arange(8.0).reshape(2, 4), np.array([0, 2])
    once, again = (torch_results(pair_of(net), Example(net, {"x": x, "t": t})) for _ in range(2))
    for name, value in once.items():
        np.testing.assert_array_equal(again[name], value, strict=True)


@pytest.mark.parametrize(("name", "shift"), [("W1", 0.5), ("b1", -0.25), ("W2", -2.0), ("b2", 4.0)])
def test_drift_is_the_greatest_difference_of_any_parameter(name: str, shift: float) -> None:
    net = TwoLayerNet(4, 5, 3, rng=0, dtype=np.float64)
    ours, theirs = NumpyTrainer(net, SGD(0.1)), TorchTrainer(net, SGD(0.1))
    assert drift(ours, theirs) == 0
    net.params["b2"][0] = 0.125
    net.params[name].flat[-1] += shift
    assert drift(ours, theirs) == pytest.approx(abs(shift), rel=1e-14, abs=0)  # a sum and a difference
    with torch.no_grad():
        theirs.net.get_parameter("Affine1.weight")[0, 0] = np.inf
    net.params["W1"][0, 0] = np.inf
    assert np.isnan(drift(ours, theirs))  # ∞ − ∞, without a warning
    net.params[name].flat[0] = np.nan
    assert np.isnan(drift(ours, theirs))


def test_modules_with_other_parameters_are_refused() -> None:
    for module in (nn.Linear(2, 3, bias=False), nn.Sequential(nn.Sequential(nn.Linear(2, 3))), nn.BatchNorm1d(3)):
        with pytest.raises(TypeError, match=r"weights: the parameters must be .*, got \w"):
            params_of(module)


def test_a_refused_copy_changes_nothing() -> None:
    net = TwoLayerNet(4, 5, 3, rng=0)
    other, module = TwoLayerNet(4, 5, 3, rng=1), twin(net)
    other.params["b2"].setflags(write=False)
    before = other.params["W1"].copy()
    with pytest.raises(ValueError, match=r"copy_to_numpy: params\['b2'\] must be writeable, got a read-only array"):
        copy_to_numpy(module, other.params)
    np.testing.assert_array_equal(other.params["W1"], before, strict=True)


def test_a_twin_leaves_pytorchs_random_state_alone() -> None:
    state = torch.get_rng_state()
    twin(TwoLayerNet(4, 5, 3, rng=0))
    twin(Affine(W, B))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_module_that_ignores_x_is_named() -> None:
    class Constant(nn.Module):
        def forward(self, _: torch.Tensor) -> torch.Tensor:
            return torch.ones(2, dtype=torch.float64, requires_grad=True) * 1

    with pytest.raises(RuntimeError, match="autograd: backward must have left a gradient of x, got none"):
        autograd(Constant(), W, dout=np.array([1.0, 2.0]))


def test_labels_of_any_integer_dtype_reach_the_oracle() -> None:
    logits = np.arange(6.0).reshape(2, 3)
    losses = {
        dtype: autograd(nn.CrossEntropyLoss(), logits, np.array([2, 0], dtype), dout=1)["loss"]
        for dtype in (">i4", "u1", "i8")
    }
    assert len({float(loss) for loss in losses.values()}) == 1


@pytest.mark.parametrize(
    ("rule", "shapes", "shape"),
    [("a", {"a": (2, 3)}, (2, 3)), ("a.T", {"a": (3, 2)}, (2, 3)), ("a+b", {"a": (3,), "b": (3,)}, (3,)),
     ("a.T|b.T|c.T", {"a": (2, 4), "b": (3, 4), "c": (1, 4)}, (4, 6))],
)  # fmt: skip
def test_a_rule_goes_there_and_back(rule: str, shapes: dict[str, tuple[int, ...]], shape: tuple[int, ...]) -> None:
    tensors = {name: torch.full(size, -9.0) for name, size in shapes.items()}
    value = torch.arange(float(np.prod(shape))).reshape(shape)
    write(rule, tensors, value)
    assert torch.equal(read(rule, tensors), value)
    assert not any((tensor == -9).any() for tensor in tensors.values())


def test_gradients_follow_the_rules() -> None:
    module: Any = nn.Module()
    for name, size in {"q": (2, 3), "k": (4, 3), "bias_ih": (5,), "bias_hh": (5,)}.items():
        module.register_parameter(name, nn.Parameter(torch.randn(size, dtype=torch.float64)))
    names = {"W": "q.T|k.T", "b": "bias_ih+bias_hh"}
    params = {"W": np.arange(18.0).reshape(3, 6), "b": np.arange(5.0)}
    copy_to_torch(params, module, names)
    for name, value in params_of(module, names).items():
        np.testing.assert_array_equal(value, params[name], strict=True)
    weights = torch.arange(5.0, dtype=torch.float64)
    loss = (module.q**2).sum() + 3 * module.k.sum() + (weights * (module.bias_ih + module.bias_hh)).sum()
    loss.backward()
    grads = grads_of(module, names)
    np.testing.assert_array_equal(grads["W"], np.hstack([2 * params["W"][:, :2], np.full((3, 4), 3.0)]), strict=True)
    np.testing.assert_array_equal(grads["b"], weights.numpy(), strict=True)
