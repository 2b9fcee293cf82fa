"""Runs a pair, each side in its own way, and hands back the results under the same names: y or loss, dx, dW, db.

The `autograd` functions are the oracle: PyTorch's forward, and its derivative by torch.autograd. The `backprop`
functions run the NumPy side. Both return {name: array}, so that a comparison is a loop over the names.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from numpy_impl import TwoLayerNet
from numpy_impl.checks import Array
from torch_ref import places
from torch_ref.weights import Names, gradient_of, grads_of, to_array, to_tensor

Results: TypeAlias = dict[str, Array]


def backprop(layer: Any, *inputs: Array, dout: Any, names: Iterable[str] | None = None) -> Results:
    """{y, dx} and dp for each parameter p of a NumPy layer; {loss, dx} of one that takes x and t.

    The parameters are those of these names, or of the layer's own `parameter_names`.
    """
    y, dx = layer.forward(*inputs), layer.backward(dout)
    names = getattr(layer, "parameter_names", ()) if names is None else names
    grads = {f"d{name}": places.gradient(layer, name) for name in names}
    return {_output_name(inputs): np.asarray(y), "dx": dx} | grads


def autograd(module: nn.Module, x: Array, *targets: Array, dout: Any, names: Names | None = None) -> Results:
    """The same of a PyTorch module: dx and dp are the gradients of Σ y dout, or of loss · dout."""
    leaf = to_tensor(x).requires_grad_()
    module.zero_grad()
    y = module(leaf, *(_targets(t, leaf) for t in targets))
    y.backward(to_tensor(dout) if isinstance(dout, np.ndarray) else torch.as_tensor(dout, dtype=y.dtype))
    grads = {"dx": to_array(gradient_of("x", leaf))} | _prefixed(grads_of(module, names))
    return {_output_name((x, *targets)): to_array(y)} | grads


def backprop_network(net: TwoLayerNet, x: Array, t: Array) -> Results:
    """{loss} and dp for each parameter p of the NumPy network."""
    grads = net.gradient(x, t)
    return {"loss": np.asarray(net.last_layer.loss)} | _prefixed(grads)


def autograd_network(module: nn.Module, x: Array, t: Array) -> Results:
    """The same of the PyTorch network, under nn.CrossEntropyLoss."""
    module.zero_grad()
    inputs = to_tensor(x)
    loss = nn.CrossEntropyLoss()(module(inputs), _targets(t, inputs))
    loss.backward()
    return {"loss": to_array(loss)} | _prefixed(grads_of(module))


def _output_name(inputs: tuple[Array, ...]) -> str:
    return "y" if len(inputs) == 1 else "loss"


def _targets(t: Array, logits: torch.Tensor) -> torch.Tensor:
    """Class indices as PyTorch's int64; rows, integer and boolean ones too, in the dtype of the logits."""
    return to_tensor(t.astype(np.int64 if t.ndim == 1 else logits.detach().numpy().dtype))


def _prefixed(grads: Results) -> Results:
    return {f"d{name}": grad for name, grad in grads.items()}
