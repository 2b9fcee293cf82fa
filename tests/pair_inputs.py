"""What the tests of pairs draw from: dtypes, random arrays, one-hot rows."""

from typing import Any

import numpy as np
import pytest

from numpy_impl.checks import Array

DTYPES = [np.float32, np.float64]
both_dtypes = pytest.mark.parametrize("dtype", DTYPES)


def normal(seed: int, *shape: int, dtype: Any = np.float64) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def one_hot(t: Any, classes: int, dtype: Any) -> Array:
    return np.eye(classes, dtype=dtype)[t]
