"""A class of somebody else's is made, its parameters are matched, and it is put in the place of a pair's layer."""

from typing import Any

import numpy as np
import odd_layers
import pytest
import torch
from own_layers import (
    Affine,
    AsPyTorch,
    CrossEntropy,
    Flatten,
    InDicts,
    LayerNorm,
    OneSize,
    Relu,
    ReluByProduct,
    Sized,
    SquaredError,
    make_flatten,
    make_linear,
)
from torch import nn

from torch_ref import PAIRS, candidate, examine, parametrize_with_checks, places
from torch_ref.your_layer.build import build, canonical
from torch_ref.your_layer.match import match, parameters_of

RIGHT: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "arrays": (Affine, "Linear", {}),
    "arrays, as nn.": (Affine, "nn.Linear", {}),
    "arrays, as a pair": (Affine, PAIRS["affine"], {}),
    "sizes": (Sized, "Linear", {}),
    "equal sizes": (Sized, "Linear", {"inputs": 4, "outputs": 4}),
    "sizes that are given": (Sized, "Linear", {"inputs": 8, "outputs": 5}),
    "one size": (OneSize, "Linear", {"inputs": 8, "outputs": 5}),
    "(out, in), found out": (AsPyTorch, "Linear", {}),
    "(out, in), as told": (AsPyTorch, "Linear", {"names": {"weight": "weight", "bias": "bias"}}),
    "names by shape": (InDicts, "Linear", {}),
    "names as told": (InDicts, "Linear", {"names": {"kappa": "weight.T", "lam": "bias"}}),
    "measured": (Affine, make_linear, {"names": {"W": "weight.T"}}),
    "no parameters": (Relu, "ReLU", {}),
    "leading axes": (Relu, "ReLU", {"leading_axes": True}),
    "infinite dout": (ReluByProduct, "ReLU", {}),
    "loss": (CrossEntropy, "CrossEntropyLoss", {}),
    "loss of many classes": (CrossEntropy, "CrossEntropyLoss", {"inputs": 7}),
    "loss of values": (SquaredError, "MSELoss", {}),
    "an option": (LayerNorm, "LayerNorm", {"options": {"eps": 1e-5}}),
    "an instance": (LayerNorm, nn.LayerNorm(5), {"options": {"eps": 1e-5}, "inputs": 5}),
    "images": (Flatten, make_flatten, {"shape": (3, 2, 4)}),
}


@pytest.mark.parametrize(("cls", "like", "given"), RIGHT.values(), ids=RIGHT)
def test_right_layers_of_any_style_are_right(cls: Any, like: Any, given: dict[str, Any]) -> None:
    found = examine(candidate(cls, like, **given))
    assert found.problems == ()
    assert found.ok
    assert found.name == cls.__name__


def test_the_basis_of_the_tolerance_is_said() -> None:
    assert candidate(Affine, "Linear").basis == "proven rounding bounds"
    assert candidate(Affine, make_linear, names={"W": "weight.T"}).basis.startswith("measured, not proven: ")


def test_sizes_that_are_given_hold_where_a_scenario_is_not_about_sizes() -> None:
    free = {s.name: s.sizes for s in candidate(Sized, "Linear", inputs=8, outputs=6).pair.scenarios}
    assert free["ordinary"][:3] == (6, 8, 6)
    assert free["square"] == (4, 4, 4, 4)
    assert free["mnist"].D == 784
    one = {s.name: s.sizes for s in candidate(OneSize, "Linear", inputs=8, outputs=5).pair.scenarios}
    assert {sizes[1:3] for sizes in one.values()} == {(8, 5)}
    assert len(one) == 17


def test_a_weight_that_was_made_transposed_is_recognized() -> None:
    layer = candidate(AsPyTorch, "Linear").factory(np.ones((5, 3)), np.ones(3))
    assert layer.layer.weight.shape == (3, 5)
    assert layer.params["W"].shape == (5, 3)
    assert np.shares_memory(layer.params["W"], layer.layer.weight)


