"""Shapes told in letters: N samples, M other ones, D features in, H out, C classes, "4H" for four times as many.

Where nobody says the shapes of a twin's arguments they are tried: with lengths that all differ, few fit together.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice, product
from typing import Any, TypeAlias

import torch

Shape: TypeAlias = tuple[str | int, ...]

LENGTHS = {"N": 6, "M": 7, "D": 5, "H": 3}
AT_MOST = 20_000  # combinations, a second of small tensors


def in_numbers(shape: Shape, lengths: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(one if isinstance(one, int) else int(one[:-1] or 1) * lengths[one[-1]] for one in shape)


def others_like(x: Shape) -> Sequence[Shape]:
    """The shapes that an input beside x may have, (N, D) or (N, T, D): equal to that of x as the last resort."""
    if len(x) == 2:
        return ("N", "H"), ("M", x[1]), ("M", "H"), x
    return ("N", "M", *x[2:]), ("N", "M", *x[2:-1], "H"), ("N", "H"), x


def shapes_that_run(run: Callable[..., Any], choices: Sequence[Sequence[Shape]]) -> tuple[Shape, ...] | None:
    """The first combination that `run` takes, as tensors, and makes tensors of."""
    for shapes in islice(product(*choices), AT_MOST):
        tensors = [torch.rand(in_numbers(shape, LENGTHS), dtype=torch.float64) for shape in shapes]
        try:
            found = run(*tensors)
        except Exception:  # noqa: BLE001 - of a wrong shape a twin may say anything
            continue
        if all(isinstance(one, torch.Tensor) for one in (found if isinstance(found, tuple) else (found,))):
            return shapes
    return None
