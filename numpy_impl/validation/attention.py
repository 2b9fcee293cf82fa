"""Attention: queries, keys and values that fit one another, and heads that divide the features."""

from typing import Any

import numpy as np

from numpy_impl.validation.arrays import check_array, check_shape
from numpy_impl.validation.options import check_size
from numpy_impl.validation.words import refuse


def check_attention(who: object, q: Any, k: Any, v: Any) -> None:
    """q (..., T, d), k (..., S, d), v (..., S, e) of one dtype, with the same leading axes and a key at least."""
    check_array(who, "q", q)
    if q.ndim < 2 or q.shape[-1] == 0:
        refuse(ValueError, who, "q must be (..., T, d) with d of 1 or more", f"shape {q.shape}")
    check_array(who, "k", k, q.dtype)
    lead, d = q.shape[:-2], q.shape[-1]
    if k.ndim != q.ndim or (*k.shape[:-2], k.shape[-1]) != (*lead, d) or k.shape[-2] == 0:
        wanted = f"k must be {_of(lead, d)} with S of 1 or more, as q has {d} features and these leading axes"
        refuse(ValueError, who, wanted, f"shape {k.shape}")
    check_array(who, "v", v, q.dtype)
    if v.ndim != q.ndim or v.shape[:-1] != k.shape[:-1]:
        refuse(ValueError, who, f"v must be {_of((*lead, k.shape[-2]), 'e')}, a row for each key", f"shape {v.shape}")


def check_multi_head(who: object, W_in: Any, b_in: Any, W_out: Any, b_out: Any, heads: Any) -> None:
    check_array(who, "W_in", W_in)
    if W_in.ndim != 2 or W_in.shape[1] != 3 * W_in.shape[0] or 0 in W_in.shape:
        refuse(ValueError, who, "W_in must be a matrix (D, 3D), D of 1 or more", f"shape {W_in.shape}")
    D = len(W_in)
    for name, value, shape in (("b_in", b_in, (3 * D,)), ("W_out", W_out, (D, D)), ("b_out", b_out, (D,))):
        check_array(who, name, value, W_in.dtype)
        check_shape(who, name, value, shape)
    check_size(who, "heads", heads)
    if D % heads:
        refuse(ValueError, who, f"heads must divide the {D} features", heads)


def check_sequences(who: object, x: Any, features: int, dtype: np.dtype[Any]) -> None:
    """x (N, T, D), in which each sequence has a position at least."""
    check_array(who, "x", x, dtype)
    if x.ndim != 3 or x.shape[-1] != features or x.shape[1] == 0:
        refuse(ValueError, who, f"x must be (N, T, {features}) with T of 1 or more", f"shape {x.shape}")


def _of(lead: tuple[int, ...], last: object) -> str:
    """The shape, with the axis that is free between."""
    axes = [*map(str, lead), "S", str(last)] if isinstance(last, int) else [*map(str, lead), str(last)]
    return f"({', '.join(axes)})"
