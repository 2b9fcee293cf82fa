"""Runs the two sides of a pair on an example: what each computes, under the same names."""

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
from torch_ref.training.weights import copy_to_torch, grads_of, to_array, to_tensor


def params_of(pair: Pair, layer: Any) -> dict[str, Array]:
    """The layer's parameters by NumPy's names: the arrays themselves."""
    return {name: places.parameter(layer, name) for name in pair.parameters}


def forward_of(layer: Any, pair: Pair) -> Callable[..., Any]:
    """What computes its output: forward, or the loss of a network."""
    return layer.loss if pair.kind is Kind.NETWORK else layer.forward


# NumPy


def results(pair: Pair, example: Example) -> Results:
    """What the NumPy layer computes, as copies."""
    return {name: copy(value) for name, value in raw_results(pair, example).items()}


def raw_results(pair: Pair, example: Example) -> Results:
    """The arrays themselves that the NumPy layer hands out."""
    layer, inputs = example.layer, example.inputs
    if pair.kind is Kind.OPTIMIZER:
        updated = inputs["p"].copy()
        layer.update({"p": updated}, {"p": inputs["g"]})
        return {"p": updated}
    if pair.kind is Kind.NETWORK:
        gradients = layer.gradient(*inputs.values())
        return {"loss": np.asarray(layer.last_layer.loss)} | {f"d{name}": g for name, g in gradients.items()}
    y = np.asarray(layer.forward(*inputs.values()))
    others = {name: np.asarray(getattr(layer, name)) for name in (*pair.outputs[1:], *pair.buffers)}
    return {pair.outputs[0]: y} | gradients_of(pair, example) | others


def gradients_of(pair: Pair, example: Example) -> Results:
    """What backward returns and sets, once forward has run: of inputs that it does not return it sets an attribute."""
    returned = example.layer.backward(*example.upstream.values())
    dx = returned if isinstance(returned, tuple) else (returned,)
    found = dict(zip((f"d{name}" for name in pair.input_gradients), dx, strict=False))
    return found | {name: places.gradient(example.layer, name[1:]) for name in pair.gradients if name not in found}


# PyTorch


def twin_of(pair: Pair, layer: Any, dtype: Any = np.float32, params: Mapping[str, Array] | None = None) -> nn.Module:
    """PyTorch's module with copies of the layer's parameters and in their dtype; in this one, if it has none.

    Copies, never the same memory: a pair that shares its weights would agree even where one side went wrong.
    `params` are other values in the place of the layer's.
    """
    params = params_of(pair, layer) if params is None else params
    for value in params.values():
        dtype = value.dtype
    with torch.random.fork_rng(devices=[]):  # PyTorch draws first weights; its global state shall not notice
        module = pair.module(layer).to(to_tensor(np.empty(0, dtype)).dtype)
    copy_to_torch(params, module, pair.parameters)
    return module


def torch_results(pair: Pair, example: Example, params: Mapping[str, Array] | None = None) -> Results:
    """What PyTorch computes."""
    layer, inputs = example.layer, example.inputs
    x = next(iter(inputs.values()))
    if pair.kind is Kind.OPTIMIZER:
        return {"p": _stepped(pair.module(layer), inputs["p"], inputs["g"])}
    module = twin_of(pair, layer, x.dtype, params)
    if pair.kind is Kind.NETWORK:
        module.zero_grad()
        t = as_tensor(inputs["t"], x.dtype)
        loss = nn.CrossEntropyLoss()(module(to_tensor(x)), t)
        loss.backward()
        return {"loss": to_array(loss)} | {f"d{n}": g for n, g in grads_of(module, pair.parameters).items()}
    upstream = list(example.upstream.values())
    return differentiated(module, inputs, upstream, pair.outputs, pair.input_gradients, pair.parameters, pair.buffers)


def _stepped(stepper: Any, p: Array, g: Array) -> Array:
    """`stepper` makes PyTorch's optimizer for a list of parameters."""
    parameter = nn.Parameter(to_tensor(p))
    parameter.grad = to_tensor(g)
    stepper([parameter]).step()
    return to_array(parameter)


def scenarios_of(pair: Pair) -> list[Scenario]:
    """Those that the layer can be given: where nothing is proven, the twin says which."""
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
