"""What an embedding refuses."""

from typing import Any

from numpy_impl.validation.arrays import check_array, check_plain
from numpy_impl.validation.words import refuse


def check_table(who: object, W: Any) -> None:
    check_array(who, "W", W)
    if W.ndim != 2 or 0 in W.shape:
        refuse(ValueError, who, "W must be a matrix (ids, features), neither of them 0", f"shape {W.shape}")


def check_ids(who: object, ids: Any, count: int) -> None:
    """Integers, each the number of a row: a negative one would count from the end."""
    check_plain(who, "ids", ids)
    if ids.dtype.kind not in "iu":
        refuse(TypeError, who, "ids must be integers", ids.dtype)
    wrong = ids[(ids < 0) | (ids >= count)]
    if wrong.size:
        refuse(ValueError, who, f"ids must be from 0 to {count - 1}", wrong.flat[0])