class Rigid(Affine):
    def __init__(self) -> None:
        super().__init__(np.zeros((4, 4)), np.zeros(4))


NOT_CHECKED: list[tuple[Any, Any, dict[str, Any], str]] = [
    (odd_layers.Half, "Linear", {}, "Half: it must have forward and backward, or loss and gradient, got neither"),
    (OneSize, "Linear", {}, "OneSize: it makes its parameters in sizes of its own, which must be given"),
    (odd_layers.NoParameters, "Linear", {}, "NoParameters: it must keep its parameters as attributes or in a dict"),
    (
        odd_layers.CannotBeMade,
        "Linear",
        {},
        r"CannotBeMade: it cannot be made: OSError: no disk \(odd_layers.py:",
    ),
    (
        odd_layers.ExitsWhenMade,
        "Linear",
        {},
        r"cannot be made: it calls sys.exit \(odd_layers.py:\d+, in __init__",
    ),
    (odd_layers.OddArgument, "Linear", {}, "OddArgument: cannot tell what its argument 'foo' is: neither a size"),
    (Affine, "Lineal", {}, "like: it must be one of Affine, Linear, ReLU, .*, got 'Lineal'"),
    (Affine, "functional", {}, "like: it must be one of .*, got 'functional'"),
    (Affine, "Linear", {"names": {"V": "weight.T"}}, r"map V=weight.T: the parameters are W \(5, 3\), b \(3,\); those"),
    (Affine, "Linear", {"names": {"W": "kernel"}}, r"map W=kernel: .* the twin are weight \(3, 5\), bias \(3,\)"),
    (Rigid, "Linear", {"inputs": 4, "outputs": 4}, r"weight \(4, 4\) must have one counterpart, got a square one"),
    (LayerNorm, "Conv2d", {"options": {"eps": 0.1}}, "Conv2d: cannot tell what its argument 'kernel_size' is"),
    (Relu, "BatchNorm2d", {}, "the twin's parameter weight .* got none of that shape; the parameters are none"),
    (Relu, "MaxPool2d", {"shape": (2,)}, "MaxPool2d: cannot tell"),
    (Affine(np.ones((2, 2)), np.ones(2)), "Linear", {}, "candidate: it must be a class, got Affine"),
    (
        InDicts,
        "Linear",
        {"names": {"kappa": "weight"}},
        r"map kappa=weight: the shapes do not fit, \(5, 3\) and",
    ),
    (Relu, nn.Dropout(), {}, "Dropout: PyTorch's own must give the same result each time, but it is random"),
    (Relu, lambda: 5, {}, "it must make an nn.Module, got int"),
    (Relu, lambda: 1 / 0, {}, "the twin cannot be made: division by zero"),
    (Relu, nn.Unflatten(1, (2, 2)), {}, r"Unflatten: PyTorch's own must take the data, got x of shape \(6, 5\)"),
]


