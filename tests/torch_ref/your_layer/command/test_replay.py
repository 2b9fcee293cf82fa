"""The line that replays the first problem: what is kept of the options, and that it shows the problem again."""

from typing import Any

import numpy as np
import own_layers
from examining import examined

from torch_ref.your_layer.command.replay import replay
from torch_ref.your_layer.text import verdict

DOUBLE = (np.float64,)
GIVEN = [
    "a b.py:Mine",
    "--like",
    "Softmax(dim=1)",
    "--skip",
    "silence",
    "--only=forward",
    "--dtype",
    "both",
    "--strict",
]


class KeepsItsFirstW(own_layers.Affine):
    """But for that its gradients would be a convention."""

    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self._first = W.copy()

    def backward(self, dout: Any) -> Any:
        super().backward(dout)
        self.dW, self.db = self.dW / len(dout), self.db / len(dout)
        return dout @ self._first.T


class PrintsAndIsTurned(own_layers.Affine):
    def forward(self, x: Any) -> Any:
        print("forward")
        return super().forward(x)


def test_the_checks_and_the_dtype_of_the_first_problem_are_said_anew() -> None:
    found = examined("WrongShape", dtypes=DOUBLE, seed=4)
    line = replay(found, "python -m torch_ref", [*GIVEN, "--seed", "4", "--json", "-", "--html=r.html"])
    kept = "'a b.py:Mine' --like 'Softmax(dim=1)' --strict"
    assert line == f"python -m torch_ref {kept} --only forward --dtype float64 --seed 4"
    assert verdict(examined("WrongShape", dtypes=DOUBLE, only=("forward",), seed=4)) == "WRONG: y"
    assert replay(examined("Affine", dtypes=DOUBLE), "check-layer", GIVEN) == ""


def test_what_might_be_a_convention_is_shown_beside_all_that_is_wrong() -> None:
    found = examined(KeepsItsFirstW, dtypes=DOUBLE)
    line = replay(found, "check-layer", ["x.py:A", "--like", "Linear"])
    only = [word for word in line.split() if "_gradient" in word or "_effect" in word]
    assert only == ["W_gradient", "b_gradient", "parameters_take_effect"]
    assert verdict(examined(KeepsItsFirstW, dtypes=DOUBLE, only=tuple(only))) == verdict(found)
    alone = examined(KeepsItsFirstW, dtypes=DOUBLE, only=("b_gradient",))
    assert alone.ok  # which is why


def test_what_no_check_alone_shows_is_replayed_as_it_was_found() -> None:
    strict = examined(PrintsAndIsTurned, dtypes=DOUBLE, strict=True)
    assert [problem.check for problem in strict.problems] == ["silence"]
    given = ["x.py:A", "--like", "Linear", "--skip", "forward", "--dtype", "both", "--strict"]
    assert replay(strict, "check-layer", given) == f"check-layer {' '.join(given)} --seed 0"
