"""Sequences: short ones, for the radii grow with their length, and tiny, for many digits take long."""

from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.scenarios import (
    Data,
    Scenario,
    Sizes,
    few_integers,
    normal,
    signs,
    tiny,
    zeros,
)


def eight_hundred(rng: np.random.Generator, shape: tuple[int, ...], info: Any) -> Array:
    return 0.08 * signs(rng, shape, info)


TINY = Sizes(2, 2, 2)
MILD = normal(0.7)  # weights under which a state neither dies out nor saturates

SHORT = {"T": 2, "is_small": False}  # many digits of each entry would take long, and show nothing new

SEQUENCES = (
    Scenario("ordinary", "each gate half open", Sizes(2, 4, 2), weights=MILD),
    Scenario("odd-batch", "another batch, another length", Sizes(3, 4, 2), weights=MILD, settings=SHORT),
    Scenario("one-sample", "what confuses N with 1, or squeezes an axis away", Sizes(1, 3, 2), weights=MILD),
    Scenario("one-time", "the first step is the last", Sizes(3, 2, 2), weights=MILD, settings=SHORT | {"T": 1}),
    Scenario("uneven", "every size another, a longer time", Sizes(6, 5, 3), weights=MILD, settings=SHORT | {"T": 4}),
    Scenario("square", "a missing transpose keeps the shape", Sizes(3, 3, 3), weights=MILD, settings=SHORT | {"T": 3}),
    Scenario("from-zero", "a first state of zeros", TINY, weights=MILD, settings=SHORT | {"is_zero": True}),
    Scenario(
        "exact-zeros", "pre-activations of exactly 0", TINY, x=few_integers, weights=few_integers, biases=zeros,
        settings=SHORT,
    ),
    Scenario("saturated", "gates all but open or shut", TINY, x=normal(40), settings={"T": 2}, is_extreme=True),
    Scenario("beyond-exp", "±800: e^800 overflows", TINY, x=eight_hundred, settings=SHORT, is_extreme=True),
    Scenario("huge", "±1e4", TINY, x=signs, settings=SHORT, is_extreme=True),
    Scenario(
        "tiny", "products that underflow", TINY, x=tiny, weights=tiny, biases=zeros, dout=tiny, settings=SHORT,
        is_extreme=True,
    ),
    Scenario(
        "small-gradients", "less than any absolute tolerance", TINY, weights=MILD, dout=normal(1e-12), settings=SHORT
    ),
)  # fmt: skip
OF_X = tuple(
    one for one in SEQUENCES if one.name in ("ordinary", "odd-batch", "one-sample", "one-time", "uneven", "saturated")
)


def length(data: Data) -> int:
    return int(data.setting("T", 3))


def state(data: Data) -> Array:
    """A first state, (N, H)."""
    drawn = data.weights(data.N, data.H)
    return data.layout(np.zeros_like(drawn)) if data.setting("is_zero", False) else drawn
