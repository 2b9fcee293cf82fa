"""Layers made of layers: names, state, mode, layers of a user's own inside, errors."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from small_blocks import RNG, Double, T, X, affine, net_with

from numpy_impl import Affine, Layer, Network, Parameter, ReLU, Residual, Sequential, SoftmaxWithLoss, Tanh
from numpy_impl.validation import Array, check_array


class Noise(Layer):
    """x + σ z in training, with a count of its calls as its state."""

    def __init__(self) -> None:
        self.calls = 0

    def _forward(self, x: Array) -> Any:
        return x + 1.0 if self.training else x, None

    def _backward(self, dout: Array, _cache: None) -> Any:
        return dout, {}

    def _keep(self, _cache: None) -> None:
        self.calls += 1

    @property
    def state(self) -> dict[str, Any]:
        return {"calls": self.calls}

    @state.setter
    def state(self, state: Any) -> None:
        if not isinstance(state["calls"], int):
            raise TypeError("Noise: calls must be an integer")
        self.calls = state["calls"]


def test_names_count_each_class_for_itself() -> None:
    block = Residual(affine(), ReLU(), affine(), Sequential(affine(), Tanh()))
    assert list(block.layers) == ["Affine1", "ReLU1", "Affine2", "Sequential1"]
    assert list(block.params) == [
        f"{place}.{p}" for place in ("Affine1", "Affine2", "Sequential1.Affine1") for p in "Wb"
    ]
    assert block.params["Affine2.W"] is block.layers["Affine2"].W
    net = net_with(block)
    assert list(net.params)[2:-2] == [f"Block.{name}" for name in block.params]


@pytest.mark.parametrize("key", ["Block.Affine1.W", "Block.Sequential1.Affine1.b"])
def test_an_assignment_takes_effect_in_the_layer_within(key: str) -> None:
    net = net_with(Residual(affine(), Sequential(affine(), Tanh())))
    before, value = net.predict(X), RNG.standard_normal(net.params[key].shape)
    net.params[key] = value
    assert net.params[key] is value
    assert net.layers["Block"].params[key.removeprefix("Block.")] is value
    assert (net.predict(X) != before).any()
    with pytest.raises(ValueError, match=rf"^Network: params\['{key}'\] must have shape"):
        net.params[key] = value[1:]
    with pytest.raises(KeyError, match=r"Residual: a parameter must be one of Affine1\.W"):
        net.layers["Block"].params["W"]


def test_gradients_are_set_in_the_layers_and_read_from_the_block() -> None:
    block = Residual(affine())
    assert getattr(block, "dAffine1.W") is None
    block.forward(X)
    block.backward(X)
    assert getattr(block, "dAffine1.W") is block.layers["Affine1"].dW
    for name in ("dAffine1.X", "Affine1.W", "dW", "nothing"):
        with pytest.raises(AttributeError, match=f"'Residual' object has no attribute '{name}'"):
            getattr(block, name)


def test_gradients_are_copies_of_the_layers_own() -> None:
    class Bias(Layer):
        b = Parameter()
        db: Any

        def __init__(self) -> None:
            self.b = np.zeros(4)

        def _forward(self, x: Array) -> Any:
            return x + self.b, None

        def _backward(self, dout: Array, _cache: None) -> Any:
            return dout, {"b": dout}

    bias = Bias()
    block, dout = Sequential(bias), X.copy()
    block.forward(X)
    dx = block.backward(dout)
    dout[...] = dx[...] = 7
    np.testing.assert_array_equal(bias.db, X, strict=True)


def test_mode_and_state_are_those_of_the_layers() -> None:
    noise = Noise()
    block = Sequential(Residual(noise), Sequential(ReLU()), Double())
    net = net_with(block)
    in_training = block.forward(X)
    assert block.state == {"Residual1": {"Noise1": {"calls": 1}}}
    net.training = False
    assert (block.training, noise.training) == (False, False)
    assert (block.forward(X) != in_training).any()
    state = net.state
    assert state == {"Block": {"Residual1": {"Noise1": {"calls": 2}}}}
    net.loss(X, T)
    assert noise.calls == 3
    net.state = state
    assert noise.calls == 2
    with pytest.raises(TypeError, match="Noise: calls must be an integer"):
        block.state = {"Residual1": {"Noise1": {"calls": "two"}}}
    with pytest.raises(ValueError, match="Sequential: state must have the keys Residual1, got Noise1"):
        block.state = {"Noise1": {"calls": 5}}
    assert noise.calls == 2
    with pytest.raises(TypeError, match="Residual: training must be True or False, got int"):
        Residual(noise).training = 1  # type: ignore[assignment]


def test_a_network_of_blocks_has_the_gradient_of_its_loss() -> None:
    shared = affine()
    net = Network(
        {"Block1": Residual(shared, Tanh(), affine()), "Again": shared, "Block2": Sequential(Residual(shared))},
        SoftmaxWithLoss(),
    )
    gradients, differences = net.gradient(X, T), net.numerical_gradient(X, T)
    assert list(gradients) == ["Block1.Affine1.W", "Block1.Affine1.b", "Block1.Affine2.W", "Block1.Affine2.b"]
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, differences[name], rtol=0, atol=1e-8)  # h² f‴ / 6 and u f / h, h = 1e-5
    assert shared.dW is gradients["Block1.Affine1.W"]


class Logged(Affine):
    def forward(self, x: Array) -> Array:
        return super().forward(x)


def test_layers_of_ones_own_are_called_by_their_doors() -> None:
    inner = affine()
    expected = net_with(Residual(inner, inner))
    net = net_with(Residual(Logged(inner.W, inner.b), Double()))
    net.layers["Block"].layers["Logged2"] = net.layers["Block"].layers.pop("Logged1")
    net.layers["Block"] = Residual(*[Logged(inner.W, inner.b)] * 2)
    for name in ("In", "Out"):
        net.layers[name] = expected.layers[name]
    wanted = expected.gradient(X, T)
    net = Network(net.layers, SoftmaxWithLoss())
    for (_, got), gradient in zip(net.gradient(X, T).items(), wanted.values(), strict=True):
        np.testing.assert_array_equal(got, gradient, strict=True)

    block, x = Sequential(Double(), inner), X.copy()
    dx_of_inner = Sequential(inner)
    dx_of_inner.forward(2 * X)
    block.forward(x)
    np.testing.assert_array_equal(block.backward(x), 2 * dx_of_inner.backward(X), strict=True)
    np.testing.assert_array_equal(x, X, strict=True)


def test_a_block_with_a_backward_of_its_own_is_taken_as_it_is() -> None:
    class Halved(Sequential):
        def backward(self, dout: Array) -> Any:
            return super().backward(dout) / 2

    inner = affine()
    net, halved = net_with(Sequential(inner, Tanh())), net_with(Halved(inner, Tanh()))
    for name in ("In", "Out"):
        halved.layers[name] = net.layers[name]
    expected, got = net.gradient(X, T), halved.gradient(X, T)
    np.testing.assert_array_equal(got["Block.Affine1.W"], expected["Block.Affine1.W"], strict=True)
    np.testing.assert_allclose(got["In.W"], expected["In.W"] / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (Sequential, ValueError, "Sequential: layers must hold one layer or more, got none"),
        (lambda: Residual(ReLU(), None), TypeError, "Residual: NoneType1 must be a layer with forward .*, got None"),
        (lambda: Residual([ReLU()]), TypeError, "Residual: list1 must be a layer with forward and backward, got list"),
        (lambda: Residual(affine(4, 3)).forward(X), ValueError, r"Residual: f\(x\), .* must have shape \(6, 4\)"),
        (lambda: Residual(affine(3, 3)).forward(X), ValueError, "Residual: x must have 3 features in its last axis"),
        (lambda: Sequential(affine(4, 3), affine()).forward(X), ValueError, "Affine: x must have 4 features"),
        (lambda: Sequential(ReLU()).forward(X.tolist()), TypeError, "Sequential: x must be a NumPy array, got list"),
        (lambda: Sequential(Double()).forward(X.tolist()), TypeError, "Sequential: x must be a NumPy array, got list"),
        (lambda: Sequential(affine()).forward(X.astype("f")), TypeError, "Sequential: x must be float64, got float32"),
        (lambda: Residual(Narrow()).forward(X), TypeError, r"Residual: f\(x\), .* must be float64, got float32"),
        (lambda: Residual(ReLU()).backward(X), RuntimeError, "Residual: backward needs a forward before it"),
        (lambda: net_with(Residual(affine(4, 3))).loss(X, T), ValueError, r"^Residual: f\(x\)"),
        (lambda: Network({"B": Residual(affine())}, SoftmaxWithLoss()).loss(X[:, 1:], T), ValueError, "^Network: "),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


class Narrow(Layer):
    def _forward(self, x: Array) -> Any:
        check_array(self, "x", x)
        return x.astype(np.float32), None


@pytest.mark.parametrize("how", [copy.deepcopy, lambda block: pickle.loads(pickle.dumps(block))])
def test_a_copy_is_a_block_of_its_own(how: Any) -> None:
    block = Residual(affine(), Sequential(affine()))
    other = how(block)
    np.testing.assert_array_equal(other.forward(X), block.forward(X), strict=True)
    other.params["Affine1.W"][...] = 0
    assert block.params["Affine1.W"].any()
