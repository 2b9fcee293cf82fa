"""The formulas of an optimizer's step, for balls and for many digits: p from p and its gradient g."""

from typing import Any


def sgd(p: Any, g: Any, lr: float) -> Any:
    """p − lr g."""
    return p - g * lr
