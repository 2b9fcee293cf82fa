"""A user's class is made, its parameters are matched, and it is put in the place of a pair's layer."""

from typing import Any

import numpy as np
import odd_layers
import own_layers as own
import pytest
import torch
from torch import nn

from numpy_impl import SGD
from torch_ref import PAIRS, candidate, examine, parametrize_with_checks, places
from torch_ref.your_layer.build import build


class WantsItTurned(own.AsPyTorch):
    def __init__(self, weight: Any, bias: Any) -> None:
        if len(weight) != len(bias):
            raise ValueError("weight must be (out, in)")
        super().__init__(weight, bias)


class Rigid(own.Affine):
    def __init__(self) -> None:
        super().__init__(np.zeros((4, 4)), np.zeros(4))


class RigidInDicts(own.InDicts):
    def __init__(self) -> None:
        super().__init__(4, 4)


RIGHT: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "arrays": (own.Affine, "Linear", {}),
    "arrays, as nn.": (own.Affine, "nn.Linear", {}),
    "arrays, as a pair": (own.Affine, PAIRS["affine"], {}),
    "sizes": (own.Sized, "Linear", {}),
    "equal sizes": (own.Sized, "Linear", {"inputs": 4, "outputs": 4}),
    "sizes that are given": (own.Sized, "Linear", {"inputs": 8, "outputs": 5}),
    "one size": (own.OneSize, "Linear", {"inputs": 8, "outputs": 5}),
    "one size, a square": (Rigid, "Linear", {"inputs": 4, "outputs": 4}),
    "(out, in), found out": (own.AsPyTorch, "Linear", {}),
    "(out, in), called W": (own.Misnamed, "Linear", {}),
    "(out, in), refused otherwise": (WantsItTurned, "Linear", {}),
    "names by shape": (own.InDicts, "Linear", {}),
    "measured": (own.Affine, own.make_linear, {}),
    "measured, (out, in)": (own.AsPyTorch, own.make_linear, {}),
    "measured, (out, in), called W": (own.Misnamed, own.make_linear, {}),
    "measured, a square": (own.Affine, nn.Linear, {"inputs": 4, "outputs": 4}),
    "no parameters": (own.Relu, "ReLU", {}),
    "leading axes": (own.Relu, "ReLU", {"leading_axes": True}),
    "infinite dout": (own.ReluByProduct, "ReLU", {}),
    "loss": (own.CrossEntropy, "CrossEntropyLoss", {}),
    "loss of many classes": (own.CrossEntropy, "CrossEntropyLoss", {"inputs": 7}),
    "loss of values": (own.SquaredError, "MSELoss", {}),
    "an option": (own.LayerNorm, "LayerNorm", {"options": {"eps": 1e-5}}),
    "an instance": (own.LayerNorm, nn.LayerNorm(5), {"options": {"eps": 1e-5}, "inputs": 5}),
    "names as told": (own.InDicts, "Linear", {"names": {"kappa": "weight.T", "lam": "bias"}}),
    "a square, as told": (RigidInDicts, "Linear", {"names": {"kappa": "weight.T"}, "inputs": 4, "outputs": 4}),
    "(out, in), as told": (own.AsPyTorch, "Linear", {"names": {"weight": "weight", "bias": "bias"}}),
    "measured, as told": (own.Affine, own.make_linear, {"names": {"W": "weight.T"}}),
    "images": (own.Flatten, own.make_flatten, {"shape": (3, 2, 4)}),
}


@pytest.mark.parametrize(("cls", "like", "given"), RIGHT.values(), ids=RIGHT)
def test_right_layers_of_any_style_are_right(cls: Any, like: Any, given: dict[str, Any]) -> None:
    found = examine(candidate(cls, like, **given), [np.float32])
    assert (found.problems, found.ok, found.name) == ((), True, cls.__name__)


def test_the_basis_of_the_tolerance_is_said() -> None:
    assert candidate(own.Affine, "Linear").basis == "proven rounding bounds"
    assert candidate(own.Affine, own.make_linear).basis.startswith("measured, not proven: ")


def test_sizes_that_are_given_hold_where_a_scenario_is_not_about_sizes() -> None:
    free = {s.name: s.sizes for s in candidate(own.Sized, "Linear", inputs=8, outputs=6).pair.data_sets}
    assert (free["ordinary"][:3], free["square"], free["mnist"].D) == ((6, 8, 6), (4, 4, 4, 4), 784)
    one = candidate(own.OneSize, "Linear", inputs=8, outputs=5).pair.data_sets
    assert {scenario.sizes[1:3] for scenario in one} == {(8, 5)}


