"""Copies weights and gradients between the frameworks: the one place that knows how each of them stores a matrix.

`Names` map NumPy's name of a parameter to the rule by which it is made of PyTorch's::

    "weight"            as it is
    "weight.T"          transposed: Affine keeps W as (in, out) for y = x W, nn.Linear its weight as (out, in)
    "q.weight.T|k.weight.T"   side by side, along the last axis
    "bias_ih+bias_hh"   the sum; written, the first of them takes it all
"""

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch import nn

from numpy_impl.validation import Array, check_parameter, check_same_keys, check_writeable

Names: TypeAlias = Mapping[str, str]
Tensors: TypeAlias = Mapping[str, torch.Tensor]

LINEAR: Names = {"W": "weight.T", "b": "bias"}


def to_tensor(array: Array) -> torch.Tensor:
    """A tensor of its own memory; torch.from_numpy would share the array's."""
    return torch.from_numpy(array.copy())


def to_array(tensor: torch.Tensor) -> Array:
    """An array of its own memory."""
    return tensor.detach().cpu().numpy().copy()


def paths_of(rule: str) -> list[str]:
    """PyTorch's names in a rule."""
    return [path.removesuffix(".T") for path in rule.replace("|", "+").split("+")]


def read(rule: str, tensors: Tensors) -> torch.Tensor:
    """What a rule makes of PyTorch's tensors: of one of them a view, in NumPy's shape."""
    if "+" in rule:
        return torch.stack([read(part, tensors) for part in rule.split("+")]).sum(0)
    if "|" in rule:
        return torch.cat([read(part, tensors) for part in rule.split("|")], -1)
    return tensors[rule.removesuffix(".T")].T if rule.endswith(".T") else tensors[rule]


def write(rule: str, tensors: Tensors, value: torch.Tensor) -> None:
    """Puts a value into PyTorch's tensors, so that `read` gives it back."""
    if "+" in rule:
        first, *others = rule.split("+")
        write(first, tensors, value)
        for other in others:
            read(other, tensors).zero_()
    elif "|" in rule:
        parts = rule.split("|")
        sizes = [read(part, tensors).shape[-1] for part in parts]
        for part, columns in zip(parts, torch.split(value, sizes, -1), strict=True):
            write(part, tensors, columns)
    else:
        read(rule, tensors).copy_(value)


def names_of(module: nn.Module) -> Names:
    """The names of an nn.Linear, or of a row of them: in a network the i-th Affine's W and b are Wi and bi."""
    if isinstance(module, nn.Linear):
        return LINEAR
    linears = [name for name, child in module.named_children() if isinstance(child, nn.Linear)]
    return {
        f"{name}{i}": f"{linear}.{theirs}" for i, linear in enumerate(linears, 1) for name, theirs in LINEAR.items()
    }


def copy_to_torch(
    params: Mapping[str, Array], module: nn.Module, names: Names | None = None, *, who: str = "copy_to_torch"
) -> None:
    """Writes NumPy's parameters into the module's, in place; `names` by default those of `names_of`.

    Raises ValueError, TypeError for other names, shapes, dtypes, in whose name `who` says.
    """
    names = names_of(module) if names is None else names
    _check(who, params, module, names)
    theirs = _parameters(module, names)
    with torch.no_grad():
        for name, rule in names.items():
            write(rule, theirs, to_tensor(params[name]))


def copy_to_numpy(module: nn.Module, params: Mapping[str, Array], names: Names | None = None) -> None:
    """Writes the module's parameters into NumPy's arrays, in place. Raises as `copy_to_torch`."""
    names = names_of(module) if names is None else names
    _check("copy_to_numpy", params, module, names)
    for name, value in params.items():
        check_writeable("copy_to_numpy", f"params[{name!r}]", value)
    for name, value in params_of(module, names).items():
        params[name][...] = value


def params_of(module: nn.Module, names: Names | None = None) -> dict[str, Array]:
    """Copies of the module's parameters, in NumPy's names and shapes."""
    names = names_of(module) if names is None else names
    theirs = _parameters(module, names)
    return {name: to_array(read(rule, theirs)) for name, rule in names.items()}


def grads_of(module: nn.Module, names: Names | None = None) -> dict[str, Array]:
    """Copies of the gradients that autograd left on the parameters, in NumPy's names and shapes.

    The gradient of a sum is that of each of its terms. Raises RuntimeError before any backward.
    """
    names = names_of(module) if names is None else names
    theirs = _parameters(module, names)
    found = {}
    for name, rule in names.items():
        rule = rule.split("+")[0]
        found[name] = to_array(read(rule, {path: gradient_of(name, theirs[path]) for path in paths_of(rule)}))
    return found


def gradient_of(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """The gradient that autograd left on a tensor."""
    if tensor.grad is None:
        raise RuntimeError(f"autograd: backward must have left a gradient of {name}, got none")
    return tensor.grad


def _parameters(module: nn.Module, names: Names) -> dict[str, torch.Tensor]:
    """By PyTorch's names. Raises TypeError for a module with other parameters than those named."""
    theirs: dict[str, torch.Tensor] = dict(module.named_parameters())
    paths = [path for rule in names.values() for path in paths_of(rule)]
    if sorted(paths) != sorted(theirs):
        wanted = ", ".join(sorted(paths)) or "those of an nn.Linear with a bias or of a row of them"
        raise TypeError(f"weights: the parameters must be {wanted}, got {', '.join(sorted(theirs)) or 'none'}")
    return theirs


def _check(who: str, params: Mapping[str, Array], module: nn.Module, names: Names) -> None:
    """Both hold the same parameters, in shape and dtype: PyTorch's own copy_ would broadcast and convert."""
    theirs = params_of(module, names)
    check_same_keys(who, "params", params, theirs)
    for name, value in theirs.items():
        check_parameter(who, f"params[{name!r}]", params[name], value)
