"""Autograd, the oracle: PyTorch's forward, and its derivative. And `backprop`, the same of the NumPy side.

Both return {name: array} under the same names, y or loss, dx, dW, db, so that a comparison is a loop over the names.
They serve a layer of x, or of x and t; `verify` serves every pair.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.training.weights import Names, gradient_of, grads_of, names_of, read, to_array, to_tensor

Results: TypeAlias = dict[str, Array]


def backprop(layer: Any, *inputs: Array, dout: Any) -> Results:
    """{y, dx} and dp for each parameter p of a NumPy layer; {loss, dx} of one that takes x and t."""
    y, dx = layer.forward(*inputs), layer.backward(dout)
    names = getattr(layer, "parameter_names", ())
    grads = {f"d{name}": np.asarray(places.gradient(layer, name)) for name in names}
    return {_output_name(inputs): np.asarray(y), "dx": dx} | grads


def autograd(module: nn.Module, *inputs: Array, dout: Any, names: Names | None = None) -> Results:
    """The same of a PyTorch module: dx and dp are the gradients of Σ y dout, or of loss · dout."""
    names = names_of(module) if names is None else names
    named = dict(zip(("x", "t"), inputs, strict=False))
    return differentiated(module, named, [dout], [_output_name(inputs)], ["x"], names, {}, inputs[0].dtype)


def differentiated(
    module: nn.Module,
    inputs: Mapping[str, Array],
    upstream: Sequence[Any],
    outputs: Sequence[str],
    input_gradients: Iterable[str],
    names: Names,
    buffers: Names,
    dtype: Any,
) -> Results:
    """The outputs by name, the gradients of Σ output · upstream for these inputs and parameters, and the buffers."""
    leaves = dict(zip(inputs, as_tensors(list(inputs.values()), dtype), strict=True))
    for name in input_gradients:
        leaves[name].requires_grad_()
    module.zero_grad()
    found = module(*leaves.values())
    ys = dict(zip(outputs, found if isinstance(found, tuple) else (found,), strict=True))
    total = sum((y * _weight(w, y)).sum() for y, w in zip(ys.values(), upstream, strict=True))
    total.backward()
    results = {name: to_array(y) for name, y in ys.items()}
    results |= {f"d{name}": to_array(gradient_of(name, leaves[name])) for name in input_gradients}
    results |= {f"d{name}": gradient for name, gradient in grads_of(module, names).items()}
    return results | {name: to_array(read(rule, dict(module.named_buffers()))) for name, rule in buffers.items()}


def as_tensors(inputs: Sequence[Array], dtype: Any) -> list[torch.Tensor]:
    """Integers and truth values in the shape of x, as targets may be, become numbers of its dtype."""
    shapes = {value.shape for value in inputs if value.dtype.kind == "f"}
    return [as_tensor(value, dtype if value.shape in shapes else np.int64) for value in inputs]


def as_tensor(value: Array, dtype: Any) -> torch.Tensor:
    """A number keeps its dtype, an integer gets this one."""
    return to_tensor(value if value.dtype.kind == "f" else value.astype(dtype))


def _weight(upstream: Any, y: torch.Tensor) -> torch.Tensor:
    return to_tensor(upstream) if isinstance(upstream, np.ndarray) else torch.as_tensor(upstream, dtype=y.dtype)


def _output_name(inputs: tuple[Array, ...]) -> str:
    return "y" if len(inputs) == 1 else "loss"
