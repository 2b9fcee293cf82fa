"""Gradients that are changed in place, and how long they may be."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from numpy_impl.validation.arrays import Array, check_array, check_writeable
from numpy_impl.validation.mappings import check_mapping
from numpy_impl.validation.options import check_at_least_zero


def check_gradients(who: object, grads: Any) -> Mapping[str, Array]:
    check_mapping(who, "grads", grads)
    found = {key: grads[key] for key in grads}
    for key, grad in found.items():
        check_array(who, f"grads[{key!r}]", grad)
        check_writeable(who, f"grads[{key!r}]", grad)
    return found


def check_max_norm(who: object, max_norm: Any) -> float:
    """0 or more; infinity is a number here."""
    if isinstance(max_norm, float | np.floating) and max_norm == np.inf:
        return np.inf
    check_at_least_zero(who, "max_norm", max_norm)
    return float(max_norm)
