"""The Jacobian of a function of PyTorch's, and the unit roundoff of float64, for the tests of derivations."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from numpy_impl.validation import Array

U = 2.0**-53


def jacobian(function: Callable[[Any], Any], x: Array) -> Array:
    """∂y_k/∂x_i by autograd, (sizes of y, sizes of x)."""
    J = torch.autograd.functional.jacobian(function, torch.tensor(x))  # type: ignore[no-untyped-call] # PyTorch has none
    return np.asarray(J)
