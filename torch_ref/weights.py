"""Copies weights and gradients between the frameworks: the one place that knows how each of them stores a matrix.

Affine keeps W as (in, out) for y = x W; nn.Linear keeps its weight as (out, in) for y = x weightᵀ. `Names` say so: they
map NumPy's name of a parameter to PyTorch's, with ".T" where the matrix is transposed on the way. In a network the i-th
Affine's W and b are Wi and bi.
"""

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch import nn

from numpy_impl.checks import Array, check_parameter, check_same_keys, check_writeable

Names: TypeAlias = Mapping[str, str]

LINEAR: Names = {"W": "weight.T", "b": "bias"}


def to_tensor(array: Array) -> torch.Tensor:
    """A tensor of its own memory; torch.from_numpy would share the array's."""
    return torch.from_numpy(array.copy())


def to_array(tensor: torch.Tensor) -> Array:
    """An array of its own memory."""
    return tensor.detach().cpu().numpy().copy()


def names_of(module: nn.Module) -> Names:
    """The names of an nn.Linear, or of a row of them."""
    if isinstance(module, nn.Linear):
        return LINEAR
    linears = [name for name, child in module.named_children() if isinstance(child, nn.Linear)]
    return {
        f"{name}{i}": f"{linear}.{theirs}" for i, linear in enumerate(linears, 1) for name, theirs in LINEAR.items()
    }


def torch_parameters(module: nn.Module, names: Names | None = None) -> dict[str, nn.Parameter]:
    """PyTorch's parameters under NumPy's names, still as PyTorch stores them.

    Raises TypeError for a module with other parameters than those named.
    """
    paths = {name: path.removesuffix(".T") for name, path in _or_its_own(names, module).items()}
    theirs = dict(module.named_parameters())
    if sorted(paths.values()) != sorted(theirs):
        wanted = ", ".join(sorted(paths.values())) or "those of an nn.Linear with a bias or of a row of them"
        raise TypeError(f"weights: the parameters must be {wanted}, got {', '.join(sorted(theirs)) or 'none'}")
    return {name: theirs[path] for name, path in paths.items()}


def copy_to_torch(
    params: Mapping[str, Array], module: nn.Module, names: Names | None = None, *, who: str = "copy_to_torch"
) -> None:
    """Writes NumPy's parameters into the module.

    Raises ValueError, TypeError for other names, shapes, dtypes, in whose name `who` says.
    """
    _check(who, params, module, names)
    with torch.no_grad():
        for name, parameter in torch_parameters(module, names).items():
            _as_numpy_stores(name, parameter, _or_its_own(names, module)).copy_(to_tensor(params[name]))


def copy_to_numpy(module: nn.Module, params: Mapping[str, Array], names: Names | None = None) -> None:
    """Writes the module's parameters into NumPy's arrays, in place. Raises as `copy_to_torch`."""
    _check("copy_to_numpy", params, module, names)
    for name, value in params.items():
        check_writeable("copy_to_numpy", f"params[{name!r}]", value)
    for name, value in params_of(module, names).items():
        params[name][...] = value


def params_of(module: nn.Module, names: Names | None = None) -> dict[str, Array]:
    """Copies of the module's parameters, in NumPy's names and shapes."""
    return {
        name: to_array(_as_numpy_stores(name, parameter, _or_its_own(names, module)))
        for name, parameter in torch_parameters(module, names).items()
    }


def grads_of(module: nn.Module, names: Names | None = None) -> dict[str, Array]:
    """Copies of the gradients that autograd left on the parameters, in NumPy's names and shapes.

    Raises RuntimeError before any backward.
    """
    return {
        name: to_array(_as_numpy_stores(name, gradient_of(name, parameter), _or_its_own(names, module)))
        for name, parameter in torch_parameters(module, names).items()
    }


def gradient_of(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """The gradient that autograd left on a tensor."""
    if tensor.grad is None:
        raise RuntimeError(f"autograd: backward must have left a gradient of {name}, got none")
    return tensor.grad


def _or_its_own(names: Names | None, module: nn.Module) -> Names:
    return names_of(module) if names is None else names


def _as_numpy_stores(name: str, tensor: torch.Tensor, names: Names) -> torch.Tensor:
    """A view of the tensor in NumPy's shape."""
    return tensor.T if names[name].endswith(".T") else tensor


def _check(who: str, params: Mapping[str, Array], module: nn.Module, names: Names | None) -> None:
    """Both hold the same parameters, in shape and dtype: PyTorch's own copy_ would broadcast and convert."""
    theirs = params_of(module, names)
    check_same_keys(who, "params", params, theirs)
    for name, value in theirs.items():
        check_parameter(who, f"params[{name!r}]", params[name], value)
