"""Runs a pair, each side in its own way, and hands back the results under the same names: y, dx, dW, db, loss.

The `autograd` functions are the oracle: PyTorch's forward, and its derivative by torch.autograd. The `backprop`
functions run the NumPy side. Both return {name: array}, so that a comparison is a loop over the names.
"""

from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from numpy_impl import Layer, SoftmaxWithLoss, TwoLayerNet
from numpy_impl.checks import Array
from torch_ref.weights import gradient_of, grads_of, to_array, to_tensor

Results: TypeAlias = dict[str, Array]


def backprop_layer(layer: Layer, x: Array, dout: Array) -> Results:
    """{y, dx} and dp for each parameter p of a NumPy layer."""
    y, dx = layer.forward(x), layer.backward(dout)
    return {"y": y, "dx": dx} | {f"d{name}": getattr(layer, f"d{name}") for name in layer.parameter_names}


def autograd_layer(module: nn.Module, x: Array, dout: Array) -> Results:
    """The same of a PyTorch module: dx and dp are the gradients of Σ y dout."""
    leaf = to_tensor(x).requires_grad_()
    module.zero_grad()
    y = module(leaf)
    y.backward(to_tensor(dout))
    return {"y": to_array(y), "dx": gradient_of("x", leaf)} | _prefixed(grads_of(module))


def backprop_loss(layer: SoftmaxWithLoss, x: Array, t: Array, dout: Any = 1) -> Results:
    """{loss, dx} of a NumPy loss layer."""
    return {"loss": np.asarray(layer.forward(x, t)), "dx": layer.backward(dout)}


def autograd_loss(module: nn.Module, x: Array, t: Array, dout: Any = 1) -> Results:
    """The same of a PyTorch loss module."""
    leaf = to_tensor(x).requires_grad_()
    loss = module(leaf, _targets(t, leaf))
    loss.backward(torch.as_tensor(dout, dtype=loss.dtype))
    return {"loss": to_array(loss), "dx": gradient_of("x", leaf)}


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


def _targets(t: Array, logits: torch.Tensor) -> torch.Tensor:
    """Class indices as PyTorch's int64; rows, integer and boolean ones too, in the dtype of the logits."""
    return to_tensor(t.astype(np.int64 if t.ndim == 1 else logits.detach().numpy().dtype))


def _prefixed(grads: Results) -> Results:
    return {f"d{name}": grad for name, grad in grads.items()}