@pytest.mark.parametrize(("cls", "like", "given", "message"), NOT_CHECKED, ids=range(len(NOT_CHECKED)))
def test_what_cannot_be_checked_is_said_in_the_name_of_the_class(
    cls: Any, like: Any, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        candidate(cls, like, **given)


# Building


def test_arguments_are_told_by_their_names() -> None:
    class Made:
        def __init__(self, hidden_size: int, W1: Any, bias_2: Any, *rest: Any, out: int = 0, other: str = "") -> None:
            self.given = hidden_size, W1, bias_2, rest, out, other

    made = build(Made, {"in": 2, "hidden": 3, "out": 4}, {"W1": "w", "b2": "b"}, {"other": "x"})  # type: ignore[dict-item] # any value shows where it goes
    assert made.given == (3, "w", "b", (), 4, "x")
    assert build(dict, {"in": 2}) == {}  # no signature at all


@pytest.mark.parametrize(
    ("name", "kind"),
    [("W", ("weight", "")), ("b2", ("bias", "2")), ("Affine1.weight", ("weight", "1")), ("fc.bias", ("bias", "")),
     ("gamma", ("weight", "")), ("running_mean", ("running_mean", "")), ("weight_3", ("weight", "3"))],
)  # fmt: skip
def test_a_parameter_is_known_by_its_name(name: str, kind: tuple[str, str]) -> None:
    assert canonical(name) == kind


# Matching


def test_parameters_are_matched_by_name_then_shape_then_transposed() -> None:
    theirs = {"weight": (3, 5), "bias": (3,)}
    assert match({"W": (5, 3), "b": (3,)}, theirs) == {"W": "weight.T", "b": "bias"}
    assert match({"p": (3, 5), "q": (3,)}, theirs) == {"p": "weight", "q": "bias"}
    assert match({"p": (5, 3), "q": (3,)}, theirs) == {"p": "weight.T", "q": "bias"}
    assert match({"p": (3, 5), "other": (5, 3), "q": (3,)}, theirs) == {"p": "weight", "q": "bias"}
    with pytest.raises(ValueError, match="must have one counterpart, got p and q"):
        match({"p": (3,), "q": (3,)}, {"bias_of_both": (3,)})
    with pytest.raises(ValueError, match="got none of that shape; the parameters are none"):
        match({}, theirs)


def test_parameters_are_the_arrays_of_floats_that_are_no_gradients() -> None:
    layer = Affine(np.ones((2, 3)), np.ones(3))
    layer.backward_calls = np.ones(2, int)  # type: ignore[attr-defined]
    layer.dW = np.ones((2, 3))
    layer._cache = np.ones(3)  # type: ignore[attr-defined]
    assert list(parameters_of(layer)) == ["W", "b"]
    assert list(parameters_of(InDicts(2, 3))) == ["kappa", "lam"]
    assert parameters_of(object()) == {}

    class Behind:
        @property
        def gain(self) -> Any:
            return np.ones(2)

    assert list(parameters_of(Behind())) == ["gain"]


def test_parameters_are_looked_up_in_the_layer_each_time() -> None:
    made = candidate(AsPyTorch, "Linear").factory(np.ones((5, 3)), np.ones(3))
    assert (list(made.params), len(made.params)) == (["W", "b"], 2)
    made.layer.bias = np.zeros(3)
    np.testing.assert_array_equal(made.params["b"], np.zeros(3), strict=True)
    with pytest.raises(TypeError, match="they can be exchanged but not removed, got 'W'"):
        del made.params["W"]


def test_a_value_of_another_shape_is_only_assigned() -> None:
    layer = Affine(np.ones((2, 3)), np.ones(3))
    W = layer.W
    places.put(layer, "W", np.zeros((4, 4)))
    assert layer.W.shape == (4, 4)
    np.testing.assert_array_equal(W, np.ones((2, 3)), strict=True)


def test_only_candidates_and_pairs_are_parametrized() -> None:
    with pytest.raises(TypeError, match="parametrize_with_checks: layers must be candidates or pairs, got <class"):
        parametrize_with_checks([Affine])  # type: ignore[list-item]


def test_arguments_with_defaults_are_left_alone() -> None:
    class Made:
        def __init__(self, n_in: int = 1, dim: int = -1, bias: Any = True, scale: float = 1.0, W: Any = None) -> None:
            self.given = n_in, dim, bias, scale, W

    assert build(Made, {"in": 2}, {"weight": "w", "bias": "b"}).given == (2, -1, True, 1.0, "w")  # type: ignore[dict-item] # any value shows where it goes


class WantsItTurned(AsPyTorch):
    def __init__(self, weight: Any, bias: Any) -> None:
        if len(weight) != len(bias):
            raise ValueError("weight must be (out, in)")
        super().__init__(weight, bias)


def test_a_constructor_that_refuses_one_orientation_is_given_the_other() -> None:
    assert examine(candidate(WantsItTurned, "Linear"), [np.float64]).ok


def test_the_state_of_torchs_random_numbers_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    candidate(Affine, "Linear").subject(np.float64).torch_results(PAIRS["affine"].ordinary)
    assert torch.equal(torch.random.get_rng_state(), before)
