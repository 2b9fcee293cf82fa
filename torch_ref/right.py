"""The bounds of an example, how far a correct result may lie from the exact one; and the exact results themselves."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, Format, format_of
from torch_ref.bounds.measured import measured
from torch_ref.oracles.autograd import Results
from torch_ref.oracles.many_digits import exact_results
from torch_ref.pair import Example, Pair
from torch_ref.results import buffers_of, dtype_of, module_of, params_of, torch_results


def bounds(pair: Pair, example: Example) -> dict[str, Ball]:
    """How far each correct result may lie from the exact one, for inputs that are exact."""
    return bounds_of(pair, example, params_of(pair, example.layer))


def bounds_of(
    pair: Pair, example: Example, params: Mapping[str, Array], narrower: Format | None = None
) -> dict[str, Ball]:
    """The same for these values of the parameters, or for a computation that rounds all to a narrower format.

    The layer itself is asked for its options and buffers, and by its twin for its sizes.
    """
    form = narrower or format_of(dtype_of(example.inputs, params))
    if pair.forward is None:
        data = [*example.inputs.values()], [*example.upstream.values()], params
        found = measured(twin_on(pair, example), *data, form)
        return _or_exactly(found, pair, example, params) if _is_approximate(module_of(pair, example.layer)) else found
    given = form.rounded if narrower else form.exact

    def ball(value: Any) -> Any:
        return given(value) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value

    arrays = {**params, **buffers_of(pair, example.layer)}
    known = {name: ball(value) for name, value in arrays.items()} | options_of(pair, example.layer)
    inputs = [ball(value) for value in example.inputs.values()]
    upstream = [ball(value) for value in example.upstream.values()]
    y = pair.forward(*inputs, **known)
    found = dict(zip((*pair.outputs, *pair.buffers), y if isinstance(y, tuple) else (y,), strict=True))
    return found | (pair.backward(*inputs, *upstream, **known) if pair.backward else {})


def _is_approximate(module: Any) -> bool:
    return isinstance(module, nn.Module) and any(isinstance(one, nn.Softplus) for one in module.modules())


def _or_exactly(found: dict[str, Ball], pair: Pair, example: Example, params: Mapping[str, Array]) -> dict[str, Ball]:
    """With room for the exact function: PyTorch's softplus is x itself from 20 on, and errs there by 2e-9."""

    def exact_module(layer: Any) -> Any:
        module = pair.module(layer)
        for one in module.modules():
            if isinstance(one, nn.Softplus):
                one.threshold = 700  # what exp(x) is finite for, in float64
        return module

    def wide(values: Mapping[str, Any]) -> dict[str, Any]:
        floats = {name: value for name, value in values.items() if getattr(value, "dtype", np.dtype(int)).kind == "f"}
        return dict(values) | {name: value.astype(float) for name, value in floats.items()}

    in_float64 = Example(example.layer, wide(example.inputs), wide(example.upstream))
    exact = torch_results(replace(pair, module=exact_module), in_float64, wide(params))
    return {
        name: Ball(ball.centre, ball.radius + abs(exact[name] - ball.centre).astype(float), ball.format)
        for name, ball in found.items()
    }


def options_of(pair: Pair, layer: Any) -> dict[str, Any]:
    return {name: getattr(layer, name) for name in pair.options}


def twin_on(pair: Pair, example: Example) -> Callable[..., Results]:
    """The twin as a function of the values of inputs, upstream gradients and parameters."""

    def results(inputs: list[Array], upstream: list[Any], params: Mapping[str, Array]) -> Results:
        named = dict(zip(example.inputs, inputs, strict=True))
        changed = Example(example.layer, named, dict(zip(example.upstream, upstream, strict=True)))
        return torch_results(pair, changed, params)

    return results


def exact(pair: Pair, example: Example) -> Results:
    """The exact results, to many digits."""
    if pair.forward is None:
        raise ValueError(f"{pair.name}: a pair must have its formula for many digits, got none")
    layer = example.layer
    return exact_results(
        pair.forward,
        example.inputs,
        list(example.upstream.values()),
        params_of(pair, layer) | buffers_of(pair, layer),
        options_of(pair, layer),
        (*pair.outputs, *pair.buffers),
        pair.gradients,
    )
