"""How a user's layer is called: the names of its methods, and what their arguments are, told by their names."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from torch_ref.pair import Kind

FORWARD = ("forward", "__call__", "call", "fprop", "forward_pass", "forward_propagation", "fn", "loss")
DERIVATIVES = ("gradient", "grad", "derivative", "prime")  # which may be functions of x alone
BACKWARD = (
    "backward", *DERIVATIVES, "backprop", "bprop", "backward_pass", "back_propagation", "backward_propagation",
)  # fmt: skip
NAMES = {
    Kind.LAYER: (FORWARD[:-1], BACKWARD),
    Kind.LOSS: (FORWARD, BACKWARD),
    Kind.NETWORK: (("loss", "forward"), ("gradient", "backward")),
}

INPUTS = ("x", "input", "inputs", "a", "a_prev", "data")
OF_DERIVATIVES = ("x", "z", "input", "inputs", "a")
TARGETS = ("y_true", "t", "target", "targets", "label", "labels", "actual", "truth", "y")
PREDICTIONS = (
    "y_pred", "y_hat", "yhat", "pred", "predicted", "prediction", "predictions", "logits", "scores", "x", "z", "output",
)  # fmt: skip
STATES = (
    "h", "h_prev", "prev_h", "h0", "hx", "hprev", "h_prev_t", "hidden", "state", "prev_state", "c", "c_prev", "prev_c",
    "c0", "cx", "cprev", "k", "key", "keys", "v", "value", "values", "x2", "other",
)  # fmt: skip
RATES = ("lr", "learning_rate", "eta", "step_size")
CACHES = ("cache", "caches", "ctx", "memory")
EVALUATION = ("eval", "evaluate", "evaluation", "test", "testing", "is_test", "inference")
MODES = ("training", "train", "is_training", "train_flg", "train_flag")


def method_of(cls: Any, names: Sequence[str]) -> str:
    """The first of these that the class has; empty if it has none."""
    for name in names:
        found = getattr(cls, name, None)
        if callable(found) and not (name == "__call__" and isinstance(found, type(object.__call__))):
            return name
    return ""


def arguments_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The arguments by position; none where they are not known."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [one for one in found if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]


def arguments(function: Callable[..., Any], given: Sequence[Any], by_name: Mapping[tuple[str, ...], Any]) -> list[Any]:
    """The values in the order of the function's arguments: those that their names tell, and the given ones in turn.

    An argument with a default keeps it, unless it is one of the given ones, or a mode, which is true or false.
    """
    left, found = list(given), []
    wanted = arguments_of(function)
    if not wanted:  # (*args), or unknown
        return left
    for i, one in enumerate(wanted):
        name = one.name.lower().lstrip("_")
        known = [value for names, value in by_name.items() if name in names]
        needed = len([other for other in wanted[i:] if other.default is other.empty])
        is_mode = isinstance(one.default, bool) and not left
        if known and (is_mode or (one.default is one.empty and needed > len(left))):
            found.append(known[0])
        elif left:
            found.append(left.pop(0))
        else:
            break
    return found


def is_derivative(method: Callable[..., Any]) -> bool:
    """Whether a method is a derivative, grad(x), that knows no dout."""
    needed = [one.name.lower() for one in arguments_of(method) if one.default is one.empty]
    return getattr(method, "__name__", "") in DERIVATIVES and len(needed) == 1 and needed[0] in OF_DERIVATIVES


def inputs_of(cls: Any, forward: str) -> list[str]:
    """The names of the inputs of a class's forward: the first one is x, beside it may be states, keys or values."""
    return list(getattr(cls, "data_names", None) or data_of(arguments_of(getattr(cls, forward))[1:]))


def data_of(arguments: Sequence[inspect.Parameter]) -> list[str]:
    """The names of the arguments that are data, of a function's."""
    return ["x", *takewhile(lambda name: name.lower().lstrip("_") in STATES, [one.name for one in arguments[1:]])]


def targets_come_first(function: Callable[..., Any]) -> bool:
    """As in loss(y_true, y_pred)."""
    names = [one.name.lower() for one in arguments_of(function)[:2]]
    return len(names) == 2 and names[0] in TARGETS and names[1] in PREDICTIONS
