"""Options of a user's layer, filled from its twin where their names tell: stride, padding, eps, a dict `conv_param`."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

# What others call PyTorch's attributes.
ALIASES = {
    "pad": "padding", "slope": "negative_slope", "leak": "negative_slope", "epsilon": "eps", "kernel": "kernel_size",
    "ksize": "kernel_size", "k": "kernel_size", "filter_size": "kernel_size", "pool_size": "kernel_size",
    "pool_h": "kernel_size", "pool_w": "kernel_size", "f": "kernel_size", "size": "kernel_size", "axis": "dim",
    "alpha": "negative_slope", "dropout_ratio": "p", "ratio": "p", "rate": "p", "drop_prob": "p", "dropout": "p",
    "heads": "num_heads", "n_heads": "num_heads", "n_head": "num_heads", "nheads": "num_heads", "h": "num_heads",
    "dropout_rate": "p", "dropout_p": "p", "prob": "p",
}  # fmt: skip
KEPT = ("keep_prob", "keep_probability", "p_keep", "keep_p")  # of dropout: 1 - p
DICTS: dict[str, Mapping[str, str]] = {
    "conv_param": {"stride": "stride", "pad": "padding"},
    "pool_param": {"pool_height": "kernel_size", "pool_width": "kernel_size", "stride": "stride"},
    "dropout_param": {"p": "p"},
    "bn_param": {"eps": "eps", "momentum": "momentum"},
    "ln_param": {"eps": "eps"},
    "gn_param": {"eps": "eps"},
    "hparameters": {"stride": "stride", "pad": "padding", "f": "kernel_size"},
}


def options_from(module: nn.Module, make: Callable[..., Any]) -> dict[str, Any]:
    """Those that a constructor or function takes and the module has."""
    found = {}
    for parameter in inspect.signature(make).parameters.values():
        name = parameter.name.lower()
        if name in DICTS:
            has = {own: _value(module, theirs) for own, theirs in DICTS[name].items()}
            found[parameter.name] = {"mode": "train"} | {own: value for own, value in has.items() if value is not None}
        else:
            values = (_value(module, one) for one in (name, ALIASES.get(name, name)))
            value = next((one for one in values if one is not None), None)
            p = vars(module).get("p")
            if name in KEPT and isinstance(p, float):
                value = 1 - p
            if value is not None and name not in ("bias", "weight"):
                found[parameter.name] = value
    return found


def _value(module: nn.Module, name: str) -> Any:
    """A number, or one for all axes."""
    value = vars(module).get(name)
    if isinstance(value, tuple) and len(set(value)) == 1:
        value = value[0]
    return value if isinstance(value, int | float | str) and name != "training" else None
