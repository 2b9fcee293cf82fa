"""What losses are given: targets entry by entry, and their options."""

from typing import Any

from numpy_impl.validation.arrays import check_array, check_plain, check_shape
from numpy_impl.validation.options import check_real
from numpy_impl.validation.words import is_whole, kind_of, refuse


def check_entries(who: object, x: Any, t: Any) -> None:
    """At least one entry: the mean over none is no number. A target for each, in the dtype of x or at its value."""
    check_array(who, "x", x)
    check_plain(who, "t", t)
    at_value = "iubf" if x.dtype.kind == "c" else "iub"  # real targets beside complex x are no other precision
    if t.dtype != x.dtype and t.dtype.kind not in at_value:
        refuse(TypeError, who, f"t must be {x.dtype}, integers or booleans", t.dtype)
    check_shape(who, "t", t, x.shape)
    if x.size == 0:
        refuse(ValueError, who, "x must have one entry or more", f"shape {x.shape}")


def check_label_smoothing(who: object, value: Any) -> None:
    check_real(who, "label_smoothing", value)
    if not 0 <= value <= 1:
        refuse(ValueError, who, "label_smoothing must be from 0 to 1", value)


def check_ignore_index(who: object, value: Any) -> None:
    if not (value is None or is_whole(value)):
        refuse(TypeError, who, "ignore_index must be None or an integer", kind_of(value))


def check_delta(who: object, value: Any) -> None:
    check_real(who, "delta", value)
    if not value > 0:
        refuse(ValueError, who, "delta must be greater than 0", value)
