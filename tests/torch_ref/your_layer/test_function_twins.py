"""Twins that are functions: of torch.nn.functional by their names, or a user's own, whose shapes are tried."""

from typing import Any

import numpy as np
import pytest
import torch
from examining import examined
from own_layers import Affine

from torch_ref import candidate, verify
from torch_ref.your_layer.text import verdict
from torch_ref.your_layer.twins import twin_like


def cube_forward(x: Any) -> Any:
    return x * x * x, x.copy()


def cube_backward(dout: Any, x: Any) -> Any:
    return 3 * x * x * dout


class Softsign:
    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return x / (1 + abs(x))

    def backward(self, dout: Any) -> Any:
        return dout / (1 + abs(self.x)) ** 2


class Leaky:
    def __init__(self, slope: float) -> None:
        self.slope = slope

    def forward(self, x: Any) -> Any:
        self.factor = np.where(x > 0, 1, self.slope).astype(x.dtype)
        return x * self.factor

    def backward(self, dout: Any) -> Any:
        return dout * self.factor


class Scale:
    """y = gamma x + beta, by features."""

    def __init__(self, gamma: Any, beta: Any) -> None:
        self.gamma, self.beta = gamma, beta

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return self.gamma * x + self.beta

    def backward(self, dout: Any) -> Any:
        self.dgamma, self.dbeta = (dout * self.x).sum(axis=0), dout.sum(axis=0)
        return dout * self.gamma


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return 3 * ctx.saved_tensors[0] ** 2 * dout


class Product(torch.autograd.Function):
    """Of two inputs, with two outputs."""

    @staticmethod
    def forward(ctx: Any, x: Any, other: Any) -> Any:
        ctx.save_for_backward(x, other)
        return x * other, x - other

    @staticmethod
    def backward(ctx: Any, of_product: Any, of_difference: Any) -> Any:
        x, other = ctx.saved_tensors
        return of_product * other + of_difference, of_product * x - of_difference


def cube(x: Any) -> Any:
    return x**3


def product(x: Any, other: Any) -> Any:
    return x * other, x - other


def scale(x: Any, gamma: Any, beta: Any) -> Any:
    return x * gamma + beta


def squared_error(x: Any, target: Any) -> Any:
    return ((x - target) ** 2).mean()


class SquaredError:
    def forward(self, x: Any, t: Any) -> Any:
        self.d = x - t
        return np.mean(self.d**2)

    def backward(self, dout: Any = 1) -> Any:
        return (2 * self.d / self.d.size * self.d.dtype.type(dout)).astype(self.d.dtype)


@pytest.mark.parametrize(
    ("layer", "like"),
    [
        ((cube_forward, cube_backward), cube),
        (Softsign, "softsign"),
        (Softsign, "torch.nn.functional.softsign"),
        (Leaky, "F.leaky_relu(0.3)"),
        (Leaky, "nn.functional.leaky_relu(negative_slope=0.3)"),
        (Scale, scale),
        (Affine, "F.linear"),
        (Cube, cube),
        (Product, product),
        (SquaredError, squared_error),
        (SquaredError, "mse_loss"),
    ],
)
def test_a_function_of_tensors_is_a_twin(layer: Any, like: Any) -> None:
    assert verdict(examined(layer, like, (np.float64,))).startswith("right")


def test_a_wrong_layer_beside_a_function_is_wrong() -> None:
    assert verdict(examined(Softsign, "softplus", (np.float64,))) == "WRONG: y, dx"
    assert verdict(examined((cube_forward, lambda dout, x: 3 * x * dout), cube, (np.float64,))) == "WRONG: dx"


def test_images_are_told_by_the_name_of_a_function() -> None:
    twin = twin_like(pool2d)
    assert twin.make({"in": 3, "out": 3})(torch.zeros(2, 3, 7, 6)).shape == (2, 3, 3, 3)
    takes: Any = twin.make({"in": 3, "out": 3})
    assert takes.takes == {"images": ("N", 3, 7, 6)}


def pool2d(images: Any) -> Any:
    return torch.nn.functional.max_pool2d(images, 2)


def test_a_function_that_is_a_module_too_is_that_module() -> None:
    assert isinstance(twin_like("max_pool2d(2)").make({}), torch.nn.MaxPool2d)
    assert twin_like("relu").pair is twin_like("F.relu").pair
    assert twin_like("mse_loss").pair is twin_like("MSELoss").pair
    assert twin_like("l1_loss").name == "nn.L1Loss"


@pytest.mark.parametrize(
    ("like", "message"),
    [
        (lambda x, whatever: x.nonsense(whatever), "nor is it a function of tensors whose shapes are told"),
        (lambda W, x: x @ W, "nor is it a function of tensors whose shapes are told"),
        ("F.conv2d", "conv2d: the shapes of its arguments input, weight, bias cannot be told: a module must say them"),
        (lambda x, W, h: x @ W + h, "nor is it a function of tensors whose shapes are told"),
        (len, "nor is it a function of tensors whose shapes are told"),
        (lambda n_in: n_in, "it must make an nn.Module, got int"),
    ],
)
def test_what_is_no_function_of_tensors_is_told(like: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        candidate(Affine, like)


def test_verify_takes_a_function_too() -> None:
    x = np.random.default_rng(0).standard_normal((4, 5))
    assert verify(Softsign(), x, like=torch.nn.functional.softsign).ok


class Unit:
    """x / |x|, by the length of each row."""

    def forward(self, x: Any) -> Any:
        self.size = np.sqrt((x * x).sum(axis=1, keepdims=True))
        self.y = x / self.size
        return self.y.copy()

    def backward(self, dout: Any) -> Any:
        return (dout - self.y * (dout * self.y).sum(axis=1, keepdims=True)) / self.size


def test_a_function_keeps_its_literal_arguments() -> None:
    assert candidate(Unit, "normalize(2.0, dim=1)").pair.name == "Unit"
    module: Any = twin_like("normalize(2.0, dim=1)").make({"in": 5, "out": 3})
    assert (module.p, module.dim) == (2.0, 1)


class Products(torch.nn.Module):
    """Of two inputs, whose shapes nobody says."""

    def forward(self, x: Any, other: Any) -> Any:
        return x @ other.T


class Nonsense(torch.nn.Module):
    def forward(self, x: Any, other: Any) -> Any:
        return x.nonsense(other)


class ProductsByHand:
    def forward(self, x: Any, other: Any) -> Any:
        self.x, self.other = x.copy(), other.copy()
        return x @ other.T

    def backward(self, dout: Any) -> Any:
        return dout @ self.other, dout.T @ self.x


def test_a_module_may_take_several_inputs() -> None:
    assert examined(ProductsByHand, Products, (np.float64,)).ok
    with pytest.raises(ValueError, match="Nonsense: the shapes of its inputs x, other cannot be told"):
        candidate(ProductsByHand, Nonsense)
    with pytest.raises(ValueError, match=r"nn.BCELoss: PyTorch's own must take the data"):
        candidate(SquaredError, "BCELoss", targets="labels")
