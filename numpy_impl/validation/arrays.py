"""Arrays: inputs, upstream gradients, targets, parameters."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from numpy_impl.validation.words import kind_of, refuse

Array: TypeAlias = npt.NDArray[Any]


def check_array(who: object, name: str, value: Any, dtype: np.dtype[Any] | None = None) -> None:
    """A plain NumPy array of floating-point or complex numbers; of just this dtype, where one is given."""
    check_plain(who, name, value)
    if dtype is not None:  # that of a parameter, which was checked itself
        if value.dtype != dtype:
            refuse(TypeError, who, f"{name} must be {dtype}", value.dtype)
    elif not is_float(value.dtype):
        refuse(TypeError, who, f"{name} must be of a native floating-point dtype, float32 or wider", value.dtype)


def is_float(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "fc" and dtype.isnative and dtype.itemsize >= 4  # sums in float16 overflow at 65504


def check_plain(who: object, name: str, value: Any) -> None:
    # Masked arrays and np.matrix mean something else by @ and sum; a memory map does not.
    if type(value) not in (np.ndarray, np.memmap):
        refuse(TypeError, who, f"{name} must be a NumPy array", kind_of(value))


def check_shape(who: object, name: str, value: Array, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        refuse(ValueError, who, f"{name} must have shape {shape}", value.shape)


def check_affine(who: object, W: Any, b: Any) -> None:
    check_array(who, "W", W)
    if W.ndim != 2 or 0 in W.shape:
        refuse(ValueError, who, "W must be a matrix (in, out), neither of them 0", f"shape {W.shape}")
    check_array(who, "b", b, W.dtype)
    check_shape(who, "b", b, W.shape[1:])


def check_features(who: object, x: Any, features: int, dtype: np.dtype[Any]) -> None:
    check_array(who, "x", x, dtype)
    if x.ndim == 0 or x.shape[-1] != features:
        refuse(ValueError, who, f"x must have {features} features in its last axis", f"shape {x.shape}")


def check_samples(who: object, x: Any, features: int, dtype: np.dtype[Any]) -> None:
    check_array(who, "x", x, dtype)
    if x.ndim != 2 or x.shape[1] != features or len(x) == 0:
        check_features(who, x, features, dtype)
        refuse(ValueError, who, "x must be a matrix of one row or more", f"shape {x.shape}")


def check_classes(who: object, name: str, value: Any) -> None:
    """An array whose last axis runs over one class or more."""
    check_array(who, name, value)
    if value.ndim == 0 or value.shape[-1] == 0:
        refuse(ValueError, who, f"{name} must have at least one class in its last axis", f"shape {value.shape}")


def check_batch(who: object, name: str, value: Any) -> None:
    """A row a sample, at least one of them: the mean over none is no number."""
    check_classes(who, name, value)
    if value.ndim != 2 or len(value) == 0:
        refuse(ValueError, who, f"{name} must be a matrix of one row or more", f"shape {value.shape}")


def check_targets(
    who: object, t: Any, shape: tuple[int, ...], dtype: np.dtype[Any], ignore_index: int | None = None
) -> None:
    """What a batch of shape (N, C) is compared with: class indices (N,), or a row (N, C) of probabilities each.

    Labels of `ignore_index` do not count; rows cannot be ignored.
    """
    n, classes = shape
    check_plain(who, "t", t)
    at_value = "iubf" if dtype.kind == "c" else "iub"  # real targets beside complex logits are no other precision
    if t.dtype != dtype and t.dtype.kind not in at_value:
        refuse(TypeError, who, f"t must be integer class indices, or rows of {dtype}, integers or booleans", t.dtype)
    if t.ndim == 2:
        check_shape(who, "t", t, (n, classes))
        if ignore_index is not None and ignore_index >= 0:
            refuse(ValueError, who, "t must be class indices where ignore_index is 0 or more", f"shape {t.shape}")
        return
    if t.ndim == 1 and t.dtype.kind not in "iu":
        refuse(TypeError, who, "t must be integer class indices, or rows (N, C)", f"{t.dtype} of shape {t.shape}")
    if t.shape != (n,):
        refuse(ValueError, who, f"t must have shape ({n},) or ({n}, {classes})", t.shape)
    if ignore_index is not None:
        t = t[t != ignore_index]
        if t.size == 0:
            refuse(ValueError, who, "t must have a label that is not ignored", f"{n} times {ignore_index}")
    if t.min() < 0 or t.max() >= classes:
        wrong = t[(t < 0) | (t >= classes)][0]
        refuse(ValueError, who, f"class indices in t must be 0 to {classes - 1}", wrong)


def after_forward(who: object, cached: Any) -> Any:
    """What the last forward left for backward."""
    if cached is None:
        refuse(RuntimeError, who, "backward needs a forward before it", "none")
    return cached


def check_dout(who: object, dout: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """An upstream gradient: of the shape and the dtype of the output."""
    check_array(who, "dout", dout, dtype)
    if dout.shape != shape:
        refuse(ValueError, who, f"dout must have the shape of the output, {shape}", dout.shape)


def check_scalar_dout(who: object, dout: Any, dtype: np.dtype[Any]) -> None:
    """The upstream gradient of a loss: a number, Python's or NumPy's, real unless the loss is complex."""
    is_numpy = isinstance(dout, np.generic) or type(dout) is np.ndarray
    kind = np.asarray(dout).dtype.kind if is_numpy else ""
    if not (isinstance(dout, int | float | complex) and not isinstance(dout, bool)) and kind not in tuple("iufc"):
        refuse(TypeError, who, "dout must be a number", dout.dtype if is_numpy else kind_of(dout))
    if is_numpy and dout.shape != ():
        refuse(ValueError, who, "dout must have the shape of the output, ()", dout.shape)
    if (isinstance(dout, complex) or kind == "c") and dtype.kind != "c":
        refuse(TypeError, who, f"dout must be {dtype}", "complex")
    if isinstance(dout, int) and abs(dout) > int(np.finfo(dtype).max):
        refuse(ValueError, who, f"dout must fit into {dtype}", f"an integer of {dout.bit_length()} bits")


def check_parameter(who: object, name: str, value: Any, like: Array) -> None:
    """A new value for a parameter: the dtype and the shape of the one it replaces."""
    check_array(who, name, value, like.dtype)
    check_shape(who, name, value, like.shape)


def check_writeable(who: object, name: str, value: Array) -> None:
    if not value.flags.writeable:
        refuse(ValueError, who, f"{name} must be writeable", "a read-only array")
