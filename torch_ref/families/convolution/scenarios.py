"""Images, small ones, each for the slips that others do not show."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from torch_ref.scenarios import (
    Scenario,
    Sizes,
    decades,
    few_integers,
    large_integers,
    normal,
    pixels,
    positive,
    signs,
    tiny,
    zeros,
)

IMAGE = (7, 6)  # of a user's layer, unless its user says another: neither square nor a whole number of windows


def images(name: str, why: str, n: int, x: Sequence[int], like: bool = False, /, **given: Any) -> Scenario:
    """n samples x (C, H, W). `like` says that a layer of any sizes is to see such data; what is given besides are the
    settings of a pair, and how a `Scenario` draws.
    """
    draws: dict[str, Any] = {key: given.pop(key) for key in ("weights", "biases", "dout", "is_extreme") if key in given}
    if "draw" in given:
        draws["x"] = given.pop("draw")
    settings = {"sample": tuple(x), "like": like} | given
    return Scenario(name, why, Sizes(n, prod(x), given.get("filters", 3), x[0]), settings=settings, **draws)


def settings_like(
    plain: Mapping[str, Any], options: Mapping[str, Any], module: Any, shape: Sequence[int], scenario: Scenario
) -> dict[str, Any] | None:
    """The settings for a module with these options, if all others are plain: not dilated, grouped, rounded up, ..."""
    is_plain = all(getattr(module, name) in (value, (value, value)) for name, value in plain.items())
    if not is_plain or not scenario.settings["like"]:
        return None
    found = {ours: getattr(module, theirs) for ours, theirs in options.items()}
    if any(isinstance(value, str) for value in found.values()):
        return None
    found = {name: (value, value) if isinstance(value, int) else tuple(value) for name, value in found.items()}
    size = found["size"]
    image = tuple(shape[1:]) or tuple(max(n, k + 1) for n, k in zip(IMAGE, size, strict=True))
    return {**scenario.settings, **found, "sample": (getattr(module, "in_channels", (*shape, 3)[0]), *image)}


CONVOLUTIONS = (
    images("ordinary", "H and W, C and F differ", 2, (3, 5, 3), True, filters=4),
    images("odd-batch", "another size of batch and image", 3, (3, 4, 5), True, filters=4),
    images("one-sample", "what confuses N with 1, or squeezes an axis away", 1, (3, 4, 3), True, filters=2),
    images("square", "sizes all alike: a missing transpose keeps the shape", 2, (2, 3, 3), filters=2),
    images("rows-by-columns", "a kernel that is not square", 2, (2, 4, 4), size=(3, 2)),
    images("remainder", "stride 2, and rows and columns left over", 2, (1, 6, 5), filters=3, size=(3, 2), stride=2),
    images("padding", "zeros around: more windows, and terms that are 0", 2, (1, 4, 3), filters=2, size=3, padding=1),
    images(
        "pairs", "stride and padding that differ along rows and columns", 2, (2, 5, 3), size=(3, 2),
        stride=(2, 1), padding=(0, 1),
    ),
    images("gaps", "windows apart: pixels in none", 2, (2, 5, 4), size=(2, 1), stride=3),
    images("one-by-one", "a kernel of one entry", 2, (3, 3, 2), filters=2, size=1),
    images("whole-image", "a kernel as large as the image", 3, (2, 3, 2), filters=4, size=(3, 2)),
    images("one-pixel", "an image of one pixel, and padding around it", 2, (3, 1, 1), filters=2, size=3, padding=1),
    images("exact-zeros", "filters and pixels of 0", 2, (2, 4, 3), True, draw=few_integers, weights=few_integers),
    images("pixels", "four of five are 0, as in MNIST", 3, (1, 6, 5), True, draw=pixels, size=(3, 2)),
    images(
        "decades", "eight orders of magnitude: any one absolute tolerance is wrong", 2, (2, 4, 3), True, draw=decades,
        weights=decades, is_extreme=True,
    ),
    images("huge", "pixels of ±1e4", 2, (2, 4, 3), True, draw=signs, is_extreme=True),
    images(
        "tiny", "products that underflow", 2, (2, 4, 3), True, draw=tiny, weights=tiny, biases=zeros, dout=tiny,
        is_extreme=True,
    ),
    images(
        "integers", "no operation rounds", 2, (2, 4, 3), True, draw=large_integers, weights=large_integers,
        biases=large_integers, dout=large_integers, is_extreme=True,
    ),
    images("small-gradients", "less than any absolute tolerance", 2, (2, 4, 3), True, dout=normal(1e-12)),
    images("many-channels", "sums of many terms", 3, (8, 8, 7), filters=6, size=3, padding=1, dout=positive),
)  # fmt: skip
