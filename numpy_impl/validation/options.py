"""Options: sizes, rates, flags, dtypes, generators, functions."""

import os
from collections.abc import Collection
from typing import Any

import numpy as np

from numpy_impl.validation.arrays import is_float
from numpy_impl.validation.words import is_whole, kind_of, refuse


def check_size(who: object, name: str, value: Any) -> None:
    if not is_whole(value):
        refuse(TypeError, who, f"{name} must be an integer", kind_of(value))
    if value < 1:
        refuse(ValueError, who, f"{name} must be 1 or more", value)


def check_sizes(who: object, name: str, values: Any) -> None:
    if not isinstance(values, list | tuple):
        refuse(TypeError, who, f"{name} must be a list or tuple of integers", kind_of(values))
    for i, value in enumerate(values):
        check_size(who, f"{name}[{i}]", value)


def check_choice(who: object, name: str, value: object, choices: Collection[str]) -> None:
    if not (isinstance(value, str) and value in choices):
        kind = ValueError if isinstance(value, str) else TypeError
        refuse(kind, who, f"{name} must be one of {', '.join(choices)}", kind_of(value))


def check_at_least_zero(who: object, name: str, value: Any, dtype: Any = float) -> None:
    """A number of 0 or more, finite in the dtype that it is meant for."""
    greatest = float(np.finfo(dtype).max)
    if not 0 <= _real(who, name, value) <= greatest:  # NaN is refused here too
        refuse(ValueError, who, f"{name} must be from 0 to {greatest:.2g}", value)


def check_real(who: object, name: str, value: Any) -> None:
    if not abs(_real(who, name, value)) < np.inf:
        refuse(ValueError, who, f"{name} must be finite", value)


def _real(who: object, name: str, value: Any) -> float:
    if not (is_whole(value) or isinstance(value, float | np.floating)):
        refuse(TypeError, who, f"{name} must be a real number", kind_of(value))
    try:
        return float(value)
    except OverflowError:  # an integer
        return np.inf if value > 0 else -np.inf


def check_flag(who: object, name: str, value: object) -> None:
    if not isinstance(value, bool):
        refuse(TypeError, who, f"{name} must be True or False", kind_of(value))


def check_path(who: object, name: str, value: object) -> None:
    if not (value is None or isinstance(value, str | os.PathLike)):
        refuse(TypeError, who, f"{name} must be a path or None", kind_of(value))


def check_function(who: object, name: str, value: object) -> None:
    if not callable(value):
        refuse(TypeError, who, f"{name} must be a function", kind_of(value))


def check_scalar(who: object, name: str, value: Any, *, complex_too: bool) -> None:
    """What a function to be differentiated may return: one number."""
    wanted = f"{name} must be a {'number' if complex_too else 'real number'}"
    if not isinstance(value, int | float | complex | np.number) and type(value) is not np.ndarray:
        refuse(TypeError, who, wanted, kind_of(value))
    got = np.asarray(value)
    if got.dtype.kind not in ("iufc" if complex_too else "iuf"):
        refuse(TypeError, who, wanted, kind_of(value))
    if got.shape != ():
        refuse(ValueError, who, f"{name} must be a scalar", f"shape {got.shape}")


def check_float_dtype(who: object, dtype: Any) -> np.dtype[Any]:
    try:
        found = np.dtype(dtype) if dtype is not None else None  # np.dtype(None) would be a silent float64
    except (TypeError, ValueError, SyntaxError, DeprecationWarning):  # all of which np.dtype has for a string
        found = None
    if found is None or not is_float(found):
        refuse(TypeError, who, "dtype must be a native floating-point dtype, float32 or wider", found or repr(dtype))
    return found


def check_rng(who: object, rng: Any) -> None:
    if not (rng is None or is_whole(rng) or isinstance(rng, np.random.Generator)):
        refuse(TypeError, who, "rng must be None, an integer seed or a numpy.random.Generator", kind_of(rng))
    if is_whole(rng) and rng < 0:
        refuse(ValueError, who, "a seed must be 0 or more", rng)
