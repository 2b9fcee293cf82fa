"""The checks that every pair must pass, by name: each a function of a subject that raises AssertionError.

`parametrize_with_checks` makes a test of each.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from torch_ref import contract_checks, state_checks, value_checks
from torch_ref.pair import Pair
from torch_ref.repeatability import check_repeatable
from torch_ref.subject import Subject

__all__ = ["Check", "Subject", "checks_of"]

Check: TypeAlias = Callable[[Subject], None]


def checks_of(pair: Pair, *, ours: bool = True) -> dict[str, Check]:
    """The checks by name: one for each tensor that the pair has, those of every layer, and those of `ours`.

    The last ones ask for what only the layers of this package promise: complex numbers, NaN and infinity as PyTorch
    has them, refusals in their own words; and the formula for many digits.
    """
    values: dict[str, Check] = {c: partial(value_checks.check_values, name=n) for c, n in tensors_of(pair).items()}
    return values | EVERYBODYS | (OURS if ours else {})


def tensors_of(pair: Pair) -> dict[str, str]:
    """The checks of values, and the tensor that each is of."""
    names = Subject(pair, float).bounds(pair.ordinary)
    return {"forward" if n in ("y", "loss") else f"{'input' if n == 'dx' else n[1:]}_gradient": n for n in names}


EVERYBODYS: dict[str, Check] = {
    "dtype_and_shape": contract_checks.check_dtype_and_shape,
    "memory_layouts": contract_checks.check_memory_layouts,
    "arguments_unmodified": contract_checks.check_arguments_unmodified,
    "repeatable": check_repeatable,
    "second_call": state_checks.check_second_call,
    "parameters_take_effect": state_checks.check_parameters_take_effect,
    "backward_twice": state_checks.check_backward_twice,
    "results_are_the_callers": state_checks.check_results_are_the_callers,
}


OURS: dict[str, Check] = {
    "complex_dtype": contract_checks.check_complex_dtype,
    "complex_step": value_checks.check_complex_step,
    "many_digits": value_checks.check_many_digits,
    "infinity_and_nan": value_checks.check_infinity_and_nan,
    "bad_inputs": contract_checks.check_bad_inputs,
}
