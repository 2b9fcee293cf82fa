"""Some checks alone, and other data; and the examination for a program."""

import json
from typing import Any

import numpy as np
import own_layers
import pytest
from examining import examined

from torch_ref import json_of, text_of
from torch_ref.your_layer.text import verdict

DOUBLE = (np.float64,)


class Mean(own_layers.Affine):
    """As by a 1/m inside: a convention, for all gradients of parameters agree."""

    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        self.dW, self.db = self.dW / len(dout), self.db / len(dout)
        return dx


class MeanOfOne(own_layers.Affine):
    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        self.db = self.db / len(dout)
        return dx


def test_only_some_checks_run_and_the_others_are_named() -> None:
    found = examined("Affine", dtypes=DOUBLE, only=("b_gradient", "silence"))
    assert found.checks == ("b_gradient", "silence")
    assert verdict(found) == "right, as far as checked"
    assert "\nNOT checked, as asked: forward, input_gradient, W_gradient, dtype_and_shape, " in text_of(found)
    assert found.right == ("db",)
    both = examined("Affine", dtypes=DOUBLE, only=("b_gradient", "forward"), skip=("forward",))
    assert both.checks == ("b_gradient",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"only": ("speed",)}, r"^only: it must name one of forward, .*, silence, got speed$"),
        ({"only": ("silence",)}, "^skip, only: a check must be left, beside silence, got none$"),
        ({"only": ("forward",), "skip": ("forward",)}, "^skip, only: a check must be left, "),
        ({"seed": -1}, "non-negative"),
    ],
)
def test_what_cannot_be_run_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        examined("Affine", dtypes=DOUBLE, **given)


def test_a_convention_is_one_whichever_of_its_tensors_is_checked() -> None:
    for given in ({}, {"only": ("b_gradient",)}, {"skip": ("W_gradient",)}):
        found = examined(Mean, dtypes=DOUBLE, **given)
        assert [one.sentence[:8] for one in found.conventions] == ["dW, db: "], given
        assert verdict(found).endswith("with 1 convention")
    for given in ({}, {"only": ("b_gradient",)}):
        assert verdict(examined(MeanOfOne, dtypes=DOUBLE, **given)) == "WRONG: db"


def test_the_seed_is_that_of_the_data() -> None:
    def first(seed: int) -> Any:
        return examined("Affine", dtypes=DOUBLE, only=("forward",), seed=seed).pictures[0].expected

    assert (first(0) == examined("Affine", dtypes=DOUBLE, only=("forward",)).pictures[0].expected).all()
    assert (first(1) != first(0)).all()


def test_a_program_reads_what_was_found() -> None:
    found = examined(MeanOfOne, dtypes=DOUBLE, skip=("silence",), seed=3)
    said = json.loads(json_of(found))
    (problem,) = said.pop("problems")
    assert problem.pop("where").startswith("test_only_and_seed.py:")
    assert problem.pop("scenarios")[0] == "ordinary"
    sentence = "it is divided by the length of the batch, once too often"
    assert problem == {
        "check": ["b_gradient"], "tensor": ["db"], "sentence": f"db: {sentence}", "causes": [sentence],
        "dtypes": ["float64"], "severity": "wrong",
    }  # fmt: skip
    assert said == {
        "name": "MeanOfOne", "file": __file__, "like": "Linear", "verdict": "WRONG: db", "ok": False, "status": 1,
        "conventions": [], "advice": [], "right": ["y", "dx", "dW"], "checks": list(found.checks),
        "skipped": ["silence"], "dtypes": ["float64"], "scenarios": list(found.scenarios),
        "scenarios_left_out": list(found.left_out), "tolerance": "proven rounding bounds", "remarks": [], "seed": 3,
    }  # fmt: skip
    right = json.loads(json_of(examined("KeepsX")))
    assert (right["ok"], right["status"], right["verdict"]) == (True, 0, "right, with 1 piece of advice")
    assert [one["severity"] for one in right["advice"]] == ["advice"]
