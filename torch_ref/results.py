"""Runs the two sides of a pair on an example: their results, under the same names."""

from collections.abc import Callable, Mapping
from copy import copy
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.oracles.autograd import Results, as_tensor, differentiated
from torch_ref.pair import Example, Kind, Pair
from torch_ref.scenarios import Data, Scenario
from torch_ref.training.optimizer_state import read_state, write_state
from torch_ref.training.weights import copy_to_torch, grads_of, to_array, to_tensor, write


def params_of(pair: Pair, layer: Any) -> dict[str, Array]:
    """The layer's parameters by NumPy's names: the arrays themselves."""
    return {name: places.parameter(layer, name) for name in pair.parameters}


def buffers_of(pair: Pair, layer: Any) -> dict[str, Array]:
    """The layer's buffers by NumPy's names: the arrays themselves."""
    return {name: np.asarray(getattr(layer, name)) for name in pair.buffers}


def forward_of(layer: Any, pair: Pair) -> Callable[..., Any]:
    """The method that computes the first output: forward, or the loss of a network."""
    return layer.loss if pair.kind is Kind.NETWORK else layer.forward


def dtype_of(*named: Mapping[str, Any]) -> np.dtype[Any]:
    """That of the floating-point numbers among inputs and parameters: indices have another."""
    return next(value.dtype for values in named for value in values.values() if value.dtype.kind in "fc")


# NumPy


def results(pair: Pair, example: Example) -> Results:
    """The results of the NumPy layer, as copies."""
    return {name: copy(value) for name, value in raw_results(pair, example).items()}


def outputs_of(pair: Pair, example: Example) -> Results:
    """The value of forward, and the outputs that it leaves as attributes."""
    layer = example.layer
    y = np.asarray(forward_of(layer, pair)(*example.inputs.values()))
    return {pair.outputs[0]: y} | {name: np.asarray(getattr(layer, name)) for name in pair.outputs[1:]}


def raw_results(pair: Pair, example: Example) -> Results:
    """The arrays themselves that the NumPy layer hands out or leaves."""
    layer, inputs = example.layer, example.inputs
    if pair.kind is Kind.OPTIMIZER:
        return _stepped(pair, layer, **inputs)
    if pair.kind is Kind.NETWORK:
        gradients = layer.gradient(*inputs.values())
        return {"loss": np.asarray(layer.last_layer.loss)} | {f"d{name}": g for name, g in gradients.items()}
    found = outputs_of(pair, example)
    return found | gradients_of(pair, example) | buffers_of(pair, layer)


def _stepped(pair: Pair, layer: Any, p: Array, g: Array, **state: Array) -> Results:
    """A step from this state; from none where all of it is 0, as before the first step."""
    updated = p.copy()
    if pair.optimizer_state:
        layer.state = {}  # or it would refuse one of other shapes than it has
        layer.state = {"p": state} if _has_begun(state) else {}
    layer.update({"p": updated}, {"p": g})
    return {"p": updated} | {name: _as_result(layer.state["p"][name], p) for name in pair.optimizer_state}


def _has_begun(state: Mapping[str, Array]) -> bool:
    return any(np.any(value) for value in state.values())


def _as_result(value: Any, p: Array) -> Array:
    """A number of steps in the dtype of the others."""
    return np.asarray(value) if np.ndim(value) else np.asarray(value, p.dtype)


def gradients_of(pair: Pair, example: Example) -> Results:
    """The gradients that backward returns, and those that it leaves as attributes. Forward has run before."""
    returned = example.layer.backward(*example.upstream.values())
    dx = returned if isinstance(returned, tuple) else (returned,)
    found = dict(zip((f"d{name}" for name in pair.input_gradients), dx, strict=False))
    return found | {name: places.gradient(example.layer, name[1:]) for name in pair.gradients if name not in found}


# PyTorch


def twin_of(pair: Pair, layer: Any, dtype: Any = np.float32, params: Mapping[str, Array] | None = None) -> nn.Module:
    """PyTorch's module with copies of the layer's parameters and buffers, in their dtype; in this one, if it has none.

    Copies, never the same memory: a pair that shares its weights would agree even where one side went wrong.
    `params` are other values in the place of the layer's.
    """
    params = params_of(pair, layer) if params is None else params
    for value in params.values():
        dtype = value.dtype
    module = module_of(pair, layer).to(to_tensor(np.empty(0, dtype)).dtype)
    copy_to_torch(params, module, pair.parameters)
    with torch.no_grad():
        for name, value in buffers_of(pair, layer).items():
            write(pair.buffers[name], dict(module.named_buffers()), to_tensor(value))
    return module


def module_of(pair: Pair, layer: Any) -> nn.Module:
    """PyTorch's module with first weights, for which its global random state is put back."""
    with torch.random.fork_rng(devices=[]):
        return pair.module(layer)


def torch_results(pair: Pair, example: Example, params: Mapping[str, Array] | None = None) -> Results:
    """The results of PyTorch."""
    layer, inputs = example.layer, example.inputs
    if pair.kind is Kind.OPTIMIZER:
        return _stepped_by_torch(pair, pair.module(layer), **inputs)
    dtype = dtype_of(inputs, params_of(pair, layer) if params is None else params)
    module = twin_of(pair, layer, dtype, params)
    if pair.kind is Kind.NETWORK:
        module.zero_grad()
        logits = module(as_tensor(inputs["x"], np.int64))
        t = as_tensor(inputs["t"], dtype if inputs["t"].shape == logits.shape else np.int64)
        loss = pair.criterion(layer)(logits, t)
        loss.backward()
        return {"loss": to_array(loss)} | {f"d{n}": g for n, g in grads_of(module, pair.parameters).items()}
    upstream = list(example.upstream.values())
    return differentiated(
        module, inputs, upstream, pair.outputs, pair.input_gradients, pair.parameters, pair.buffers, dtype
    )


def _stepped_by_torch(pair: Pair, stepper: Any, p: Array, g: Array, **state: Array) -> Results:
    """`stepper` makes PyTorch's optimizer for a list of parameters."""
    parameter = nn.Parameter(to_tensor(p))
    parameter.grad = to_tensor(g)
    optimizer, names = stepper([parameter]), pair.optimizer_state
    if _has_begun(state):
        write_state(optimizer, {"p": parameter}, "p", names, state)
    optimizer.step()
    kept = read_state(optimizer, {"p": parameter}, "p", names)
    return {"p": to_array(parameter)} | {name: _as_result(value, p) for name, value in kept.items()}


def scenarios_of(pair: Pair) -> list[Scenario]:
    """The scenarios that the layer can be given: without proven bounds, those that its twin takes."""
    found = [s for s in pair.data_sets if not (pair.batches_only and isinstance(s.sizes.N, tuple))]
    return found if pair.is_proven else [s for s in found if _runs(pair, s)]


@cache
def _runs(pair: Pair, scenario: Scenario) -> bool:
    """Whether PyTorch's module takes data of this kind: a batch-norm, say, refuses a single sample."""
    try:
        torch_results(pair, pair.example(pair.layer, Data(scenario, np.float64)))
    except (RuntimeError, ValueError, IndexError):
        return False
    return True
