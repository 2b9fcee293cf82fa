"""Shapes of weights that are yet to be made."""

from typing import Any

from numpy_impl.validation.options import check_size
from numpy_impl.validation.words import kind_of, refuse


def check_weights_shape(who: object, shape: Any) -> None:
    """(in, out), or (F, C, KH, KW)."""
    if not isinstance(shape, tuple | list):
        refuse(TypeError, who, "shape must be a tuple of integers", kind_of(shape))
    if len(shape) not in (2, 4):
        refuse(ValueError, who, "shape must be (in, out) or (F, C, KH, KW)", tuple(shape))
    for i, size in enumerate(shape):
        check_size(who, f"shape[{i}]", size)
