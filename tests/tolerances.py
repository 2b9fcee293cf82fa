"""How far two correct results may lie apart, and a comparison that is strict in everything else.

Each radius is twice an a-priori rounding bound, since either side may use all of its own. u is the unit roundoff and
γ_k = k u / (1 − k u): k terms, multiplied and summed in any order, with or without FMA, err by at most γ_k Σ |a||b|
(Higham, Accuracy and Stability of Numerical Algorithms, chapter 3). The radii are computed in float64.
"""

import numpy as np

from numpy_impl.checks import Array


def unit_roundoff(dtype: object) -> float:
    return float(np.finfo(np.dtype(dtype)).eps) / 2  # type: ignore[call-overload]


def gamma(k: int, dtype: object) -> float:
    ku = k * unit_roundoff(dtype)
    return ku / (1 - ku)


def product_radius(a: Array, b: Array, extra_terms: int = 0) -> Array:
    """For a @ b, summed in any order; `extra_terms` more take part in the sums."""
    return 2 * gamma(a.shape[1] + extra_terms, a.dtype) * (abs(a).astype(float) @ abs(b).astype(float))


def affine_radii(W: Array, b: Array, x: Array, dout: Array) -> dict[str, Array]:
    """For x (..., D): y, dx and the sums over all leading axes. The bias is one more term of each sum."""
    rows, drows = x.reshape(-1, x.shape[-1]), dout.reshape(-1, dout.shape[-1])
    y = product_radius(rows, W, extra_terms=1) + 2 * gamma(len(W) + 1, b.dtype) * abs(b).astype(float)
    return {
        "y": y.reshape(dout.shape),
        "dx": product_radius(drows, W.T).reshape(x.shape),
        "dW": product_radius(rows.T, drows),
        "db": 2 * gamma(len(drows), b.dtype) * abs(drows).astype(float).sum(0),
    }


def loss_radii(x: Array, t: Array, dout: float = 1.0) -> dict[str, Array]:
    """For the mean cross-entropy of logits x (N, C) with rows t (N, C), and its gradient.

    With s = x − max x, log p = s − log Σ exp s errs by at most r = (2C + 20)(1 + max |s|) u. Its parts, in u: |s| for s
    itself; 8 for exp (four units in the last place), max |s| for its argument and C for the sum; 9 log C for the
    logarithm; |log p| ≤ max |s| + log C for the last subtraction. r is the relative error of p as well. The sums over
    classes and batch add γ_{N+C}; the gradient p Σ t − t adds C + 8 roundings to terms of the size p Σ |t| + |t|, also
    where it is written as the complement −Σ_{j≠t} p_j.
    """
    n, c = x.shape
    u = unit_roundoff(x.dtype)
    wide = x.astype(float)
    s = wide - wide.max(1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(1, keepdims=True))
    r = (2 * c + 20) * (1 + abs(s).max(1, keepdims=True)) * u
    size = abs(t.astype(float))
    return {
        "loss": 2 * (size * (r + (n + c + 4) * u * abs(log_p))).sum() / n,
        "dx": 2 * abs(dout) / n * (np.exp(log_p) * size.sum(1, keepdims=True) + size) * (r + (c + 8) * u),
    }


def assert_within(got: dict[str, Array], expected: dict[str, Array], radii: dict[str, Array]) -> None:
    """The same names, shapes and dtypes, and each entry within its radius; NaN is never within anything."""
    assert list(got) == list(expected)
    for name, value in got.items():
        assert_entries_within(name, value, expected[name], radii[name])


def assert_entries_within(name: str, got: Array, expected: Array, radius: Array | float) -> None:
    assert got.shape == expected.shape, f"{name}: shape {got.shape}, not {expected.shape}"
    assert got.dtype == expected.dtype, f"{name}: dtype {got.dtype}, not {expected.dtype}"
    assert np.shape(radius) in ((), got.shape), f"{name}: radius of shape {np.shape(radius)}"
    assert np.isfinite(radius).all(), f"{name}: the radius is vacuous"
    if name.startswith("d"):
        # A gradient of nothing but zeros, or all alike, would accept too many wrong ones.
        assert expected.size < 2 or np.ptp(expected) > 0, f"{name}: an even gradient shows nothing"
    error = abs(got.astype(np.longdouble) - expected)
    outside = ~(error <= radius)
    if outside.any():
        at = tuple(np.argwhere(outside)[0].tolist())
        allowed = np.broadcast_to(radius, got.shape)[at]
        raise AssertionError(
            f"{name}{list(at)} is {got[at]!r}, not {expected[at]!r}: {error[at]:.3g} apart, {allowed:.3g} allowed; "
            f"{np.count_nonzero(outside)} of {outside.size} entries are outside"
        )
