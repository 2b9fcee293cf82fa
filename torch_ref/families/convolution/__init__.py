"""A convolution beside nn.Conv2d, and Flatten beside nn.Flatten."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

import numpy_impl
from torch_ref import places
from torch_ref.families.convolution import formulas
from torch_ref.families.convolution.causes import CONVOLUTION
from torch_ref.families.convolution.scenarios import CONVOLUTIONS, images, settings_like
from torch_ref.families.convolution.windows import Windows
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import Data, Scenario, few_integers

PLAIN = {"dilation": 1, "groups": 1, "padding_mode": "zeros"}
OPTIONS = {"size": "kernel_size", "stride": "stride", "padding": "padding"}


def example(cls: Callable[..., Any], data: Data) -> Example:
    size, stride, padding = (
        (n, n) if isinstance(n := data.setting(name, default), int) else n
        for name, default in (("size", 2), ("stride", 1), ("padding", 0))
    )
    channels, *image = data.setting("sample", ())
    filters = data.setting("filters", 3)
    layer = cls(data.weights(filters, channels, *size), data.biases(filters), stride=stride, padding=padding)
    count = Windows(image, size, stride, padding).count
    x, dout = data.x(data.N, channels, *image), data.dout(data.N, filters, *count)
    return Example(layer, {"x": x}, {"dout": dout})


def module(layer: Any) -> nn.Module:
    filters, channels, *size = places.parameter(layer, "W").shape
    return nn.Conv2d(channels, filters, tuple(size), layer.stride, layer.padding)


def like(module: Any, shape: Sequence[int], scenario: Scenario) -> dict[str, Any] | None:
    found = settings_like(PLAIN, OPTIONS, module, shape, scenario) if module.bias is not None else None
    return None if found is None else found | {"filters": module.out_channels}


def _made(**options: Any) -> Callable[[Example], object]:
    return lambda e: type(e.layer)(e.layer.W, e.layer.b, **options)


register(
    Pair(
        "conv2d",
        numpy_impl.Conv2d,
        module,
        example,
        twin_name="Conv2d",
        parameters={"W": "weight", "b": "bias"},
        options=("stride", "padding"),
        forward=formulas.convolution,
        backward=formulas.convolution_backward,
        causes=CONVOLUTION,
        data_sets=CONVOLUTIONS,
        like=like,
        refusals=(
            Refusal("x with a channel less", lambda e: e.layer.forward(e.inputs["x"][:, 1:]), ValueError),
            Refusal("x without a batch axis", lambda e: e.layer.forward(e.inputs["x"][0]), ValueError),
            Refusal("x smaller than the kernel", lambda e: e.layer.forward(e.inputs["x"][:, :, :1]), ValueError),
            Refusal("images of no rows", lambda e: e.layer.forward(e.inputs["x"][:, :, :0]), ValueError),
            Refusal("W of another shape", lambda e: setattr(e.layer, "W", e.layer.W[1:]), ValueError),
            Refusal("b that would broadcast", lambda e: setattr(e.layer, "b", e.layer.b[:1]), ValueError),
            Refusal("a b of another length", lambda e: type(e.layer)(e.layer.W, e.layer.b[1:]), ValueError),
            Refusal("a W of three axes", lambda e: type(e.layer)(e.layer.W[0], e.layer.b), ValueError),
            Refusal("a stride of 0", _made(stride=0), ValueError),
            Refusal("a stride of three axes", _made(stride=(1, 1, 1)), ValueError),
            Refusal("a stride that is no integer", _made(stride=1.0), TypeError),
            Refusal("a negative padding", _made(padding=(0, -1)), ValueError),
            Refusal("a padding that is a word", _made(padding="same"), TypeError),
        ),
    )
)


def flatten_example(cls: Callable[..., Any], data: Data) -> Example:
    x = data.x(data.N, *data.setting("sample", ()))
    return Example(cls(), {"x": x}, {"dout": data.dout(data.N, x[0].size)})


def like_flatten(module: Any, shape: Sequence[int], scenario: Scenario) -> dict[str, Any] | None:
    is_whole = (module.start_dim, module.end_dim) == (1, -1)
    return {**scenario.settings, "sample": tuple(shape) or scenario.settings["sample"]} if is_whole else None


register(
    Pair(
        "flatten",
        numpy_impl.Flatten,
        lambda _: nn.Flatten(),
        flatten_example,
        twin_name="Flatten",
        forward=formulas.flatten,
        backward=formulas.flatten_backward,
        data_sets=(
            images("ordinary", "every size another", 2, (3, 5, 3), True),
            images("odd-batch", "another size of batch and image", 3, (2, 3, 4), True),
            images("one-sample", "what squeezes the batch away", 1, (3, 2, 4), True),
            images("square", "an order of axes that keeps the shape", 2, (2, 2, 2)),
            images("one-pixel", "axes of length 1", 3, (2, 1, 1)),
            images("one-axis", "nothing to flatten", 4, (5,)),
            images("four-axes", "more axes than an image", 2, (2, 3, 2, 2)),
            images("tied", "many entries alike", 3, (2, 3, 4), True, draw=few_integers),
        ),
        like=like_flatten,
        refusals=(
            Refusal("x of one axis", lambda e: e.layer.forward(e.inputs["x"][0, 0, 0]), ValueError),
            Refusal("x of none", lambda e: e.layer.forward(e.inputs["x"][0, 0, 0, 0:1].reshape(())), ValueError),
        ),
    )
)
