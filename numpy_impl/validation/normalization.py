"""What is normalized: scales, channels and groups of them."""

from typing import Any

import numpy as np

from numpy_impl.validation.arrays import Array, check_array, check_shape
from numpy_impl.validation.options import check_size
from numpy_impl.validation.words import refuse


def check_scale(who: object, gamma: Any, beta: Any = ...) -> None:
    """γ, and β where there is one: a number for each feature or channel."""
    check_array(who, "gamma", gamma)
    if gamma.ndim != 1 or gamma.size == 0:
        refuse(ValueError, who, "gamma must be a vector of one number or more", f"shape {gamma.shape}")
    if beta is not ...:
        check_array(who, "beta", beta, gamma.dtype)
        check_shape(who, "beta", beta, gamma.shape)


def check_channels(who: object, x: Any, channels: int, dtype: np.dtype[Any]) -> None:
    check_array(who, "x", x, dtype)
    if x.ndim < 2 or x.shape[1] != channels:
        refuse(ValueError, who, f"x must have {channels} channels in its second axis", f"shape {x.shape}")


def check_values_per_channel(who: object, x: Array) -> None:
    """Of one value there is no variance; of none there is nothing to normalize."""
    if x.size == x.shape[1]:
        refuse(ValueError, who, "x must have more than one value for each channel in training", f"shape {x.shape}")


def check_groups(who: object, groups: Any, channels: int) -> None:
    check_size(who, "groups", groups)
    if channels % groups:
        refuse(ValueError, who, f"groups must be a divisor of the {channels} channels", groups)
