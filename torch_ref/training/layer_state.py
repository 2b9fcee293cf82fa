"""What PyTorch's layers keep for later passes, under NumPy's names: running statistics, and generators of dropout."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from numpy_impl import Network
from torch_ref.families import pair_of
from torch_ref.families.dropout import DropoutInStep
from torch_ref.training.weights import read, to_array, to_tensor, write


def read_layer_state(module: nn.Module, net: Network) -> dict[str, Any]:
    """Of each layer of the network that has a state, that of its twin; copies."""
    found: dict[str, Any] = {}
    for name in net.state:
        its_twin, rules = module.get_submodule(name), pair_of(net.layers[name]).buffers
        if isinstance(its_twin, DropoutInStep):
            found[name] = its_twin.drawing.state
        else:
            buffers = dict(its_twin.named_buffers())
            found[name] = {ours: to_array(read(rule, buffers)) for ours, rule in rules.items()}
    return found


@torch.no_grad()
def write_layer_state(module: nn.Module, net: Network, state: Mapping[str, Any]) -> None:
    """The twins keep these from now on."""
    for name, kept in state.items():
        its_twin, rules = module.get_submodule(name), pair_of(net.layers[name]).buffers
        if isinstance(its_twin, DropoutInStep):
            its_twin.drawing.state = kept
        else:
            for ours, rule in rules.items():
                write(rule, dict(its_twin.named_buffers()), to_tensor(kept[ours]))
