"""Layers with slots, frozen ones, and those that change the settings of the whole program."""

from typing import Any

import numpy as np
import own_layers
import own_minds
import pytest
import torch
from examining import examined

from torch_ref import candidate, examine, text_of
from torch_ref.places import attributes, gradient

REFUSES = "it refuses a float64 array of shape (5, 3) as its parameter W: FrozenInstanceError: cannot assign to field"
WHOLE = "in the whole program"
SAID = {
    "WithSlots": [],
    "WithOddSlots": [],
    "AsADataclass": [],
    "AsSlots": [],
    "DrawsNumbers": [],
    "StepsWithSlots": ["backward takes its own step: the gradients are read off it"],
    "Frozen": [REFUSES],
    "FrozenOfSizes": [REFUSES],
    "SwitchesGradientsOff": [f"it leaves PyTorch's gradients switched off {WHOLE}"],
    "SilencesNumPy": [f"it calls np.seterr, which is in force {WHOLE}: np.errstate is not"],
}


@pytest.mark.parametrize(("name", "said"), SAID.items(), ids=SAID)
def test_a_layer_with_a_mind_of_its_own_is_right_and_told_no_more_than_is_so(name: str, said: list[str]) -> None:
    before = np.geterr(), torch.is_grad_enabled()
    found = examined(getattr(own_minds, name), dtypes=(np.float64,))
    assert found.ok
    sentences = [problem.sentence for problem in (*found.conventions, *found.advice)]
    assert [sentence[: len(start)] for sentence, start in zip(sentences, said, strict=True)] == said
    assert "right: y, dx, dW, db" in text_of(found)
    assert (np.geterr(), torch.is_grad_enabled()) == before


def test_a_frozen_layer_of_sizes_computes_in_its_own_dtype() -> None:
    found = examined(own_minds.FrozenOfSizes, dtypes=(np.float32,))
    assert found.ok
    assert "y, dx must be float32, got float64" in [advice.sentence for advice in found.advice]
    assert not found.remarks  # nothing departs


def test_what_a_users_file_has_set_for_the_whole_program_is_not_set_for_the_checks() -> None:
    class DividesByZero(own_layers.Affine):
        def __init__(self, W: Any, b: Any) -> None:
            super().__init__(W, b)
            np.seterr(all="raise")
            torch.set_grad_enabled(False)

        def forward(self, x: Any) -> Any:
            np.log(np.zeros(1))
            return super().forward(x)

    with np.errstate(all="raise"), torch.no_grad():
        assert examine(candidate(DividesByZero, "Linear"), (np.float64,)).ok
        assert np.geterr()["under"] == "raise"
        assert not torch.is_grad_enabled()


def test_attributes_are_those_of_all_slots_and_of_the_dict() -> None:
    class OneName:
        __slots__ = "W"  # noqa: PLC0205 - as people write it

    class More(OneName):
        __slots__ = ("__dict__", "grad_W")

    more: Any = More()
    more.W, more.b = 1, 2
    assert attributes(more) == {"W": 1, "b": 2}
    more.grad_W = 3
    assert gradient(more, "W") == 3
