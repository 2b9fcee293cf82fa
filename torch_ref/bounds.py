"""How far a correct result may lie from the exact one: a value with a proven radius, that composes.

NumPy and PyTorch sum in different orders, with or without FMA, with different exp and log. A `Ball` is a centre,
computed in a wider format, and a radius: whatever the order, the result of a correct implementation lies within the
radius of the centre. The bounds of a layer are its own formulas, written with balls.

The model. What is called correct, in a format with unit roundoff u (2⁻²⁴ for float32, 2⁻⁵³ for float64):

- +, −, ×, ÷ and FMA err by at most u relatively, exp and log by at most `LIBM` u;
- where a result may underflow it may also be flushed to zero: an error below τ, the smallest normal number;
- softmax subtracts the maximum of its row before anything else;
- nothing overflows: where that is not certain the radius is infinite, and a comparison with it must fail as vacuous.

k roundings in a row, in any order, err by at most γ_k = k u / (1 − k u) relatively. A centre v with radius e stands for
values of magnitude at most M = |v| + e; below, each radius is made of what its operands bring (their e) and of what the
operation adds (u or γ times M). The machine epsilon of the wider format is part of u, which covers the rounding of the
centre, even where the wider format is no wider (on some platforms longdouble is double).

Where every term is an integer and the sum of their magnitudes stays below 2/eps, nothing rounds, whatever the order:
the radius is 0 and the comparison exact.

Sources: Higham, Accuracy and Stability of Numerical Algorithms (SIAM 2002), sections 2.2, 3.1 and 3.5. LIBM = 8 is
4 units in the last place; the greatest errors measured were 4.6 u for a float32 log and 3.6 u for a float32 exp.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from numpy_impl.checks import Array
from numpy_impl.functions import ieee_arithmetic

LIBM = 8


class Format:
    """A floating-point format, and the wider one that its centres are computed in."""

    def __init__(self, dtype: Any, wide: Any = None) -> None:
        info = np.finfo(dtype)
        self.dtype = np.dtype(dtype)
        self.wide = np.dtype(wide or (np.float64 if info.bits < 64 else np.longdouble))
        self.u = float(info.eps) / 2 + float(np.finfo(self.wide).eps)
        self.tau = float(info.smallest_normal)
        self.largest = float(info.max)
        self.exact_integers = 2 / float(info.eps)  # below this all of them are numbers of the format

    def gamma(self, roundings: Any) -> Any:
        """γ_k, for a number or an array of them."""
        ku = np.multiply(roundings, self.u)
        return np.where(ku < 1, ku / np.maximum(1 - ku, self.u), np.inf)

    def exact(self, values: Any) -> "Ball":
        """Numbers that every implementation is given alike: radius 0."""
        centre = np.asarray(values, self.wide)
        return Ball(centre, np.zeros(centre.shape), self)

    def rounded(self, values: Any) -> "Ball":
        """Numbers of a wider format, once they are rounded to this one."""
        centre = np.asarray(values, self.wide)
        return Ball(centre, abs(centre).astype(float) * self.u + self.tau, self)

    def constant(self, value: float) -> "Ball":
        """A number in a formula, which the format may have to round."""
        error = 0.0 if float(self.dtype.type(value)) == value else abs(value) * self.u
        return Ball(np.asarray(value, self.wide), np.asarray(error), self)


@cache
def format_of(dtype: np.dtype[Any]) -> Format:
    return Format(dtype)


@dataclass(frozen=True, eq=False)
class Ball:
    """Arrays of centres and radii of one shape: entry by entry the exact value lies in centre ± radius."""

    centre: Array
    radius: Array
    format: Format

    # np.ndarray would otherwise take `array @ ball` upon itself, entry by entry.
    __array_ufunc__ = None

    @property
    def magnitude(self) -> Array:
        """M: no value of the ball is greater."""
        return abs(self.centre).astype(float) + self.radius

    @property
    def shape(self) -> tuple[int, ...]:
        return self.centre.shape

    @property
    def T(self) -> "Ball":
        return Ball(self.centre.T, self.radius.T, self.format)

    def reshape(self, *shape: int) -> "Ball":
        return Ball(self.centre.reshape(shape), self.radius.reshape(shape), self.format)

    @ieee_arithmetic
    def shares(self, values: Array) -> Array:
        """The distance of each value from its centre, in radii: 0 where they are equal, also as infinity or NaN."""
        distance = abs(values.astype(self.format.wide) - self.centre).astype(float)
        equal = (values == self.centre) | (np.isnan(values) & np.isnan(self.centre))
        return np.where(equal, 0, np.where(np.isnan(distance), np.inf, distance / self.radius))

    @ieee_arithmetic
    def result(self, centre: Array, radius: Array, largest: Array | float = 0.0) -> "Ball":
        """What an operation returns; `largest` bounds what it met on the way.

        The radius grows by its own rounding in float64: 2⁻³⁰ allows for four million operations.
        """
        # Broadcast, so that a plain number as `largest` will do.
        safe = np.isfinite(radius) & (np.maximum(abs(centre) + radius, largest) < self.format.largest)
        return Ball(centre, np.where(safe, radius * (1 + 2.0**-30), np.inf), self.format)

    @ieee_arithmetic
    def __matmul__(self, other: "Ball") -> "Ball":
        """A sum of k products other than 0: each is rounded once and takes part in k − 1 additions, so γ_k Σ M M.

        Moving a by e_a moves a b by at most e_a M_b; each product and each sum may be flushed.
        """
        f, a, b = self.format, self.magnitude, other.magnitude
        terms, size = (a != 0).astype(float) @ (b != 0), a @ b
        radius = self.radius @ b + a @ other.radius + f.gamma(terms) * size + 2 * terms * f.tau
        radius = np.where(_never_rounds(self, other, size=size), 0, radius)
        return self.result(self.centre @ other.centre, radius, size)

    @ieee_arithmetic
    def sum(self, axis: int | None = None, *, keepdims: bool = False) -> "Ball":
        """k terms other than 0 take part in k − 1 additions: γ_{k−1} Σ M."""
        f, size = self.format, self.magnitude.sum(axis, keepdims=keepdims)
        additions = np.maximum(np.count_nonzero(self.magnitude, axis, keepdims=keepdims) - 1, 0)
        radius = self.radius.sum(axis, keepdims=keepdims) + f.gamma(additions) * size + additions * f.tau
        radius = np.where(_never_rounds(self, size=size), 0, radius)
        return self.result(self.centre.sum(axis, keepdims=keepdims), radius, size)

    @ieee_arithmetic
    def __add__(self, other: "Ball | float") -> "Ball":
        """The errors add up, and the sum is rounded once."""
        f, other = self.format, self._ball(other)
        centre, error = self.centre + other.centre, self.radius + other.radius
        radius = error + f.u * (abs(centre).astype(float) + error) + f.tau
        exact = _never_rounds(self, other, size=self.magnitude + other.magnitude)
        return self.result(centre, np.where(exact, 0, radius))

    @ieee_arithmetic
    def __mul__(self, other: "Ball | float") -> "Ball":
        """A sum of one product: (v + e)(w + d) is v w, and at most e M_w + M_v d more."""
        f, other = self.format, self._ball(other)
        a, b = self.magnitude, other.magnitude
        radius = self.radius * b + a * other.radius + f.u * a * b + f.tau
        exact = _never_rounds(self, other, size=a * b)
        return self.result(self.centre * other.centre, np.where(exact, 0, radius), a * b)

    @ieee_arithmetic
    def __truediv__(self, other: "Ball | float") -> "Ball":
        """(v + e) / (w + d) − v / w = (e − d v / w) / (w + d), and |w + d| ≥ |w| − d; no bound where w may be 0."""
        f, other = self.format, self._ball(other)
        centre = self.centre / other.centre
        quotient, least = abs(centre).astype(float), abs(other.centre).astype(float) - other.radius
        error = np.where(least > 0, (self.radius + quotient * other.radius) / least, np.inf)
        return self.result(centre, error + f.u * (quotient + error) + f.tau)

    def __neg__(self) -> "Ball":
        return Ball(-self.centre, self.radius, self.format)

    def __sub__(self, other: "Ball | float") -> "Ball":
        return self + -self._ball(other)

    def __rsub__(self, other: float) -> "Ball":
        return self._ball(other) - self

    def __rtruediv__(self, other: float) -> "Ball":
        return self._ball(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    @ieee_arithmetic
    def scaled(self, factor: Any, roundings: int) -> "Ball":
        """The product with a real number, reached in so many roundings, the number's own among them."""
        f, size = self.format, abs(float(factor))
        error = size * (self.radius + f.gamma(roundings) * self.magnitude)
        return self.result(self.centre * factor, error + roundings * f.tau * (1 + self.magnitude))

    def _ball(self, value: "Ball | float") -> "Ball":
        return value if isinstance(value, Ball) else self.format.constant(value)


