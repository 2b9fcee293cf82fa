"""The one place that refuses bad input, so that the layers read as mathematics.

Every message says who refuses what, what was wanted and what came instead::

    Affine: x must have 784 features in its last axis, got shape (100, 28, 28)

TypeError for a dtype or a kind, ValueError for a shape or a value, RuntimeError for the order of calls.
"""

import os
from collections.abc import Collection, Mapping
from typing import Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]


def _refuse(error: type[Exception], who: object, wanted: str, got: object) -> NoReturn:
    """`who` is a function's name, or the layer itself."""
    name = who if isinstance(who, str) else type(who).__name__
    raise error(f"{name}: {wanted}, got {got}")


def _kind(value: object) -> str:
    return repr(value) if value is None or isinstance(value, str | bool) else type(value).__name__


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_array(who: object, name: str, value: Any, dtype: np.dtype[Any] | None = None) -> None:
    """A plain NumPy array of floating-point or complex numbers; of just this dtype, where one is given."""
    _check_plain(who, name, value)
    if dtype is not None:  # that of a parameter, which was checked itself
        if value.dtype != dtype:
            _refuse(TypeError, who, f"{name} must be {dtype}", value.dtype)
    elif not _is_float(value.dtype):
        _refuse(TypeError, who, f"{name} must be of a native floating-point dtype, float32 or wider", value.dtype)


