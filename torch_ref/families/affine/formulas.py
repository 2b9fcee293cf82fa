"""The formulas of Affine, for balls and for many digits."""

from typing import Any

import numpy as np

from torch_ref.bounds import Ball, concatenate


def affine(x: Any, W: Any, b: Any) -> Any:
    """x W + b; for balls as one product, [x 1] [W; b]: the bias is a term more, added first, last or between."""
    if not isinstance(x, Ball):
        return x @ W + b
    rows = x.reshape(-1, W.shape[0])
    ones = x.format.exact(np.ones((rows.shape[0], 1)))
    product = concatenate([rows, ones], 1) @ concatenate([W, b.reshape(1, -1)], 0)
    return product.reshape(*x.shape[:-1], *b.shape)


def affine_backward(x: Ball, dout: Ball, W: Ball, b: Ball) -> dict[str, Ball]:
    """dx = dout Wᵀ, dW = xᵀ dout, db = Σ dout."""
    rows, drows = x.reshape(-1, W.shape[0]), dout.reshape(-1, b.shape[0])
    return {"dx": (drows @ W.T).reshape(*x.shape), "dW": rows.T @ drows, "db": drows.sum(0)}
