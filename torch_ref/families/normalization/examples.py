"""The data of normalizations: gamma is never 1, for with it slips in dx vanish."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch_ref.pair import Example
from torch_ref.scenarios import SCENARIOS, Data, Scenario, Sizes, normal, tiny

OFFSET = Scenario(
    "offset", "100 in common: mean(x²) − μ² has lost half of its digits in float32, and has some left", x=normal(1, 100)
)
# They have sizes, or weights, that show nothing new.
LEFT_OUT = ("book", "mnist", "remainders")
ROOT_OF_EPS = 10**-2.5


def tinier(rng: Any, shape: tuple[int, ...], info: Any) -> Any:
    """x̂ = x / √eps is `tiny`."""
    return ROOT_OF_EPS * tiny(rng, shape, info)


SAMPLES = (
    *(replace(one, x=tinier) if one.name == "tiny" else one for one in SCENARIOS if one.name not in LEFT_OUT),
    OFFSET,
)
BATCHES = (
    *(one for one in SAMPLES if one.name not in ("one-sample", "one-axis")),
    Scenario("two-samples", "a variance of two, whose unbiased one is twice it", Sizes(2, 5, 3, 4)),
    Scenario("narrow-spread", "a spread of a thousandth: eps weighs in the variance", x=normal(1e-3)),
)
OF_IMAGES = (
    "ordinary",
    "square",
    "odd-batch",
    "narrow",
    "tied",
    "common-offset",
    "decades",
    "small-gradients",
    "offset",
)
IMAGES = (
    *(
        replace(one, sizes=one.sizes._replace(N=4 - (one.name == "odd-batch")))
        for one in SAMPLES
        if one.name in OF_IMAGES
    ),
    Scenario("one-image", "a batch of one, whose places have a variance", Sizes(1, 5, 3, 4)),
)
OF_GROUPS = (*OF_IMAGES, "exact-zeros", "huge", "one-sample")
GROUPS = (
    *(
        replace(one, sizes=one.sizes._replace(N=3 - (one.name in ("odd-batch", "one-sample")), D=4))
        for one in SAMPLES
        if one.name in OF_GROUPS
    ),
    Scenario("one-group", "all channels are one group", Sizes(3, 4, 3, 4), settings={"groups": 1}),
    Scenario("a-group-each", "an instance norm", Sizes(3, 4, 3, 4), settings={"groups": 4}),
    Scenario("vectors", "channels without places", Sizes(3, 6, 3, 4), settings={"places": ()}),
    Scenario("images", "four axes", Sizes(2, 4, 3, 4), settings={"places": (3, 2)}),
)


def example_of_samples(cls: Callable[..., Any], data: Data) -> Example:
    layer = cls(data.weights(data.D), data.biases(data.D))
    return Example(layer, {"x": data.x()}, {"dout": data.dout(*data.lead, data.D)})


def example_of_scale(cls: Callable[..., Any], data: Data) -> Example:
    return Example(cls(data.weights(data.D)), {"x": data.x()}, {"dout": data.dout(*data.lead, data.D)})


def example_of_batch(cls: Callable[..., Any], data: Data) -> Example:
    """Of three axes the second are the channels. The running statistics are not the first ones, 0 and 1."""
    return _with_statistics(cls, data, data.x())


def example_of_images(cls: Callable[..., Any], data: Data) -> Example:
    return _with_statistics(cls, data, data.x(data.N, data.H, 3, 2))


def _with_statistics(cls: Callable[..., Any], data: Data, x: Any) -> Example:
    channels = x.shape[1]
    layer = cls(data.weights(channels), data.biases(channels))
    layer.running_mean, layer.running_var = data.x(channels), data.dout(channels) ** 2
    return Example(layer, {"x": x}, {"dout": data.dout(*x.shape)})


def example_of_groups(cls: Callable[..., Any], data: Data) -> Example:
    shape = data.N, data.D, *data.setting("places", (3,))
    layer = cls(data.weights(data.D), data.biases(data.D), groups=data.setting("groups", 2))
    return Example(layer, {"x": data.x(*shape)}, {"dout": data.dout(*shape)})
