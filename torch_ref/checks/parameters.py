"""The check that a layer computes with its parameters as they are now."""

from collections.abc import Iterator

import numpy as np

from torch_ref import places
from torch_ref.checks.check_error import CheckError, raise_worst
from torch_ref.checks.state import copied, is_equal
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.finding import finding
from torch_ref.diagnosis.severity import Severity
from torch_ref.oracles.autograd import Results
from torch_ref.results import results


def check_parameters_take_effect(subject: Subject) -> None:
    """A parameter that is assigned or changed in place takes effect in every result, also after a first call."""
    raise_worst(_without_effect(subject))


def _without_effect(subject: Subject) -> Iterator[CheckError]:
    """A parameter may be changed in one of the two ways alone; but one of them must be right."""
    usual, bounds = subject.results(subject.pair.ordinary), subject.bounds(subject.pair.ordinary)
    twice = subject.example(subject.pair.ordinary)
    results(subject.pair, copied(twice))
    again = results(subject.pair, twice)  # which gradients that add up are not in
    right = [n for n, value in usual.items() if finding(value, bounds[n], n).ok and is_equal(again[n], value)]
    for name in subject.pair.parameters:
        ways = [list(_stale(subject, name, how, usual, right)) for how in ("assigned", "changed in place")]
        for found in ways:
            for one in found:
                if not one.tensor and not all(ways):  # no effect at all, and the other way has it
                    one.severity = Severity.ADVICE
                yield one


def _stale(subject: Subject, name: str, how: str, usual: Results, right: list[str]) -> Iterator[CheckError]:
    pair, case = subject.pair, subject.case(subject.pair.ordinary)
    example = subject.example(pair.ordinary)
    results(pair, copied(example))
    value = 2 * np.array(places.parameter(example.layer, name)) + 1
    try:
        if how == "assigned":
            places.assign(example.layer, name, value)
        else:
            places.parameter(example.layer, name)[...] = value
    except CheckError as error:
        yield CheckError(error.sentence, method="forward")
        return
    found, now_right = results(pair, example), case.given(params={name: value})
    if all(is_equal(found[one], old) and np.isfinite(old).all() for one, old in usual.items()):
        yield CheckError(f"{name}, once it is {how}, has no effect on any result")
        return
    for one in right:
        if finding(found[one], now_right[one], one).is_wrong:
            stale = f"{one} is not that of {name} once that is {how}: the layer computes with a copy"
            yield CheckError(stale, tensor=one)
