"""The check that results have no trace of another call: of the same layer, or of another one of its class."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.checks.calls import copied, forward_alone, has_backward, is_equal, refilled
from torch_ref.checks.check_error import CheckError, raise_worst
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.case import Case, case_of
from torch_ref.diagnosis.explain import reproduces
from torch_ref.diagnosis.severity import Severity
from torch_ref.oracles.autograd import Results
from torch_ref.pair import Example, Kind
from torch_ref.results import gradients_of, raw_results, results


def check_second_call(subject: Subject) -> None:
    """Results on a batch have no trace of another one."""
    raise_worst(_second_calls(subject))


def _second_calls(subject: Subject) -> Iterator[CheckError]:
    adds_up = set()
    for found in chain(_after_another_batch(subject), _beside_another_layer(subject), _in_the_same_array(subject)):
        yield found
        adds_up |= {found.tensor} if found.severity is Severity.CONVENTION else set()
    others = [f"d{name}" for name in subject.pair.parameters if f"d{name}" not in adds_up]
    if adds_up and others:  # a convention is one of all gradients
        tensors, rest = ", ".join(sorted(adds_up)), ", ".join(others)
        yield CheckError(f"{tensors} in a second call: {ADDS_UP}, and {rest} does not", [ADDS_UP], tensor=tensors)


def _after_another_batch(subject: Subject) -> Iterator[CheckError]:
    """Run through backward or not."""
    pair = subject.pair
    for earlier in _earlier_batches(subject):
        now = subject.example(pair.ordinary)
        earlier = earlier._replace(layer=now.layer)
        before, after = case_of(pair, earlier), case_of(pair, now)
        raw_results(pair, copied(earlier))  # each call gets arrays of its own, for it might edit them
        yield from _traces(subject, results(pair, copied(now)), before, after, "in a second call")
        if pair.kind is not Kind.OPTIMIZER:
            forward_alone(pair, copied(earlier))
            found, added = results(pair, copied(now)), [before, after]
            yield from _traces(subject, found, before, after, "after a forward without a backward", added)
    yield from _after_the_same_bytes(subject)


def _earlier_batches(subject: Subject) -> Iterator[Example]:
    """Of the same size or another; and those that differ in one of several inputs alone."""
    pair, other = subject.pair, subject.other_batch()
    yield other
    yield subject.example(pair.another)
    for name in other.inputs if len(other.inputs) > 1 and pair.kind is not Kind.OPTIMIZER else ():
        now = subject.example(pair.ordinary)
        yield now._replace(inputs={**now.inputs, name: other.inputs[name]})


def _after_the_same_bytes(subject: Subject) -> Iterator[CheckError]:
    """In another shape, where the layer takes it."""
    pair, now = subject.pair, subject.example(subject.pair.ordinary)
    arrays = [one for one in (*now.inputs.values(), *now.upstream.values()) if np.ndim(one)]
    are_alike = len({array.shape for array in arrays}) == 1 and arrays[0].ndim == 2
    if pair.kind is Kind.OPTIMIZER or pair.parameters or not are_alike:
        return
    earlier = now._replace(inputs=_turned(now.inputs), upstream=_turned(now.upstream))
    cases = case_of(pair, earlier), case_of(pair, now)
    with suppress(Exception):  # it may be made for this shape alone
        raw_results(pair, copied(earlier))
    yield from _traces(subject, results(pair, copied(now)), *cases, "after the same numbers in another shape")


def _turned(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one.reshape(one.shape[::-1]) if np.ndim(one) else one for name, one in values.items()}


def _beside_another_layer(subject: Subject) -> Iterator[CheckError]:
    """Run by another layer of the class, between forward and backward, or before the gradients are read."""
    pair = subject.pair
    runs: Sequence[Callable[..., object]] = (forward_alone, raw_results) if has_backward(pair) else ()
    for run in runs:
        now, other = subject.example(pair.ordinary), subject.other_batch()
        cases = case_of(pair, other), case_of(pair, now)
        y = now.layer.forward(*now.inputs.values())
        run(pair, copied(other))
        got = {pair.outputs[0]: np.array(y)} | gradients_of(pair, now)
        got = {name: np.array(value) for name, value in got.items()}  # before any other layer of the class is run
        yield from _traces(subject, got, *cases, "while another layer of the class is used")
        raw_results(pair, copied(other))
        left = {f"d{name}": places.gradient(now.layer, name) for name in pair.parameters}
        yield from _traces(subject, left, *cases, "after another layer of the class is used")


def _in_the_same_array(subject: Subject) -> Iterator[CheckError]:
    """Handed in in the same array."""
    pair = subject.pair
    now = subject.example(pair.ordinary)
    earlier = subject.other_batch()._replace(layer=now.layer)
    cases = case_of(pair, earlier), case_of(pair, now)
    raw_results(pair, earlier)
    found = results(pair, refilled(earlier, now))
    yield from _traces(subject, found, *cases, "with other data in the same array")


def _traces(
    subject: Subject, got: Results, earlier: Case, now: Case, when: str, added: Sequence[Case] = ()
) -> Iterator[CheckError]:
    """What is neither the result of a first call nor, where that is right, as right as it.

    `added` are the cases whose gradients are in a sum of all calls: that of `earlier`, if none are given.
    """
    case = subject.case(subject.pair.ordinary)
    for name, wanted in subject.results(subject.pair.ordinary).items():
        if name in subject.pair.buffers or name not in got or is_equal(got[name], wanted):
            continue
        right = case.right[name]
        if reproduces(wanted, right, case) and reproduces(got[name], right, case):
            continue
        cause = _trace_of(name, got[name], earlier, now, added or [earlier])
        severity = Severity.CONVENTION if cause == ADDS_UP else Severity.WRONG
        yield CheckError(f"{name} {when}: {cause or ANOTHER_CALL}", [cause], tensor=name, severity=severity)


ANOTHER_CALL = "it is another than in a first call: something is left from the call before"
ADDS_UP = "it adds up over calls"


def _trace_of(name: str, got: Array, earlier: Case, now: Case, added: Sequence[Case]) -> str:
    """The trace of the first call in the values of a second one; none, where these are right."""
    stale: dict[str, Any] = {
        "": lambda: now.right[name],
        "it is that of the call before": lambda: earlier.right[name],
        ADDS_UP: lambda: sum((case.right[name] for case in added), now.right[name]),
    }
    if earlier.x.shape == now.x.shape:
        together = [[one] for one in earlier.inputs] + ([[*earlier.inputs]] if len(earlier.inputs) > 1 else [])
        for some in together:
            names = f"{'the ' if len(some) == 1 else ''}{' and '.join(some)}"
            inputs = {one: earlier.inputs[one] for one in some}
            says = f"it is right for {names} of the call before: a stale cache"
            stale[says] = lambda inputs=inputs: now.given(inputs)[name]
        if earlier.upstream:
            stale["it is right for the dout of the call before"] = lambda: now.given(upstream=earlier.upstream)[name]
    elif name[1:] not in now.pair.parameters:
        del stale[ADDS_UP]
    return next((says for says, ball in stale.items() if reproduces(got, ball(), now)), "")
