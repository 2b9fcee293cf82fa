"""The formulas of activations, for balls and for many digits."""

from torch_ref.bounds import Ball, relu, selected

__all__ = ["relu", "relu_backward"]


def relu_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    """dout or exactly 0; where the sign of x is within its radius either is right: the ball reaches from 0 to dout."""
    surely_open = ~(x.centre <= x.radius)  # NaN lets dout through
    surely_closed = (x.centre < -x.radius) | ((x.radius == 0) & (x.centre <= 0))
    return {"dx": selected(dout, surely_open, ~surely_closed)}
