"""Bounds for a pair that has no proven ones: PyTorch's module in float64, and the rounding noise it was seen to have.

The centre is what the twin computes in float64. The radius is measured, not proven. It is made of

- the noise: the greatest change of each entry when every number that goes in is moved by up to two units of its
  format's roundoff u, in `TRIALS` random ways; or how far the twin in float32 lies from the centre, for float64 by as
  much less as it has more digits; (`SAFETY` + n/2) times as much is allowed, where n numbers go in or come out, for
  another order of operations rounds differently, and a sum of n equal numbers, one after another, errs by n/4 u;
- a floor: (16 + 2 √n) u of the greatest entry of the tensor, where n numbers go in or come out (a sum of n terms, one
  after another, errs by about √n u), and 16 u of the greatest dout for a gradient, for formulas such as 1 − y² lose
  what is small beside 1.

Where a tiny move makes a large change, and one 1024 times as wide no larger one, the entry is at a jump, such as the
kink of a hardtanh: that is no noise. There a gradient may be that of either side, and nothing else is let through.
Where the twin is infinite or NaN, so must the layer be.

So small entries of a tensor are checked less sharply than large ones.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds.ball import Ball
from torch_ref.bounds.format import Format
from torch_ref.places import is_gradient

TRIALS = 4
SAFETY = 16
FAR = 1024
U32 = 2.0**-24
HAIR = 1e-30  # to either side of an exact 0, where a kink may be


def measured(
    twin: Callable[..., dict[str, Array]],
    inputs: Sequence[Array],
    upstream: Sequence[Any],
    params: Mapping[str, Array],
    form: Format,
) -> dict[str, Ball]:
    """A ball of this format for each result of `twin(inputs, upstream, params)`, in the dtype that these have."""

    def results(dtype: Any, shift: float = 0.0, trial: int = 0) -> dict[str, Array]:
        """Every second trial moves all numbers the other way: to the other side of a kink, where they lie on one."""
        rng, side = np.random.default_rng(trial // 2), (-1) ** trial if shift else 0

        def moved(values: Any) -> Any:
            if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
                return values
            by = side * shift * rng.uniform(-1, 1, values.shape)
            return np.where(values == 0, side * HAIR, values * (1 + by)).astype(dtype)

        return twin([*map(moved, inputs)], [*map(moved, upstream)], {name: moved(p) for name, p in params.items()})

    right = results(np.float64)
    shift = 2 * form.u
    near, far = ([results(np.float64, by, trial) for trial in range(TRIALS)] for by in (shift, FAR * shift))
    in_float32 = results(np.float32)
    sizes = [np.size(value) for value in (*inputs, *upstream, *params.values())]
    floor = form.u * (16 + 2 * np.sqrt(max(sizes)))
    balls = {}
    for name, centre in right.items():
        noise, growth = (_greatest_change([one[name] for one in some], centre) for some in (near, far))
        scale = _greatest(centre)
        is_jump = (noise > np.sqrt(form.u) * scale) & (growth < FAR / 64 * noise)
        error = _greatest_change([in_float32[name]], centre) * (form.u / U32)
        jump = np.where(is_jump, noise, 0) if is_gradient(name) else 0.0
        noise = np.maximum(np.where(is_jump, 0, noise), error)
        radius = (SAFETY + max(sizes) / 2) * noise + floor * scale + form.tau
        if is_gradient(name):
            radius = (
                radius
                + (1 + SAFETY * form.u) * jump
                + 16 * form.u * max((_greatest(np.asarray(one)) for one in upstream), default=1.0)
            )
        balls[name] = Ball(centre.astype(form.wide), np.broadcast_to(radius, centre.shape).astype(float), form)
    return balls


@ieee_arithmetic
def _greatest_change(values: list[Array], centre: Array) -> Array:
    """Entry by entry; what is not finite, or not a number to compare with, says nothing of rounding."""
    changes = np.abs(np.asarray(values) - centre)
    return np.where(np.isfinite(changes), changes, 0).max(axis=0)


def _greatest(values: Array) -> float:
    """Of those that are finite."""
    return float(abs(values[np.isfinite(values)]).max(initial=0))
