"""Pooling beside nn.MaxPool2d and nn.AvgPool2d."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import nn

import numpy_impl
from torch_ref.families.convolution import OPTIONS
from torch_ref.families.convolution.scenarios import settings_like
from torch_ref.families.convolution.windows import Windows
from torch_ref.families.pooling import causes, formulas
from torch_ref.families.pooling.scenarios import POOLINGS
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import Data, Scenario


def example(cls: Callable[..., Any], data: Data) -> Example:
    size = data.setting("size", 2)
    options = {name: data.setting(name, default) for name, default in (("stride", size), ("padding", 0))}
    layer = cls(size, **options)
    in_pairs = ((n, n) if isinstance(n, int) else n for n in (size, *options.values()))
    channels, *image = data.setting("sample", ())
    x = data.x(data.N, channels, *image)
    return Example(layer, {"x": x}, {"dout": data.dout(data.N, channels, *Windows(image, *in_pairs).count)})


def like(plain: dict[str, Any], module: Any, shape: Sequence[int], scenario: Scenario) -> dict[str, Any] | None:
    return settings_like(plain, OPTIONS, module, shape, scenario)


def _made(*size: Any, **options: Any) -> Callable[[Example], object]:
    return lambda e: type(e.layer)(*size, **options)


REFUSALS = (
    Refusal("x without a batch axis", lambda e: e.layer.forward(e.inputs["x"][0]), ValueError),
    Refusal("x smaller than the window", lambda e: e.layer.forward(e.inputs["x"][:, :, :1]), ValueError),
    Refusal("images without channels", lambda e: e.layer.forward(e.inputs["x"][:, :0]), ValueError),
    Refusal("a size of 0", _made(0), ValueError),
    Refusal("a size that is no integer", _made(2.0), TypeError),
    Refusal("a size of three axes", _made((2, 2, 2)), ValueError),
    Refusal("a size that is none", _made(None), TypeError),
    Refusal("a stride of 0", _made(2, stride=(1, 0)), ValueError),
    Refusal("a negative padding", _made(2, padding=-1), ValueError),
    Refusal("padding of more than half a window", _made((4, 3), padding=(2, 2)), ValueError),
)

for name, layer, twin, plain, forward, backward, known in (
    (
        "max_pool2d", numpy_impl.MaxPool2d, nn.MaxPool2d, {"dilation": 1, "ceil_mode": False, "return_indices": False},
        formulas.max_pool, formulas.max_pool_backward, causes.MAX_POOL,
    ),
    (
        "avg_pool2d", numpy_impl.AvgPool2d, nn.AvgPool2d,
        {"ceil_mode": False, "count_include_pad": True, "divisor_override": None},
        formulas.average_pool, formulas.average_pool_backward, causes.AVERAGE_POOL,
    ),
):  # fmt: skip
    register(
        Pair(
            name,
            layer,
            lambda layer, twin=twin: twin(layer.size, layer.stride, layer.padding),  # type: ignore[misc]
            example,
            twin_name=twin.__name__,
            options=("size", "stride", "padding"),
            forward=forward,
            backward=backward,
            causes=known,
            data_sets=POOLINGS,
            like=partial(like, plain),
            refusals=REFUSALS,
        )
    )
