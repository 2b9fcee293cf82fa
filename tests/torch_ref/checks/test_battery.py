"""Every check on every pair, in every dtype: the registry, and the battery of torch_ref.checks.battery.

Values depend on the dtype, and are checked in both every day. What is kept, copied and refused depends on none of it:
every day in float64, in float32 among the exhaustive tests, and so is the comparison with many digits, for its time.
"""

from functools import partial
from typing import Any

import numpy as np
import pytest

import numpy_impl
from numpy_impl.validation import Array
from torch_ref import PAIRS, Pair, parametrize_with_checks, register
from torch_ref.checks.battery import Check, Subject, checks_of
from torch_ref.checks.check_error import CheckError


def cases(dtype: Any, *, of_every_day: bool) -> pytest.MarkDecorator:
    names, found = parametrize_with_checks(PAIRS.values(), (dtype,), ours=True).mark.args  # type: ignore[attr-defined]
    return pytest.mark.parametrize(names, [one for one in found if is_of_every_day(one, dtype) == of_every_day])


def is_of_every_day(case: Any, dtype: Any) -> bool:
    is_of_values = isinstance(case.values[1], partial)
    return is_of_values or (dtype is np.float64 and "-many_digits-" not in case.id)


@cases(np.float64, of_every_day=True)
def test_pair(subject: Subject, check: Check) -> None:
    check(subject)


@cases(np.float32, of_every_day=True)
def test_pair_in_float32(subject: Subject, check: Check) -> None:
    check(subject)


@pytest.mark.exhaustive
@cases(np.float64, of_every_day=False)
def test_pair_to_many_digits(subject: Subject, check: Check) -> None:
    check(subject)


@pytest.mark.exhaustive
@cases(np.float32, of_every_day=False)
def test_pair_in_float32_in_all_else(subject: Subject, check: Check) -> None:
    check(subject)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_values_are_right_for_other_seeds(pair: Pair, dtype: Any, seed: int) -> None:
    for name, check in checks_of(pair).items():
        if name == "forward" or name.endswith("_gradient"):
            check(Subject(pair, dtype, seed=seed))


def test_every_public_layer_is_registered() -> None:
    public = {getattr(numpy_impl, name) for name in numpy_impl.__all__}
    layers = {c for c in public if any(hasattr(c, name) for name in ("backward", "gradient", "update"))}
    # Any network has a pair, which is put together from those of its layers; one of them stands for all.
    layers -= {numpy_impl.Layer, numpy_impl.Loss, numpy_impl.Network, numpy_impl.MultiLayerNet}
    assert layers == {pair.layer for pair in PAIRS.values()}


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="register: a pair must have a name of its own, got 'relu' once more"):
        register(PAIRS["relu"])


def test_a_layer_that_drops_the_imaginary_part_is_caught() -> None:
    class RealOnly(numpy_impl.Affine):
        def forward(self, x: Array) -> Array:
            return super().forward(x).real.copy()

    checks_of(PAIRS["affine"])["dtype_and_shape"](Subject(PAIRS["affine"], np.float64, RealOnly))
    with pytest.raises(CheckError, match="y must be complex128, got float64"):
        checks_of(PAIRS["affine"])["complex_dtype"](Subject(PAIRS["affine"], np.float64, RealOnly))


@pytest.mark.parametrize("check", ["complex_step", "many_digits"])
def test_the_other_oracles_name_the_first_entry_that_is_outside(check: str) -> None:
    class Doubled(numpy_impl.ReLU):
        def backward(self, dout: Array) -> Array:
            return 2 * super().backward(dout)

    says = r"dx on ordinary: outside in \d+ of 30 entries, the first, \(0, \d\), by -?\d\.\de[+-]\d+ where"
    with pytest.raises(CheckError, match=says):
        checks_of(PAIRS["relu"])[check](Subject(PAIRS["relu"], np.float64, Doubled))
