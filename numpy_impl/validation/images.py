"""Images, and the windows that a convolution or a pooling slides over them."""

from typing import Any

import numpy as np

from numpy_impl.validation.arrays import check_array, check_shape
from numpy_impl.validation.words import is_whole, kind_of, refuse

Pair = tuple[int, int]  # of rows, and of columns


def check_pair(who: object, name: str, value: Any, least: int) -> Pair:
    """One integer for rows and columns, or one for each; returned as two."""
    found = tuple(value) if isinstance(value, tuple | list) else (value, value)
    wanted = f"{name} must be an integer or a pair of them"
    for one in found:
        if not is_whole(one):
            refuse(TypeError, who, wanted, kind_of(value) if one is value else f"a pair with {kind_of(one)}")
    if len(found) != 2:
        refuse(ValueError, who, wanted, value)
    if min(found) < least:
        refuse(ValueError, who, f"{name} must be {least} or more", value)
    return int(found[0]), int(found[1])


def check_padding(who: object, padding: Pair, size: Pair) -> None:
    """At most half a window: one that lay in the padding alone would have no maximum."""
    if any(2 * p > n for p, n in zip(padding, size, strict=True)):
        refuse(ValueError, who, f"padding must be at most half of the window {size}", padding)


def check_kernel(who: object, W: Any, b: Any) -> None:
    check_array(who, "W", W)
    if W.ndim != 4 or 0 in W.shape:
        refuse(ValueError, who, "W must be a kernel (F, C, KH, KW), none of them 0", f"shape {W.shape}")
    check_array(who, "b", b, W.dtype)
    check_shape(who, "b", b, W.shape[:1])


def check_images(
    who: object, x: Any, window: Pair, padding: Pair, channels: int | None = None, dtype: np.dtype[Any] | None = None
) -> None:
    """A batch (N, C, H, W), of so many channels, and no smaller than the window; N alone may be 0."""
    check_array(who, "x", x, dtype)
    if x.ndim != 4 or 0 in x.shape[1:]:
        refuse(ValueError, who, "x must be images (N, C, H, W), none of C, H, W 0", f"shape {x.shape}")
    if channels is not None and x.shape[1] != channels:
        refuse(ValueError, who, f"x must have {channels} channels, as (N, C, H, W)", f"shape {x.shape}")
    padded = tuple(n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True))
    if any(n < w for n, w in zip(padded, window, strict=True)):
        refuse(ValueError, who, f"images must, once padded, be no smaller than the window {window}", padded)


def check_samples_of_any_shape(who: object, x: Any) -> None:
    """A batch (N, ...), each sample of one axis or more."""
    check_array(who, "x", x)
    if x.ndim < 2:
        refuse(ValueError, who, "x must have an axis of samples and one or more of their entries", f"shape {x.shape}")
