"""The words of a refusal."""

from typing import NoReturn

import numpy as np


def refuse(error: type[Exception], who: object, wanted: str, got: object) -> NoReturn:
    """`who` is a function's name, or the layer itself."""
    name = who if isinstance(who, str) else type(who).__name__
    raise error(f"{name}: {wanted}, got {got}")


def kind_of(value: object) -> str:
    return repr(value) if value is None or isinstance(value, str | bool) else type(value).__name__


def is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