def _is_float(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "fc" and dtype.isnative and dtype.itemsize >= 4  # sums in float16 overflow at 65504


def _check_plain(who: object, name: str, value: Any) -> None:
    # Masked arrays and np.matrix mean something else by @ and sum; a memory map does not.
    if type(value) not in (np.ndarray, np.memmap):
        _refuse(TypeError, who, f"{name} must be a NumPy array", _kind(value))


def check_shape(who: object, name: str, value: Array, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        _refuse(ValueError, who, f"{name} must have shape {shape}", value.shape)


def check_affine(who: object, W: Any, b: Any) -> None:
    check_array(who, "W", W)
    if W.ndim != 2 or 0 in W.shape:
        _refuse(ValueError, who, "W must be a matrix (in, out), neither of them 0", f"shape {W.shape}")
    check_array(who, "b", b, W.dtype)
    check_shape(who, "b", b, W.shape[1:])


def check_features(who: object, x: Any, features: int, dtype: np.dtype[Any]) -> None:
    check_array(who, "x", x, dtype)
    if x.ndim == 0 or x.shape[-1] != features:
        _refuse(ValueError, who, f"x must have {features} features in its last axis", f"shape {x.shape}")


def check_samples(who: object, x: Any, features: int, dtype: np.dtype[Any]) -> None:
    check_array(who, "x", x, dtype)
    if x.ndim != 2 or x.shape[1] != features or len(x) == 0:
        check_features(who, x, features, dtype)
        _refuse(ValueError, who, "x must be a matrix of one row or more", f"shape {x.shape}")


def check_classes(who: object, name: str, value: Any) -> None:
    """An array whose last axis runs over one class or more."""
    check_array(who, name, value)
    if value.ndim == 0 or value.shape[-1] == 0:
        _refuse(ValueError, who, f"{name} must have at least one class in its last axis", f"shape {value.shape}")


def check_batch(who: object, name: str, value: Any) -> None:
    """A row a sample, at least one of them: the mean over none is no number."""
    check_classes(who, name, value)
    if value.ndim != 2 or len(value) == 0:
        _refuse(ValueError, who, f"{name} must be a matrix of one row or more", f"shape {value.shape}")


def check_targets(who: object, t: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """What a batch of shape (N, C) is compared with: class indices (N,), or a row (N, C) of probabilities each."""
    n, classes = shape
    _check_plain(who, "t", t)
    at_value = "iubf" if dtype.kind == "c" else "iub"  # real targets beside complex logits are no other precision
    if t.dtype != dtype and t.dtype.kind not in at_value:
        _refuse(TypeError, who, f"t must be integer class indices, or rows of {dtype}, integers or booleans", t.dtype)
    if t.ndim == 2:
        check_shape(who, "t", t, (n, classes))
        return
    if t.ndim == 1 and t.dtype.kind not in "iu":
        _refuse(TypeError, who, "t must be integer class indices, or rows (N, C)", f"{t.dtype} of shape {t.shape}")
    if t.shape != (n,):
        _refuse(ValueError, who, f"t must have shape ({n},) or ({n}, {classes})", t.shape)
    if t.min() < 0 or t.max() >= classes:
        wrong = t[(t < 0) | (t >= classes)][0]
        _refuse(ValueError, who, f"class indices in t must be 0 to {classes - 1}", wrong)


def after_forward(who: object, cached: Any) -> Any:
    """What the last forward left for backward."""
    if cached is None:
        _refuse(RuntimeError, who, "backward needs a forward before it", "none")
    return cached


def check_dout(who: object, dout: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """An upstream gradient: of the shape and the dtype of the output."""
    check_array(who, "dout", dout, dtype)
    if dout.shape != shape:
        _refuse(ValueError, who, f"dout must have the shape of the output, {shape}", dout.shape)


def check_scalar_dout(who: object, dout: Any, dtype: np.dtype[Any]) -> None:
    """The upstream gradient of a loss: a number, Python's or NumPy's, real unless the loss is complex."""
    is_numpy = isinstance(dout, np.generic) or type(dout) is np.ndarray
    kind = np.asarray(dout).dtype.kind if is_numpy else ""
    if not (isinstance(dout, int | float | complex) and not isinstance(dout, bool)) and kind not in tuple("iufc"):
        _refuse(TypeError, who, "dout must be a number", dout.dtype if is_numpy else _kind(dout))
    if is_numpy and dout.shape != ():
        _refuse(ValueError, who, "dout must have the shape of the output, ()", dout.shape)
    if (isinstance(dout, complex) or kind == "c") and dtype.kind != "c":
        _refuse(TypeError, who, f"dout must be {dtype}", "complex")
    if isinstance(dout, int) and abs(dout) > int(np.finfo(dtype).max):
        _refuse(ValueError, who, f"dout must fit into {dtype}", f"an integer of {dout.bit_length()} bits")


def check_size(who: object, name: str, value: Any) -> None:
    if not _is_whole(value):
        _refuse(TypeError, who, f"{name} must be an integer", _kind(value))
    if value < 1:
        _refuse(ValueError, who, f"{name} must be 1 or more", value)


def check_at_least_zero(who: object, name: str, value: Any, dtype: Any = float) -> None:
    """A number of 0 or more, finite in the dtype that it is meant for."""
    greatest = float(np.finfo(dtype).max)
    if not 0 <= _real(who, name, value) <= greatest:  # NaN is refused here too
        _refuse(ValueError, who, f"{name} must be from 0 to {greatest:.2g}", value)


def check_real(who: object, name: str, value: Any) -> None:
    if not abs(_real(who, name, value)) < np.inf:
        _refuse(ValueError, who, f"{name} must be finite", value)


def _real(who: object, name: str, value: Any) -> float:
    if not (_is_whole(value) or isinstance(value, float | np.floating)):
        _refuse(TypeError, who, f"{name} must be a real number", _kind(value))
    try:
        return float(value)
    except OverflowError:  # an integer
        return np.inf if value > 0 else -np.inf


def check_flag(who: object, name: str, value: object) -> None:
    if not isinstance(value, bool):
        _refuse(TypeError, who, f"{name} must be True or False", _kind(value))


def check_path(who: object, name: str, value: object) -> None:
    if not (value is None or isinstance(value, str | os.PathLike)):
        _refuse(TypeError, who, f"{name} must be a path or None", _kind(value))


def check_function(who: object, name: str, value: object) -> None:
    if not callable(value):
        _refuse(TypeError, who, f"{name} must be a function", _kind(value))


def check_scalar(who: object, name: str, value: Any, *, complex_too: bool) -> None:
    """What a function to be differentiated may return: one number."""
    wanted = f"{name} must be a {'number' if complex_too else 'real number'}"
    if not isinstance(value, int | float | complex | np.number) and type(value) is not np.ndarray:
        _refuse(TypeError, who, wanted, _kind(value))
    got = np.asarray(value)
    if got.dtype.kind not in ("iufc" if complex_too else "iuf"):
        _refuse(TypeError, who, wanted, _kind(value))
    if got.shape != ():
        _refuse(ValueError, who, f"{name} must be a scalar", f"shape {got.shape}")


def check_float_dtype(who: object, dtype: Any) -> np.dtype[Any]:
    try:
        found = np.dtype(dtype) if dtype is not None else None  # np.dtype(None) would be a silent float64
    except (TypeError, ValueError, SyntaxError, DeprecationWarning):  # all of which np.dtype has for a string
        found = None
    if found is None or not _is_float(found):
        _refuse(TypeError, who, "dtype must be a native floating-point dtype, float32 or wider", found or repr(dtype))
    return found


def check_rng(who: object, rng: Any) -> None:
    if not (rng is None or _is_whole(rng) or isinstance(rng, np.random.Generator)):
        _refuse(TypeError, who, "rng must be None, an integer seed or a numpy.random.Generator", _kind(rng))
    if _is_whole(rng) and rng < 0:
        _refuse(ValueError, who, "a seed must be 0 or more", rng)


def refuse_key(who: object, key: object, keys: Collection[str]) -> NoReturn:
    _refuse(KeyError, who, f"a parameter must be one of {', '.join(keys)}", repr(key))


def check_parameter(who: object, name: str, value: Any, like: Array) -> None:
    """A new value for a parameter: the dtype and the shape of the one it replaces."""
    check_array(who, name, value, like.dtype)
    check_shape(who, name, value, like.shape)


def check_mapping(who: object, name: str, value: object) -> None:
    if not isinstance(value, dict | Mapping):  # a dict, as most are, is known at once
        _refuse(TypeError, who, f"{name} must be a mapping of arrays", _kind(value))


def check_same_keys(who: object, name: str, mapping: Any, like: Mapping[str, Array]) -> None:
    check_mapping(who, name, mapping)
    if mapping.keys() != like.keys():
        wanted, got = (", ".join(map(str, keys)) or "none" for keys in (like, mapping))
        _refuse(ValueError, who, f"{name} must have the keys {wanted}", got)


def check_update(who: object, params: Mapping[str, Any], grads: Any) -> None:
    """Parameters that can be changed in place, and a gradient like it for each."""
    check_same_keys(who, "grads", grads, params)
    for key, param in params.items():
        grad = grads[key]
        # All at once, for this is asked in every step; where something is wrong, what it is.
        alike = type(param) is type(grad) is np.ndarray and param.dtype == grad.dtype and param.shape == grad.shape
        if not (alike and param.flags.writeable and _is_float(param.dtype)):
            check_array(who, f"params[{key!r}]", param)
            check_parameter(who, f"grads[{key!r}]", grad, param)
            check_writeable(who, f"params[{key!r}]", param)


def check_writeable(who: object, name: str, value: Array) -> None:
    if not value.flags.writeable:
        _refuse(ValueError, who, f"{name} must be writeable", "a read-only array")
