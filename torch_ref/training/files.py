"""Weights on disk, as safetensors, which either framework reads."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from torch import nn

from numpy_impl import Network, TwoLayerNet
from numpy_impl.validation import Array, check_parameter, check_writeable
from torch_ref.families import PAIRS, pair_of
from torch_ref.training.weights import Names, copy_to_torch, names_of, paths_of, read, to_array, to_tensor


def read_safetensors(path: str | os.PathLike[str]) -> tuple[dict[str, Array], dict[str, str]]:
    """All tensors of a file and its metadata. Raises FileNotFoundError, and ValueError for a damaged file."""
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"{path} must be a safetensors file, got {'a folder' if Path(path).is_dir() else 'none'}"
        )
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 - no dict
    except (safetensors.SafetensorError, TypeError, AttributeError) as error:  # the latter for dtypes NumPy has not
        raise ValueError(f"{path} must be a whole safetensors file of NumPy's dtypes ({error})") from error


def load_weights(net: Network | nn.Module, path: str | os.PathLike[str]) -> None:
    """Puts the weights of a file into a network of either framework, in place.

    The names of the file may be those of NumPy, W1, b1, ..., or those of PyTorch's `state_dict`; of a batch-norm it
    has the running statistics too. A module is an nn.Linear or a row of them; others load a file of PyTorch's names by
    `load_state_dict`. Raises FileNotFoundError, ValueError for a damaged file or one of another network, with other
    names or shapes, and TypeError for another dtype; the network is then as it was.
    """
    arrays = read_safetensors(path)[0]
    if isinstance(net, nn.Module):
        copy_to_torch(_in_numpys_names(arrays, names_of(net), path), net, who=str(path))
        return
    statistics = statistics_of(net)
    found = _in_numpys_names(arrays, {**pair_of(net).parameters, **{name: name for name in statistics}}, path)
    params = {name: found[name] for name in net.params}
    _check_params(net, params, path)
    state = net.state
    for name in statistics:
        layer, _, own = name.rpartition(".")
        state[layer][own] = found[name]
    net.state = state
    _put(net, params, path)


def statistics_of(net: Network) -> dict[str, Array]:
    """The running statistics of its layers, copies: "BatchNorm1.running_mean", ..., which PyTorch calls alike."""
    return {
        f"{layer}.{name}": value
        for layer, kept in net.state.items()
        for name, value in kept.items()
        if isinstance(value, np.ndarray)
    }


def network_of(path: str | os.PathLike[str]) -> TwoLayerNet:
    """A NumPy network of the sizes and the dtype of the weights in a file, and with these weights.

    Raises FileNotFoundError, and ValueError or TypeError for a damaged file or one of another network.
    """
    return network_with(_in_numpys_names(read_safetensors(path)[0], PAIRS["two_layer_net"].parameters, path), path)


def network_with(params: Mapping[str, Array], source: object) -> TwoLayerNet:
    """The same with these weights W1, b1, W2, b2, which come from `source`, as errors say."""
    W1, W2 = params["W1"], params["W2"]
    if W1.ndim != 2 or W2.ndim != 2 or 0 in (*W1.shape, *W2.shape):
        raise ValueError(f"{source} must hold matrices W1 and W2, got shapes {W1.shape} and {W2.shape}")
    (features, hidden), classes = W1.shape, W2.shape[1]
    net = TwoLayerNet(features, hidden, classes, dtype=W1.dtype)
    _put(net, params, source)
    return net


def _check_params(net: Network, params: Mapping[str, Array], source: object) -> None:
    for name, value in params.items():
        check_parameter(str(source), name, value, like=net.params[name])
        check_writeable(str(source), name, net.params[name])


def _put(net: Network, params: Mapping[str, Array], source: object) -> None:
    _check_params(net, params, source)
    for name, value in params.items():
        net.params[name][...] = value


def _in_numpys_names(arrays: Mapping[str, Array], names: Names, path: Any) -> dict[str, Array]:
    if arrays.keys() == names.keys():
        return {name: arrays[name] for name in names}
    if arrays.keys() == {place for rule in names.values() for place in paths_of(rule)}:
        tensors = {name: to_tensor(np.ascontiguousarray(value)) for name, value in arrays.items()}
        return {name: to_array(read(rule, tensors)) for name, rule in names.items()}
    wanted, got = (", ".join(sorted(keys)) or "none" for keys in (names, arrays))
    raise ValueError(f"{path} must hold the weights {wanted}, got {got}")
