"""Copies weights and gradients between the frameworks: the one place that knows how each of them stores a matrix.

Affine keeps W as (in, out) for y = x W; nn.Linear keeps its weight as (out, in) for y = x weightᵀ. So each matrix is
transposed on the way. In a network the i-th Affine's W and b are Wi and bi.
"""

from collections.abc import Mapping

import torch
from torch import nn

from numpy_impl.checks import Array, check_parameter, check_same_keys, check_writeable

NAMES = {"W": "weight", "b": "bias"}  # of Affine: of nn.Linear


def to_tensor(array: Array) -> torch.Tensor:
    """A tensor of its own memory; torch.from_numpy would share the array's."""
    return torch.from_numpy(array.copy())


def to_array(tensor: torch.Tensor) -> Array:
    """An array of its own memory."""
    return tensor.detach().cpu().numpy().copy()


def torch_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """PyTorch's parameters under NumPy's names, still as PyTorch stores them.

    Raises TypeError for a module with parameters that have no such name.
    """
    if isinstance(module, nn.Linear):
        found = {name: getattr(module, theirs) for name, theirs in NAMES.items()}
    else:
        linears = [child for child in module.children() if isinstance(child, nn.Linear)]
        found = {f"{name}{i}": p for i, linear in enumerate(linears, 1) for name, p in torch_parameters(linear).items()}
    if {id(p) for p in found.values()} != {id(p) for p in module.parameters()}:
        raise TypeError(f"weights: the module must be an nn.Linear with a bias or a row of them, got {module}")
    return found


def copy_to_torch(params: Mapping[str, Array], module: nn.Module) -> None:
    """Writes NumPy's parameters into the module. Raises ValueError, TypeError for other names, shapes, dtypes."""
    _check("copy_to_torch", params, module)
    with torch.no_grad():
        for name, parameter in torch_parameters(module).items():
            parameter.copy_(to_tensor(params[name]).t())


def copy_to_numpy(module: nn.Module, params: Mapping[str, Array]) -> None:
    """Writes the module's parameters into NumPy's arrays, in place. Raises as `copy_to_torch`."""
    _check("copy_to_numpy", params, module)
    for name, value in params.items():
        check_writeable("copy_to_numpy", f"params[{name!r}]", value)
    for name, value in params_of(module).items():
        params[name][...] = value


def params_of(module: nn.Module) -> dict[str, Array]:
    """Copies of the module's parameters, in NumPy's names and shapes."""
    return {name: to_array(parameter.t()) for name, parameter in torch_parameters(module).items()}


def grads_of(module: nn.Module) -> dict[str, Array]:
    """Copies of the gradients that autograd left on the parameters, in NumPy's names and shapes.

    Raises RuntimeError before any backward.
    """
    return {name: gradient_of(name, parameter).T for name, parameter in torch_parameters(module).items()}


def gradient_of(name: str, tensor: torch.Tensor) -> Array:
    """A copy of the gradient that autograd left on a tensor."""
    if tensor.grad is None:
        raise RuntimeError(f"autograd: backward must have left a gradient of {name}, got none")
    return to_array(tensor.grad)


def _check(who: str, params: Mapping[str, Array], module: nn.Module) -> None:
    """Both hold the same parameters, in shape and dtype: PyTorch's own copy_ would broadcast and convert."""
    theirs = params_of(module)
    check_same_keys(who, "params", params, theirs)
    for name, value in theirs.items():
        check_parameter(who, f"params[{name!r}]", params[name], value)
