"""Sums, products and slopes as recurrent layers are made of, in any order of their roundings."""

from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import LIBM, Ball, concatenate, sigmoid, tanh
from torch_ref.bounds.ball import turning


def of_two_products(x: Any, Wx: Any, h: Any, Wh: Any, *biases: Any) -> Any:
    """x Wx + h Wh + the biases; for balls as one product, [x h 1 1] [Wx; Wh; bx; bh], whose terms may come in any
    order: the biases may be added to each other first.
    """
    if not isinstance(x, Ball):
        return x @ Wx + h @ Wh + sum(biases)
    ones = x.format.exact(np.ones((x.shape[0], len(biases))))
    rows = [b.reshape(1, -1) for b in biases]
    return concatenate([x, h, ones], 1) @ concatenate([Wx, Wh, *rows], 0)


@ieee_arithmetic
def accumulated(a: Ball, b: Ball, *others: Ball) -> Ball:
    """a b + the others: any of them may be the one that the k products are added to. k + m terms: γ_{k+m} Σ M."""
    f, size = a.format, a.magnitude @ b.magnitude
    radius = a.radius @ b.magnitude + a.magnitude @ b.radius
    centre = a.centre @ b.centre
    for other in others:
        centre, radius, size = centre + other.centre, radius + other.radius, size + other.magnitude
    terms = (a.magnitude != 0).astype(float) @ (b.magnitude != 0)
    terms = terms + sum((other.magnitude != 0).astype(float) for other in others)
    return a.result(centre, radius + f.gamma(terms) * size + 2 * terms * f.tau, size)


@ieee_arithmetic
def product(*factors: Ball) -> Ball:
    """In any order: one rounding a product, relatively, and one of them may be flushed before the others come."""
    first, *others = factors
    found = first
    largest: Any = np.maximum(first.magnitude, 1)
    for other in others:
        found, largest = found * other, largest * np.maximum(other.magnitude, 1)
    return found.result(found.centre, found.radius + len(others) * largest * found.format.tau)


@ieee_arithmetic
def either(*forms: Ball) -> Ball:
    """One quantity in several forms, each of them right: the greatest radius."""
    return forms[0].result(forms[0].centre, np.max([form.radius for form in forms], axis=0))


def _sigmoid_slope(a: Array) -> Array:
    e = np.exp(-abs(a))
    return e / (1 + e) ** 2


def _tanh_slope(a: Array) -> Array:
    return 4 * _sigmoid_slope(2 * a)


@ieee_arithmetic
def sigmoid_slope(a: Ball) -> Ball:
    """σ′(a), as σ(a) σ(−a) or e / (1 + e)², which err relatively: exp, whose condition is at most 1, two sums, two
    quotients, two products. Or as y (1 − y), where y errs by LIBM + 2 relatively, and so by as much as y² of the whole.
    """
    y = sigmoid(a)
    relative = turning(a, _sigmoid_slope, [0.0], LIBM + 6)
    return y.result(relative.centre, relative.radius + y.format.gamma(LIBM + 4) * y.magnitude**2 + y.format.tau)


@ieee_arithmetic
def tanh_slope(a: Ball) -> Ball:
    """tanh′(a), as 4 e / (1 + e)² or 1 / cosh² a, which err relatively. Or as 1 − y², where y errs by LIBM: twice that
    and a product of y².
    """
    y = tanh(a)
    relative = turning(a, _tanh_slope, [0.0], 2 * LIBM + 6)
    return y.result(relative.centre, relative.radius + y.format.gamma(2 * LIBM + 3) * y.magnitude**2 + y.format.tau)


@ieee_arithmetic
def complement(a: Ball) -> Ball:
    """1 − σ(a), as the difference, or as σ(−a), which errs relatively.

    What it is multiplied with may come first, dh − dh σ: a rounding of σ more.
    """
    y = sigmoid(a)
    difference = 1 - y
    difference = y.result(difference.centre, difference.radius + y.format.u * y.magnitude)
    return either(sigmoid(-a), difference)
