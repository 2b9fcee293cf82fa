"""The check that a layer computes with its parameters as they are now."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.checks.calls import copied, forward_alone, is_equal, refilled
from torch_ref.checks.check_error import CheckError, raise_worst
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.explain import reproduces
from torch_ref.diagnosis.finding import finding
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Example, Pair
from torch_ref.results import results

WAYS = ("assigned", "changed in place")


def check_parameters_take_effect(subject: Subject) -> None:
    """A parameter that is assigned or changed in place takes effect in every result, also after a first call."""
    raise_worst(_without_effect(subject))


def _without_effect(subject: Subject) -> Iterator[CheckError]:
    """A parameter may be changed in one of the two ways alone; but one of them must be right.

    Between forward and backward the old value is as right as the new one, and so is what a layer makes of both.
    """
    usual, bounds = subject.results(subject.pair.ordinary), subject.bounds(subject.pair.ordinary)
    twice = subject.example(subject.pair.ordinary)
    results(subject.pair, copied(twice))
    again = results(subject.pair, twice)  # which gradients that add up are not in
    right = [n for n, value in usual.items() if finding(value, bounds[n], n).ok and is_equal(again[n], value)]
    for name in subject.pair.parameters:
        for run in (results, forward_alone):
            ways = [list(_stale(subject, name, how, run, right)) for how in WAYS]
            for found in ways:
                for one in found:
                    if not one.tensor and not all(ways):  # no effect at all, and the other way has it
                        one.severity = Severity.ADVICE
                    yield one


def _changed(layer: Any, name: str, how: str) -> Array:
    """The new value of the parameter. Raises CheckError where the layer takes none."""
    value = 2 * np.array(places.parameter(layer, name)) + 1
    if how == "assigned":
        places.assign(layer, name, value.copy())
        return value
    try:
        places.parameter(layer, name)[...] = value
    except ValueError as error:
        raise CheckError(f"its parameter {name} cannot be changed in place: {error}", method="forward") from None
    return value


def _stale(
    subject: Subject, name: str, how: str, run: Callable[[Pair, Example], Any], right: list[str]
) -> Iterator[CheckError]:
    """After a run on the same data, in the same arrays."""
    pair, case, usual = subject.pair, subject.case(subject.pair.ordinary), subject.results(subject.pair.ordinary)
    example = subject.example(pair.ordinary)
    data = copied(example)
    run(pair, example)
    try:
        value = _changed(example.layer, name, how)
    except CheckError as error:
        yield CheckError(error.sentence, method="forward")
        return
    found, now_right = results(pair, refilled(example, data)), case.given(params={name: value})
    if all(is_equal(found[one], old) and np.isfinite(old).all() for one, old in usual.items()):
        yield CheckError(f"{name}, once it is {how}, has no effect on any result")
        return
    for one in right:
        if finding(found[one], now_right[one], one).is_wrong:
            is_old = reproduces(found[one], case.right[one], case)
            stale = f": it is still that of {name} as it was" if is_old else ""
            yield CheckError(f"{one} is not that of {name} once that is {how}{stale}", tensor=one)
