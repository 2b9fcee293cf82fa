"""What recurrent layers refuse."""

from typing import Any

import numpy as np

from numpy_impl.validation.arrays import Array, check_array, check_shape
from numpy_impl.validation.words import refuse


def check_cell(who: object, gates: int, Wx: Any, Wh: Any, bx: Any, bh: Any) -> None:
    """The parameters of a layer with so many gates side by side."""
    check_array(who, "Wh", Wh)
    width = "H" if gates == 1 else f"{gates} H"
    if Wh.ndim != 2 or len(Wh) == 0 or Wh.shape[1] != gates * len(Wh):
        refuse(ValueError, who, f"Wh must be a matrix (H, {width}), H not 0", f"shape {Wh.shape}")
    check_array(who, "Wx", Wx, Wh.dtype)
    if Wx.ndim != 2 or len(Wx) == 0 or Wx.shape[1] != Wh.shape[1]:
        refuse(ValueError, who, f"Wx must be a matrix (D, {Wh.shape[1]}), D not 0", f"shape {Wx.shape}")
    for name, b in (("bx", bx), ("bh", bh)):
        check_array(who, name, b, Wh.dtype)
        check_shape(who, name, b, Wh.shape[1:])


def check_sequence(who: object, x: Any, features: int, dtype: np.dtype[Any]) -> None:
    """(N, T, D): with its batch, which may be empty, and of one time or more, for there must be a last state."""
    check_array(who, "x", x, dtype)
    if x.ndim != 3 or x.shape[1] == 0 or x.shape[2] != features:
        refuse(ValueError, who, f"x must have shape (N, T, {features}), T not 0", x.shape)


def check_state(who: object, name: str, value: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array | None:
    """A first state or the gradient of a last one, which may be left out. Returns a copy of it."""
    if value is None:
        return None
    check_array(who, name, value, dtype)
    check_shape(who, name, value, shape)
    return np.array(value)
