"""The ball, and its arithmetic."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds.arrangement import Arrangement

LIBM = 8
Axes = int | tuple[int, ...] | None


class Ball(Arrangement):
    """A centre and a radius for each entry, and how an operation on them moves and widens what it is given.

    A plain number, or an array of them, is one in a formula: rounded where the format does not have it.
    """

    # np.ndarray would otherwise take `array @ ball` upon itself, entry by entry.
    __array_ufunc__ = None

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
    def added_up(self, add: Callable[[Array], Any]) -> "Ball":
        """k terms other than 0 take part in k − 1 additions: γ_{k−1} Σ M. `add` says which of an array's are terms."""
        f, size = self.format, add(self.magnitude)
        additions = np.maximum(add((self.magnitude != 0).astype(float)) - 1, 0)
        radius = add(self.radius) + f.gamma(additions) * size + additions * f.tau
        return self.result(add(self.centre), np.where(_never_rounds(self, size=size), 0, radius), size)

    def sum(self, axis: Axes = None, *, keepdims: bool = False) -> "Ball":
        return self.added_up(lambda values: values.sum(axis, keepdims=keepdims))

    @ieee_arithmetic
    def mean(self, axis: Axes = None, *, keepdims: bool = False) -> "Ball":
        """Each term is divided by n or multiplied with 1/n, before the sum or after it: two roundings of it more."""
        total = self.sum(axis, keepdims=keepdims)
        n = self.size // max(total.size, 1)
        shares = self.scaled(self.format.wide.type(1) / n, 2).sum(axis, keepdims=keepdims)
        return self.result(shares.centre, shares.radius, total.magnitude)

    @ieee_arithmetic
    def max(self, axis: Axes = None, *, keepdims: bool = False) -> "Ball":
        """It is exact, and moves no further than those of its operands that may be the greatest."""
        below, above = self.ends
        may_be = above >= below.max(axis, keepdims=True)
        radius = np.where(may_be, self.radius, 0).max(axis, keepdims=keepdims)
        return self.result(self.centre.max(axis, keepdims=keepdims), radius)

    @ieee_arithmetic
    def __add__(self, other: "Ball | float | Array") -> "Ball":
        """The errors add up, and the sum is rounded once."""
        f, other = self.format, self.as_ball(other)
        centre, error = self.centre + other.centre, self.radius + other.radius
        radius = error + f.u * (abs(centre).astype(float) + error) + f.tau
        exact = _never_rounds(self, other, size=self.magnitude + other.magnitude)
        return self.result(centre, np.where(exact, 0, radius))

    @ieee_arithmetic
    def __mul__(self, other: "Ball | float | Array") -> "Ball":
        """A sum of one product: (v + e)(w + d) is v w, and at most e M_w + M_v d more."""
        f, other = self.format, self.as_ball(other)
        a, b = self.magnitude, other.magnitude
        radius = self.radius * b + a * other.radius + f.u * a * b + f.tau
        exact = _never_rounds(self, other, size=a * b)
        return self.result(self.centre * other.centre, np.where(exact, 0, radius), a * b)

    @ieee_arithmetic
    def __truediv__(self, other: "Ball | float | Array") -> "Ball":
        """(v + e) / (w + d) − v / w = (e − d v / w) / (w + d), and |w + d| ≥ |w| − d; no bound where w may be 0."""
        f, other = self.format, self.as_ball(other)
        centre = self.centre / other.centre
        quotient, least = abs(centre).astype(float), abs(other.centre).astype(float) - other.radius
        error = np.where(least > 0, (self.radius + quotient * other.radius) / least, np.inf)
        return self.result(centre, error + f.u * (quotient + error) + f.tau)

    @ieee_arithmetic
    def __pow__(self, p: float) -> "Ball":
        """Rises or falls on either side of 0. A square is one product; else a function of the library, or p products.

        Below 0 it may be the reciprocal of a power that may not underflow: 1/τ is a quarter of what overflows.
        """
        power = turning(self, lambda values: values**p, [0.0], 1 if p == 2 else max(LIBM, int(abs(p)) + 1))
        return self.result(power.centre, power.radius, 4 * power.magnitude if p < 0 else 0.0)

    def __neg__(self) -> "Ball":
        return Ball(-self.centre, self.radius, self.format)

    def __sub__(self, other: "Ball | float | Array") -> "Ball":
        return self + -self.as_ball(other)

    def __rsub__(self, other: float | Array) -> "Ball":
        return self.as_ball(other) - self

    def __rtruediv__(self, other: float | Array) -> "Ball":
        return self.as_ball(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    @ieee_arithmetic
    def scaled(self, factor: Any, roundings: int) -> "Ball":
        """The product with a real number, reached in so many roundings, the number's own among them."""
        f, size = self.format, abs(float(factor))
        error = size * (self.radius + f.gamma(roundings) * self.magnitude)
        return self.result(self.centre * factor, error + roundings * f.tau * (1 + self.magnitude))

    def as_ball(self, value: "Ball | float | Array") -> "Ball":
        return value if isinstance(value, Ball) else self.format.constant(value)


@ieee_arithmetic
def turning(x: Ball, f: Callable[[Array], Array], turns_at: Sequence[float], roundings: int = LIBM) -> Ball:
    """f(x), entry by entry, of a function that rises or falls but for its turns.

    f(v ± e) lies between f(v − e), f(v + e) and f at the turns within. `roundings` is how many of them the computation
    of f takes, relatively to its result; a function of a mathematical library takes LIBM. f must leave its argument
    alone; where its result is not of the wider format, as that of `math` is not, its own roundings are allowed for. No
    bound where x has none, or f is not finite at one of the points, as log is not at 0.
    """
    form, computed = x.format, f(x.centre)
    error_of_f = roundings * (float(np.finfo(computed.dtype).eps) if computed.dtype != form.wide else 0.0)
    centre = computed.astype(form.wide)
    points = [*x.ends, *(np.clip(form.wide.type(turn), *x.ends) for turn in turns_at)]
    reach = np.max([abs(f(point) - centre).astype(float) for point in points], axis=0)
    size = abs(centre).astype(float) + reach
    radius = reach + (form.gamma(roundings) + 2 * error_of_f) * size + form.tau  # f errs at v, and at the farther end
    return x.result(centre, np.where(x.magnitude < form.largest, radius, np.inf))


def monotone(x: Ball, f: Callable[[Array], Array], roundings: int = LIBM) -> Ball:
    """f(x), entry by entry, of a function that only rises or only falls."""
    return turning(x, f, (), roundings)


def _never_rounds(*operands: Ball, size: Array) -> Array:
    """Where sums and products of these, of magnitude `size` in all, are exact in any order: integers below 2/eps."""
    integers = all(not ball.radius.any() and (ball.centre == np.rint(ball.centre)).all() for ball in operands)
    return integers & (size < operands[0].format.exact_integers)
