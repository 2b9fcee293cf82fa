"""Of a tensor that no slip explains: what its wrong entries have in common, and the right ones have not.

From a fixed list, and only what holds of every entry on every data set.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.explain import Observation

# Where it holds, of a tensor by its name; None where it means nothing.
Condition: TypeAlias = Callable[[Case, str], Array | None]
MOST = 0.75  # of the entries that share it must be wrong, or it says little


def in_common(name: str, observations: Sequence[Observation]) -> str:
    """ "wrong where x < 0, and nowhere else"; empty where the list has nothing, or fewer than two entries are wrong."""
    if any(one.got.shape != one.case.right[name].shape for one in observations):
        return ""
    wrong = [_wrong(one, name) for one in observations]
    n = sum(map(np.count_nonzero, wrong))
    if n < 2 or all(mask.all() for mask in wrong if mask.any()):
        return ""
    for words, condition in CONDITIONS.items():
        holds = [mask for one in observations if (mask := condition(one.case, name)) is not None]
        if len(holds) < len(wrong) or any(
            (is_wrong & ~mask).any() for is_wrong, mask in zip(wrong, holds, strict=True)
        ):
            continue
        entries = sum(map(np.count_nonzero, holds))
        if n == entries:
            return f"wrong {words}, and nowhere else"
        if n >= MOST * entries:
            return f"wrong only {words}"
    return ""


@ieee_arithmetic
def _wrong(one: Observation, name: str) -> Array:
    mask: Array = ~(one.case.right[name].shares(one.got) <= 1)
    return mask


def _of_x(holds: Callable[[Array], Array]) -> Condition:
    """Where x has an entry for each of the tensor's."""
    return lambda case, name: holds(case.x) if case.x.shape == case.right[name].shape and name in OF_DATA else None


def _of_dout(holds: Callable[[Array], Array]) -> Condition:
    return lambda case, name: (
        holds(case.dout) if np.shape(case.dout) == case.right[name].shape and name == "dx" else None
    )


def _at_label(is_there: bool) -> Condition:
    def condition(case: Case, name: str) -> Array | None:
        t, shape = case.inputs.get("t"), case.right[name].shape
        if t is None or t.dtype.kind not in "iu" or len(shape) != 2 or t.shape != shape[:1]:
            return None
        return (np.arange(shape[1]) == t[:, None]) == is_there

    return condition


def _greatest_in_its_row(case: Case, name: str) -> Array | None:
    y: Any = case.right.get("y")
    if y is None or y.shape != case.right[name].shape or len(y.shape) < 2:
        return None
    return np.asarray(y.centre == y.centre.max(-1, keepdims=True))


def _at(axis: int, place: int, fewest_axes: int) -> Condition:
    """The first or the last place of an axis."""

    def condition(case: Case, name: str) -> Array | None:
        shape = case.right[name].shape
        if len(shape) < fewest_axes or (axis == 0 and name not in OF_DATA):
            return None
        mask = np.zeros(shape, bool)
        np.moveaxis(mask, axis, 0)[place] = True
        return mask

    return condition


def _at_the_edge(case: Case, name: str) -> Array | None:
    shape = case.right[name].shape
    if len(shape) < 4:
        return None
    mask = np.ones(shape, bool)
    mask[..., 1:-1, 1:-1] = False
    return mask


OF_DATA = ("y", "dx")
CONDITIONS: dict[str, Condition] = {
    "where x < 0": _of_x(lambda x: x < 0),
    "where x > 0": _of_x(lambda x: x > 0),
    "where x <= 0": _of_x(lambda x: x <= 0),
    "where x >= 0": _of_x(lambda x: x >= 0),
    "where x = 0": _of_x(lambda x: x == 0),
    "where |x| > 1": _of_x(lambda x: abs(x) > 1),
    "where |x| < 1": _of_x(lambda x: abs(x) < 1),
    "where dout < 0": _of_dout(lambda dout: dout < 0),
    "where dout > 0": _of_dout(lambda dout: dout > 0),
    "at the label of each row": _at_label(is_there=True),
    "beside the label of each row": _at_label(is_there=False),
    "where y is greatest in its row": _greatest_in_its_row,
    "in the last sample": _at(0, -1, 1),
    "in the first sample": _at(0, 0, 1),
    "in the last column": _at(-1, -1, 1),
    "in the first column": _at(-1, 0, 1),
    "in the last row": _at(-2, -1, 2),
    "in the first row": _at(-2, 0, 2),
    "at the edge of the image": _at_the_edge,
}