@ieee_arithmetic
def monotone(x: Ball, f: Callable[[Array], Array], roundings: int = LIBM) -> Ball:
    """f(x), entry by entry, of a function that only rises or only falls: f(v ± e) lies between f(v − e) and f(v + e).

    `roundings` is how many of them the computation of f takes, relatively to its result; a function of a mathematical
    library takes LIBM. f must leave its argument alone; where its result is not of the wider format, as that of `math`
    is not, its own roundings are allowed for. No bound where x has none, or f is not finite at one of the ends, as log
    is not at 0.
    """
    form, e = x.format, x.radius
    # v ± e is rounded: the next number outwards is no nearer.
    below, above = (np.where(e > 0, np.nextafter(x.centre + s * e, s * np.inf), x.centre) for s in (-1, 1))
    computed = f(x.centre)
    error_of_f = roundings * (float(np.finfo(computed.dtype).eps) if computed.dtype != form.wide else 0.0)
    centre = computed.astype(form.wide)
    reach = np.maximum(abs(f(above) - centre), abs(f(below) - centre)).astype(float)
    size = abs(centre).astype(float) + reach
    radius = reach + (form.gamma(roundings) + 2 * error_of_f) * size + form.tau  # f errs at v, and at the farther end
    return x.result(centre, np.where(x.magnitude < form.largest, radius, np.inf))


def exp(x: Ball) -> Ball:
    return monotone(x, np.exp)


def log(x: Ball) -> Ball:
    return monotone(x, np.log)


def _never_rounds(*operands: Ball, size: Array) -> Array:
    """Where sums and products of these, of magnitude `size` in all, are exact in any order: integers below 2/eps."""
    integers = all(not ball.radius.any() and (ball.centre == np.rint(ball.centre)).all() for ball in operands)
    return integers & (size < operands[0].format.exact_integers)
