"""The formulas of dropout, forward for balls and for many digits, backward for balls."""

from typing import Any

import numpy as np

from torch_ref.bounds import Ball, where
from torch_ref.families.dropout.draws import mask_of


def dropout(x: Any, p: Any, training: bool, rng: np.random.Generator) -> Any:
    """x mask / (1 − p): the difference is rounded, the quotient, and the product."""
    if not training:
        return x
    kept = x
    if p < 1:
        kept = x.scaled(1 / (1 - x.format.wide.type(p)), 3) if isinstance(x, Ball) else x / (1 - p)
    return where(mask_of(x.shape, float(p), rng), kept, 0 * x)


def dropout_backward(_x: Ball, dout: Ball, p: float, training: bool, rng: np.random.Generator) -> dict[str, Ball]:
    return {"dx": dropout(dout, p, training, rng)}
