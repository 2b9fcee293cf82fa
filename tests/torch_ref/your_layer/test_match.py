"""A user's parameters are matched with the pair's: by name, by shape, transposed where only that fits, or by a run."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from own_layers import Affine, AsPyTorch, InDicts

from torch_ref.places import canonical
from torch_ref.your_layer.match import Place, Shape, match, parameters_of, settled

LINEAR = {"weight": (3, 5), "bias": (3,)}


def turned(name: str) -> Place:
    return Place(name, transposed=True)


def matched(own: Mapping[str, tuple[int, ...]], wanted: Mapping[str, Shape], **options: Any) -> list[Any]:
    arrays = {name: np.zeros(shape) for name, shape in own.items()}
    return match("Mine", arrays, {name: name for name in wanted}, wanted, **options)


def test_a_parameter_is_known_by_its_name() -> None:
    weights = {"W": "", "gamma": "", "w1": "1", "weight_3": "3", "Affine1.weight": "1"}
    for name, number in weights.items():
        assert canonical(name) == ("weight", number)
    assert (canonical("fc.bias"), canonical("b2")) == (("bias", ""), ("bias", "2"))
    assert canonical("running_mean") == ("running_mean", "")


@pytest.mark.parametrize(
    ("own", "weight", "bias"),
    [
        ({"W": (5, 3), "b": (3,)}, turned("W"), "b"),
        ({"p": (3, 5), "q": (3,)}, Place("p"), "q"),
        ({"p": (5, 3), "q": (3,)}, turned("p"), "q"),
        ({"p": (3, 5), "other": (5, 3), "q": (3,)}, Place("p"), "q"),
        ({"other": (3,), "W": (3, 5), "b": (3,)}, Place("W"), "b"),
    ],
)
def test_names_come_first_then_shapes_then_transposes(
    own: dict[str, tuple[int, ...]], weight: Place, bias: str
) -> None:
    assert matched(own, LINEAR) == [{"weight": weight, "bias": Place(bias)}]


def test_a_square_matrix_is_as_its_name_says() -> None:
    for wanted in ("weight", "W"):
        for own in ("weight", "W", "fc.W1"):
            (found,) = matched({own: (4, 4)}, {wanted: (4, 4)})
            assert found[wanted] == Place(own, transposed=(own == "weight") != (wanted == "weight"))
    with pytest.raises(ValueError, match=r"got kappa, a square one: its name must be W, if it is \(in, out\), or"):
        matched({"kappa": (4, 4)}, {"weight": (4, 4)})


def test_where_shapes_do_not_tell_there_are_two_answers_and_a_run_settles_it() -> None:
    both = [{"W": Place("W")}, {"W": turned("W")}]
    assert matched({"W": (4, 3)}, {"W": (None, None)}) == both
    answers = matched({"weight": (3, 4)}, {"W": (None, None)})
    assert answers == [{"W": turned("weight")}, {"W": Place("weight")}]
    assert matched({"W": (5, 3)}, {"W": (5, 3)}, of_arrays=True) == both
    assert settled(answers, lambda places: not places["W"].transposed) == answers[1]
    assert settled(answers, lambda _: False) == answers[0]
    assert settled(both[1:], lambda _: False) == both[1]


def test_a_parameter_without_its_one_counterpart_is_told() -> None:
    with pytest.raises(ValueError, match=r"Mine: the twin's parameter both .* one counterpart, got p and q; the para"):
        matched({"p": (3,), "q": (3,)}, {"both": (3,)})
    with pytest.raises(ValueError, match=r"weight \(3, 5\) must have one counterpart, got none of that shape; the par"):
        matched({}, LINEAR)
    with pytest.raises(ValueError, match="weight of 2 axes must have one counterpart, got none of that shape"):
        matched({"W": (3,)}, {"weight": (None, None)})


def test_parameters_are_the_arrays_of_floats_that_are_no_gradients() -> None:
    layer = Affine(np.ones((2, 3)), np.ones(3))
    layer.backward_calls = np.ones(2, int)  # type: ignore[attr-defined]
    layer.dW = np.ones((2, 3))
    layer._cache = np.ones(3)  # type: ignore[attr-defined]
    assert list(parameters_of(layer)) == ["W", "b"]
    assert list(parameters_of(InDicts(2, 3))) == ["kappa", "lam"]
    assert list(parameters_of(AsPyTorch(np.ones((3, 2)), np.ones(3)))) == ["weight", "bias"]
    assert parameters_of(object()) == {}

    class Behind:
        @property
        def gain(self) -> Any:
            return np.ones(2)

    assert list(parameters_of(Behind())) == ["gain"]


def test_a_list_is_in_the_twins_order_where_its_shapes_allow_it() -> None:
    wanted: dict[str, Shape] = {"W1": (4, 4), "b1": (4,), "W2": (4, 4), "b2": (4,)}
    own = {f"params[{i}]": shape for i, shape in enumerate(((4, 4), (1, 4), (4, 4), (4,)))}
    one, other = matched(own, wanted)
    assert [place.name for place in one.values()] == list(own)
    assert (one["b1"].line, one["b2"].line) == ((1, -1), ())
    assert [other[name].transposed for name in wanted] == [True, False, True, False]
    (found,) = matched({"params[0]": (4,), "params[1]": (5, 4)}, {"W": (5, 4), "b": (4,)})
    assert found["b"].name == "params[0]"
