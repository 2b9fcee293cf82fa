"""Arrays of centres and radii, and what only moves their entries about: it rounds nothing."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Arrays of centres and radii of one shape: entry by entry the exact value lies in centre ± radius."""

    centre: Array
    radius: Array
    format: Any  # a Format, which makes balls

    @property
    def magnitude(self) -> Array:
        """M: no value of the ball is greater."""
        return abs(self.centre).astype(float) + self.radius

    @property
    @ieee_arithmetic
    def ends(self) -> tuple[Array, Array]:
        """The least value and the greatest. Where the sum is rounded, the next number outwards is no nearer."""
        v, e = self.centre, self.radius
        below, above = (np.where(e > 0, np.nextafter(v + s * e, s * np.inf), v) for s in (-1, 1))
        return below, above

    @property
    def shape(self) -> tuple[int, ...]:
        return self.centre.shape

    @property
    def ndim(self) -> int:
        return self.centre.ndim

    @property
    def size(self) -> int:
        return self.centre.size

    @property
    def T(self) -> Self:
        return self.transpose()

    def transpose(self, *axes: int) -> Self:
        return type(self)(self.centre.transpose(*axes), self.radius.transpose(*axes), self.format)

    def reshape(self, *shape: int) -> Self:
        return type(self)(self.centre.reshape(shape), self.radius.reshape(shape), self.format)

    def __getitem__(self, index: Any) -> Self:
        """A part, or by integer arrays a gather."""
        return type(self)(self.centre[index], self.radius[index], self.format)

    @ieee_arithmetic
    def shares(self, values: Array) -> Array:
        """The distance of each value from its centre, in radii: 0 where they are equal, also as infinity or NaN."""
        distance = abs(values.astype(self.format.wide) - self.centre).astype(float)
        equal = (values == self.centre) | (np.isnan(values) & np.isnan(self.centre))
        return np.where(equal, 0, np.where(np.isnan(distance), np.inf, distance / self.radius))

    @ieee_arithmetic
    def result(self, centre: Array, radius: Array, largest: Array | float = 0.0) -> Self:
        """What an operation returns; `largest` bounds what it met on the way.

        The radius grows by its own rounding in float64: 2⁻³⁰ allows for four million operations.
        """
        # Broadcast, so that a plain number as `largest` will do.
        safe = np.isfinite(radius) & (np.maximum(abs(centre) + radius, largest) < self.format.largest)
        return type(self)(centre, np.where(safe, radius * (1 + 2.0**-30), np.inf), self.format)
