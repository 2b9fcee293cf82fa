"""The data on which every check runs: named, small where they can be, each for the slips that others do not show.

A `Scenario` is sizes and the way to draw numbers; `Data` draws from it what a pair asks for, in one dtype. All numbers
are drawn in float64 and rounded, so float32 and float64 see the same ones.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from numpy_impl import load_mnist
from numpy_impl.validation import Array

# From a generator, for a shape, in the limits of a dtype (its np.finfo).
Draw: TypeAlias = Callable[[np.random.Generator, tuple[int, ...], Any], Array]


class Sizes(NamedTuple):
    """The batch: N, or several leading axes; features in and hidden or out; classes."""

    N: int | tuple[int, ...] = 6
    D: int = 5
    H: int = 3
    C: int = 4


def normal(scale: float = 1.0, offset: float = 0.0) -> Draw:
    return lambda rng, shape, _: offset + scale * rng.standard_normal(shape)


def zeros(_rng: Any, shape: tuple[int, ...], _: Any) -> Array:
    return np.zeros(shape)


def signs(rng: np.random.Generator, shape: tuple[int, ...], _: Any) -> Array:
    return 1e4 * rng.choice([-1.0, 1.0], shape)


def positive(rng: np.random.Generator, shape: tuple[int, ...], _: Any) -> Array:
    return rng.uniform(0.5, 1.5, shape)


def few_integers(rng: np.random.Generator, shape: tuple[int, ...], _: Any) -> Array:
    return rng.integers(-1, 2, shape).astype(float)


def large_integers(rng: np.random.Generator, shape: tuple[int, ...], info: Any) -> Array:
    """Below 2^b, such that sums of 64 products of two stay below 2/eps: no operation of Affine rounds."""
    b = (info.nmant + 1 - 6) // 2
    return rng.integers(1 - 2**b, 2**b, shape).astype(float)


def decades(rng: np.random.Generator, shape: tuple[int, ...], _: Any) -> Array:
    return rng.choice([-1.0, 1.0], shape) * 10 ** rng.uniform(-4, 4, shape)


def tiny(rng: np.random.Generator, shape: tuple[int, ...], info: Any) -> Array:
    """A product of two is of the size of the smallest normal number: it underflows or does not."""
    return np.sqrt(float(info.smallest_normal)) * rng.standard_normal(shape)


def equal(rng: np.random.Generator, shape: tuple[int, ...], _: Any) -> Array:
    return np.full(shape, rng.uniform(0.5, 1.5))


def pixels(rng: np.random.Generator, shape: tuple[int, ...], _: Any) -> Array:
    """As in MNIST: four of five are 0, the others k/255."""
    return rng.integers(1, 256, shape) / 255 * (rng.uniform(size=shape) < 0.2)


def digits(_rng: Any, shape: tuple[int, ...], _: Any) -> Array:
    """Whole images where the shape allows it, else pixels from their middle."""
    images = mnist()[0].astype(float)
    return images[: shape[0]] if shape[1:] == images.shape[1:] else np.resize(images[:, 350:434], shape)


@cache
def mnist() -> tuple[Array, Array]:
    """The first 100 training images and their labels."""
    (x, t), _ = load_mnist()
    return x[:100].copy(), t[:100].copy()


USUAL, NORMAL = Sizes(), normal()


@dataclass(frozen=True)
class Scenario:
    """Sizes, and how to draw inputs, logits, parameters and upstream gradients; `why` says what it is there for."""

    name: str
    why: str
    sizes: Sizes = USUAL
    x: Draw = NORMAL
    logits: Draw | None = None  # as x, if None
    weights: Draw = NORMAL
    biases: Draw = NORMAL
    dout: Draw = NORMAL
    number: float = 1.7  # the upstream gradient of a loss: neither 1 nor exact in any dtype
    labels: Callable[[], Array] | None = None  # at random, if None
    is_resized: bool = False  # to the sizes of a user's layer
    is_extreme: bool = False  # a right formula may overflow, or lose digits
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False)  # what a family's examples read: a stride

    @property
    def is_small(self) -> bool:
        """Small enough for oracles that evaluate forward once for each entry; `settings` may say that it is not."""
        n = self.sizes.N
        return bool(self.settings.get("is_small", isinstance(n, tuple) or n * self.sizes.D <= 100))


SCENARIOS = (
    Scenario("ordinary", "every size another, biases and upstream gradient uneven"),
    Scenario("square", "a missing transpose keeps the shape", Sizes(4, 4, 4, 4)),
    Scenario("one-sample", "what confuses N with 1, or squeezes an axis away", Sizes(1, 5, 3, 4)),
    Scenario("odd-batch", "halves and blocks of the batch", Sizes(7, 5, 3, 4)),
    Scenario("narrow", "one feature, one unit, two classes", Sizes(5, 1, 1, 2), biases=positive),
    Scenario("exact-zeros", "pre-activations of exactly 0", x=few_integers, weights=few_integers, biases=zeros),
    Scenario("tied", "all logits alike", x=equal),
    Scenario("confident", "predictions that are all but certain", x=normal(40), is_extreme=True),
    Scenario("huge", "±1e4: exp overflows, unless the maximum is subtracted", x=signs, is_extreme=True),
    Scenario(
        "common-offset", "1e4 in common: digits lost where it is not subtracted first", x=normal(1, 1e4),
        is_extreme=True,
    ),
    Scenario(
        "decades", "eight orders of magnitude: any one absolute tolerance is wrong", x=decades, weights=decades,
        is_extreme=True,
    ),
    Scenario("tiny", "products that underflow", x=tiny, weights=tiny, biases=zeros, dout=tiny, is_extreme=True),
    Scenario(
        "integers", "no operation of Affine rounds", x=large_integers, weights=large_integers, biases=large_integers,
        dout=large_integers, is_extreme=True,
    ),
    Scenario("small-gradients", "less than any absolute tolerance", dout=normal(1e-12), number=1.7e-12),
    Scenario("three-axes", "sums over all leading axes", Sizes((2, 3), 5, 4)),
    Scenario("one-axis", "no batch at all", Sizes((), 5, 3)),
    Scenario(
        "remainders", "no size a whole number of blocks; more than ten classes", Sizes(67, 130, 37, 13),
        weights=normal(0.1),
    ),
    Scenario("long-batch", "4096 terms of one sign", Sizes(4096, 3, 2, 4), dout=positive),
    Scenario(
        "book", "its network: weights of 0.01, biases of 0, pixels", Sizes(100, 784, 50, 10), x=pixels,
        logits=normal(0.1), weights=normal(0.01), biases=zeros, dout=normal(0.01),
    ),
    Scenario(
        "mnist", "real images and labels", Sizes(100, 784, 50, 10), x=digits, logits=normal(3), weights=normal(0.1),
        dout=normal(0.01), labels=lambda: mnist()[1],
    ),
)  # fmt: skip


class Data:
    """The arrays of a scenario, drawn in the order in which they are asked for.

    `dtype` is what they are rounded to, `wide` in what they are handed out, the same by default; `layout` has the last
    word on how they lie in memory.
    """

    def __init__(
        self,
        scenario: Scenario,
        dtype: Any,
        seed: int = 0,
        wide: Any = None,
        layout: Callable[[Array], Array] = np.asarray,
    ) -> None:
        self.scenario, self.dtype, self.wide, self.layout = scenario, np.dtype(dtype), np.dtype(wide or dtype), layout
        self.rng = np.random.default_rng([seed, zlib.crc32(scenario.name.encode())])
        _, self.D, self.H, self.C = scenario.sizes

    @cached_property
    def N(self) -> int:
        return int(np.prod(self.lead))

    @property
    def lead(self) -> tuple[int, ...]:
        """The leading axes: (N,), mostly."""
        n = self.scenario.sizes.N
        return n if isinstance(n, tuple) else (n,)

    def x(self, *shape: int) -> Array:
        """Of the shape (*lead, D), if none is given."""
        return self._draw(self.scenario.x, *(shape or (*self.lead, self.D)))

    def logits(self) -> Array:
        return self._draw(self.scenario.logits or self.scenario.x, self.N, self.C)

    def weights(self, *shape: int) -> Array:
        return self._draw(self.scenario.weights, *shape)

    def biases(self, size: int) -> Array:
        return self._draw(self.scenario.biases, size)

    def dout(self, *shape: int) -> Array:
        return self._draw(self.scenario.dout, *shape)

    def setting(self, name: str, default: Any) -> Any:
        """What the scenario says of this option of a layer or size of its data."""
        return self.scenario.settings.get(name, default)

    def ids(self, *shape: int) -> Array:
        """Indices of features."""
        return self.layout(self.rng.integers(0, self.D, shape))

    def of_domain(self, domain: str, *shape: int) -> Array:
        """Numbers in the open "unit" interval, or "shares", positive ones that sum to 1 along the last axis; else x."""
        if domain == "normal":
            return self.x(*shape)
        numbers = self.rng.uniform(0.02, 0.98, shape)
        return self._as_wanted(numbers / numbers.sum(-1, keepdims=True) if domain == "shares" else numbers)

    def number(self) -> float:
        """An upstream gradient of a loss."""
        return self.scenario.number

    def labels(self) -> Array:
        draw = self.scenario.labels or (lambda: self.rng.integers(0, self.C, self.N))
        return self.layout(draw())

    def rows(self) -> Array:
        """Targets as rows: the first is one-hot, the others do not sum to 1 and hold zeros."""
        rows = self.rng.uniform(0, 2, (self.N, self.C)) * (self.rng.uniform(size=(self.N, self.C)) < 0.8)
        rows[0] = np.arange(self.C) == 1
        return self._as_wanted(rows)

    def one_hot(self) -> Array:
        """Labels as rows of 0 and 1."""
        return self._as_wanted(np.eye(self.C)[self.labels()])

    def targets(self, kind: str) -> Array:
        """Of a classifier's loss, by what --targets calls them."""
        return {"labels": self.labels, "rows": self.rows, "one-hot": self.one_hot}[kind]()

    def _draw(self, draw: Draw, *shape: int) -> Array:
        return self._as_wanted(draw(self.rng, shape, np.finfo(self.dtype)))

    def _as_wanted(self, values: Array) -> Array:
        return self.layout(values.astype(self.dtype).astype(self.wide))