NONE = "must have one counterpart, got none of that shape; the parameters are none: keep them as attributes or"
NOT_CHECKED: list[tuple[Any, Any, dict[str, Any], str]] = [
    (odd_layers.Half, "Linear", {}, "Half: it must have forward and backward, like Linear, got forward"),
    (
        odd_layers.Half,
        "TwoLayerNet",
        {},
        "Half: the twin's parameter Affine1.weight.T .* must have one counterpart, got none of that shape",
    ),
    (odd_layers.Half, "Softsign", {}, "Half: it must have forward and backward, like nn.Softsign, got forward"),
    (own.OneSize, "Linear", {}, "OneSize: it makes its parameters in sizes of its own, which must be given"),
    (odd_layers.NoParameters, "Linear", {}, rf"NoParameters: the twin's parameter weight.T \(5, 3\) {NONE}"),
    (odd_layers.CannotBeMade, "Linear", {}, r"CannotBeMade: it cannot be made: OSError: no disk \(odd_layers.py:"),
    (odd_layers.ExitsWhenMade, "Linear", {}, r"cannot be made: it calls sys.exit \(odd_layers.py:\d+, in __init__"),
    (odd_layers.OddArgument, "Linear", {}, "OddArgument: cannot tell what its argument 'foo' is: neither a size"),
    (own.Affine, "Lineal", {}, "like: it must be one of .*Affine, Linear, .*, got 'Lineal'"),
    (own.Affine, "functional", {}, "like: it must be one of .*, got 'functional'"),
    (SGD, "SGD", {}, "like: it must be one of .*, got 'SGD'"),
    (
        own.Affine,
        "Linear",
        {"names": {"V": "weight.T"}},
        r"map V=weight.T: the parameters are W \(5, 3\), b \(3,\); t",
    ),
    (own.Affine, "Linear", {"names": {"W": "kernel"}}, r"map W=kernel: .* the twin are weight.T \(5, 3\), bias \(3,\)"),
    (
        own.InDicts,
        "Linear",
        {"names": {"kappa": "weight"}},
        r"map kappa=weight: the shapes do not fit, \(3, 5\) and",
    ),
    (RigidInDicts, "Linear", {"inputs": 4, "outputs": 4}, r"weight.T \(4, 4\) must .*, got kappa, a square one"),
    (own.LayerNorm, "Conv2d", {"options": {"eps": 0.1}}, "Conv2d: cannot tell what its argument 'kernel_size' is"),
    (own.Relu, "BatchNorm2d", {}, rf"Relu: the twin's parameter weight \(5,\) {NONE}"),
    (own.Relu, "MaxPool2d", {"shape": (2,)}, "MaxPool2d: cannot tell"),
    (own.Affine(np.ones((2, 2)), np.ones(2)), "Linear", {}, "candidate: it must be a class or a function, got Affine"),
    (own.Relu, nn.RReLU(), {}, "RReLU: PyTorch's own must give the same result each time, but it is random"),
    (own.Relu, lambda: 5, {}, "it must make an nn.Module, got int"),
    (own.Relu, lambda: 1 / 0, {}, "the twin cannot be made: division by zero"),
    (own.Relu, nn.Unflatten(1, (2, 2)), {}, r"Unflatten: PyTorch's own must take the data, got x of shape \(6, 5\)"),
]


@pytest.mark.parametrize(("cls", "like", "given", "message"), NOT_CHECKED, ids=range(len(NOT_CHECKED)))
def test_what_cannot_be_checked_is_said_in_the_name_of_the_class(
    cls: Any, like: Any, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        candidate(cls, like, **given)


def test_arguments_are_told_by_their_names_and_defaults_are_left_alone() -> None:
    class Made:
        def __init__(self, hidden_size: int, W1: Any, bias_2: Any, *rest: Any, out: int = 0, other: str = "") -> None:
            self.given = hidden_size, W1, bias_2, rest, out, other

    arrays: Any = {"W1": "w", "b2": "b"}  # any value shows where it goes
    assert build(Made, {"in": 2, "hidden": 3, "out": 4}, arrays, {"other": "x"}).given == (3, "w", "b", (), 4, "x")
    assert build(dict, {"in": 2}) == {}  # no signature at all

    class Defaults:
        def __init__(self, n_in: int = 1, dim: int = -1, bias: Any = True, scale: float = 1.0, W: Any = None) -> None:
            self.given = n_in, dim, bias, scale, W

    arrays = {"weight": "w", "bias": "b"}
    assert build(Defaults, {"in": 2}, arrays).given == (2, -1, True, 1.0, "w")


def test_parameters_are_those_of_the_layer_each_time() -> None:
    made = candidate(own.AsPyTorch, "Linear").factory(np.ones((5, 3)), np.ones(3))
    assert (made.layer.weight.shape, made.params["W"].shape) == ((3, 5), (5, 3))
    assert np.shares_memory(made.params["W"], made.layer.weight)
    assert (list(made.params), len(made.params)) == (["W", "b"], 2)
    made.layer.bias = np.zeros(3)
    np.testing.assert_array_equal(made.params["b"], np.zeros(3), strict=True)


def test_a_value_of_another_shape_is_only_assigned() -> None:
    layer = own.Affine(np.ones((2, 3)), np.ones(3))
    W = layer.W
    places.put(layer, "W", np.zeros((4, 4)))
    assert layer.W.shape == (4, 4)
    np.testing.assert_array_equal(W, np.ones((2, 3)), strict=True)


def test_only_candidates_and_pairs_are_parametrized() -> None:
    with pytest.raises(TypeError, match="parametrize_with_checks: layers must be candidates or pairs, got <class"):
        parametrize_with_checks([own.Affine])  # type: ignore[list-item]


def test_the_state_of_torchs_random_numbers_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    candidate(own.Affine, "Linear").subject(np.float64).torch_results(PAIRS["affine"].ordinary)
    assert torch.equal(torch.random.get_rng_state(), before)
