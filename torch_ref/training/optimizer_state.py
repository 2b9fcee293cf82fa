"""What an optimizer of PyTorch keeps of a parameter, read and written under NumPy's names and in NumPy's shapes."""

from collections.abc import Mapping
from typing import Any

import torch

from numpy_impl.validation import Array, check_parameter
from numpy_impl.validation.optimizers import check_count
from torch_ref.training.weights import Names, paths_of, read, to_array, to_tensor, write

COUNT = "step"  # PyTorch's name for the number of steps, which it keeps as a tensor of floats


def read_state(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Any], rule: str, names: Names) -> dict[str, Any]:
    """Copies, of the parameter that `rule` makes of these tensors; empty before its first step.

    Of a sum it is that of the first term, as the gradient is.
    """
    rule = rule.split("+", maxsplit=1)[0]
    kept = {path: optimizer.state.get(tensors[path], {}) for path in paths_of(rule)}
    if any(one.get(theirs) is None for one in kept.values() for theirs in names.values()):
        return {}
    entries = {ours: {path: one[theirs] for path, one in kept.items()} for ours, theirs in names.items()}
    return {
        ours: int(next(iter(found.values()))) if names[ours] == COUNT else to_array(read(rule, found))
        for ours, found in entries.items()
    }


def optimizer_states_in(
    states: Mapping[str, Any], params: Mapping[str, Array], names: Names
) -> dict[str, dict[str, dict[str, Any]]]:
    """By side and parameter what "numpy.W1.m", "torch.W1.t", ... hold, of a network with these parameters.

    Raises TypeError, ValueError for other names, shapes, dtypes and counts.
    """
    who = "SideBySide"
    found: dict[str, dict[str, dict[str, Any]]] = {side: {name: {} for name in params} for side in ("numpy", "torch")}
    for key, value in states.items():
        side, _, rest = str(key).partition(".")
        name, _, entry = rest.rpartition(".")
        if name not in found.get(side, ()) or entry not in names:
            wanted = f"names such as {', '.join(f'numpy.{next(iter(params))}.{one}' for one in names) or 'none'}"
            raise ValueError(f"{who}: states must have {wanted}, got {key}")
        if names[entry] == COUNT:
            check_count(who, key, value)
        else:
            check_parameter(who, key, value, like=params[name])
        found[side][name][entry] = int(value) if names[entry] == COUNT else value
    for side, of_side in found.items():
        for name, kept in of_side.items():
            if kept and kept.keys() != names.keys():
                missing = ", ".join(sorted(names.keys() - kept.keys()))
                raise ValueError(f"{who}: states must hold all of {side}.{name}, got none for {missing}")
    return {side: {name: kept for name, kept in of_side.items() if kept} for side, of_side in found.items()}


@torch.no_grad()
def write_state(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, Any], rule: str, names: Names, state: Mapping[str, Any]
) -> None:
    """Puts it in the place of what there is; an empty one is that before the first step, zeros."""
    if not names:
        return
    paths = paths_of(rule)
    for path in paths:
        optimizer.state[tensors[path]] = {COUNT: torch.tensor(0.0)}
    for ours, theirs in names.items():
        if theirs == COUNT:
            for path in paths:
                optimizer.state[tensors[path]][COUNT] = torch.tensor(float(state.get(ours, 0)))
            continue
        entries = {path: torch.zeros_like(tensors[path]) for path in paths}
        if state:
            for term in rule.split("+"):
                write(term, entries, to_tensor(state[ours]))
        for path, entry in entries.items():
            optimizer.state[tensors[path]][theirs] = entry
