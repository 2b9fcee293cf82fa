"""Bounds for a pair that has no proven ones: PyTorch's module in float64, and the rounding noise it was seen to have.

The centre is what the twin computes in float64. The radius is measured, not proven. It is made of

- the noise: the greatest change of each entry when every number that goes in is moved by up to two units of its
  format's roundoff u, in `TRIALS` random ways; in float32 also how far the twin in float32 lies from the centre;
  `SAFETY` times as much is allowed, for another order of the same operations rounds differently;
- a floor: (16 + 2 √n) u of the greatest entry of the tensor, where n numbers go in or come out (a sum of n terms, one
  after another, errs by about √n u), and 16 u of the greatest dout for a gradient, for formulas such as 1 − y² lose
  what is small beside 1.

So small entries of a tensor are checked less sharply than large ones. A slip of the formula is far outside either way.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from numpy_impl.checks import Array
from torch_ref.bounds import Ball, Format
from torch_ref.oracle import Results

if TYPE_CHECKING:
    from torch_ref.pair import Example, Pair

TRIALS = 6
SAFETY = 16


def measured_bounds(pair: "Pair", example: "Example", params: Mapping[str, Array], form: Format) -> dict[str, Ball]:
    """A ball of this format for each result of the pair's twin."""
    x, *others = example.inputs
    rng = np.random.default_rng(0)

    def results(dtype: Any, shift: float = 0.0) -> Results:
        def moved(values: Any) -> Any:
            if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
                return values
            return (values * (1 + shift * rng.uniform(-1, 1, values.shape))).astype(dtype)

        inputs = tuple(map(moved, (x, *others)))
        return pair.run_twin(
            pair.twin(example.layer, dtype, {name: moved(value) for name, value in params.items()}),
            *inputs,
            dout=moved(example.dout),
            names=pair.parameters,
        )

    right = results(np.float64)
    noise = [results(np.float64, 2 * form.u) for _ in range(TRIALS)]
    if form.dtype == np.float32:
        noise.append(results(np.float32))
    sizes = [np.size(value) for value in (*example.inputs, example.dout, *params.values())]
    floor = form.u * (16 + 2 * np.sqrt(max(sizes)))
    balls = {}
    for name, centre in right.items():
        change = np.max([abs(one[name] - centre) for one in noise], axis=0)
        radius = SAFETY * change + floor * _greatest(centre) + form.tau
        if name.startswith("d"):
            radius = radius + 16 * form.u * _greatest(np.asarray(example.dout))
        balls[name] = Ball(centre.astype(form.wide), np.broadcast_to(radius, centre.shape).astype(float), form)
    return balls


def _greatest(values: Array) -> float:
    return float(abs(values).max(initial=0))
