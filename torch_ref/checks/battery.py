"""The checks that every pair must pass, by name: each a function of a subject that raises AssertionError.

`parametrize_with_checks` makes a test of each.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from torch_ref.checks import contract, parameters, state, values
from torch_ref.checks.any_dout import check_any_dout
from torch_ref.checks.chance import check_repeatable
from torch_ref.checks.optimizer_state import check_optimizer_state
from torch_ref.checks.second_call import check_second_call
from torch_ref.checks.subject import Subject
from torch_ref.pair import Kind, Pair

__all__ = ["Check", "Subject", "checks_of"]

Check: TypeAlias = Callable[[Subject], None]


def checks_of(pair: Pair, *, ours: bool = True) -> dict[str, Check]:
    """The checks by name: one for each tensor that the pair has, those of every layer, and those of `ours`.

    The last ones ask for what only the layers of this package promise: complex numbers, NaN and infinity as PyTorch
    has them, refusals in their own words; and the formula for many digits.
    """
    found: dict[str, Check] = {c: partial(values.check_values, name=n) for c, n in tensors_of(pair).items()}
    return found | (OF_OPTIMIZERS if pair.kind is Kind.OPTIMIZER else EVERYBODYS | (OURS if ours else {}))


def tensors_of(pair: Pair) -> dict[str, str]:
    """The checks of values, and the tensor that each is of."""
    first, *others = pair.outputs
    named = {"forward" if pair.kind is not Kind.OPTIMIZER else "update": first, **{f"{n}_output": n for n in others}}
    inputs = {"input_gradient" if name == "x" else f"{name}_gradient": f"d{name}" for name in pair.input_gradients}
    return named | inputs | {f"{n}_gradient": f"d{n}" for n in pair.parameters} | {n: n for n in pair.buffers}


EVERYBODYS: dict[str, Check] = {
    "dtype_and_shape": contract.check_dtype_and_shape,
    "memory_layouts": contract.check_memory_layouts,
    "arguments_unmodified": contract.check_arguments_unmodified,
    "repeatable": check_repeatable,
    "second_call": check_second_call,
    "parameters_take_effect": parameters.check_parameters_take_effect,
    "any_dout": check_any_dout,
    "backward_twice": state.check_backward_twice,
    "results_are_the_callers": state.check_results_are_the_callers,
}


OURS: dict[str, Check] = {
    "complex_dtype": contract.check_complex_dtype,
    "complex_step": values.check_complex_step,
    "many_digits": values.check_many_digits,
    "infinity_and_nan": values.check_infinity_and_nan,
    "bad_inputs": contract.check_bad_inputs,
}

OF_OPTIMIZERS: dict[str, Check] = {
    "dtype_and_shape": contract.check_dtype_and_shape,
    "memory_layouts": contract.check_memory_layouts,
    "arguments_unmodified": contract.check_arguments_unmodified,
    "repeatable": check_repeatable,
    "second_call": check_second_call,
    "optimizer_state": check_optimizer_state,
    "many_digits": values.check_many_digits,
    "bad_inputs": contract.check_bad_inputs,
}
