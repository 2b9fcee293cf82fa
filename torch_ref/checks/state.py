"""The checks of state: a layer's memory from call to call, and the owners of arrays. Buffers are meant to change."""

from collections.abc import Iterator
from copy import copy
from itertools import chain
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.checks.check_error import CheckError, raise_worst
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.case import Case, case_of
from torch_ref.diagnosis.explain import reproduces
from torch_ref.diagnosis.severity import Severity
from torch_ref.oracles.autograd import Results
from torch_ref.pair import Example, Kind, Pair
from torch_ref.results import forward_of, gradients_of, raw_results, results


def check_second_call(subject: Subject) -> None:
    """Results on a batch have no trace of another one."""
    raise_worst(_second_calls(subject))


def _second_calls(subject: Subject) -> Iterator[CheckError]:
    """What adds up is another in every later call: that is said once."""
    adds_up = set()
    for found in chain(_after_another_batch(subject), _beside_another_layer(subject), _in_the_same_array(subject)):
        if found.tensor not in adds_up:
            yield found
        if found.severity is Severity.CONVENTION:
            adds_up.add(found.tensor)
    others = [f"d{name}" for name in subject.pair.parameters if f"d{name}" not in adds_up]
    if adds_up and others:  # a convention is one of all gradients
        tensors, rest = ", ".join(sorted(adds_up)), ", ".join(others)
        yield CheckError(f"{tensors} in a second call: {ADDS_UP}, and {rest} does not", [ADDS_UP], tensor=tensors)


def _after_another_batch(subject: Subject) -> Iterator[CheckError]:
    """Of the same size or another, run through backward or not."""
    pair = subject.pair
    for earlier in (subject.other_batch(), subject.example(pair.another)):
        now = subject.example(pair.ordinary)
        earlier = earlier._replace(layer=now.layer)
        cases = case_of(pair, earlier), case_of(pair, now)
        raw_results(pair, copied(earlier))  # each call gets arrays of its own, for it might edit them
        yield from _traces(subject, results(pair, copied(now)), *cases, "in a second call")
        if pair.kind is not Kind.OPTIMIZER:
            forward_of(now.layer, pair)(*copied(earlier).inputs.values())
            yield from _traces(subject, results(pair, copied(now)), *cases, "after a forward without a backward")


def _beside_another_layer(subject: Subject) -> Iterator[CheckError]:
    """Run by another layer of the class, between forward and backward."""
    pair, other = subject.pair, subject.other_batch()
    now = subject.example(pair.ordinary)
    if has_backward(pair):
        y = now.layer.forward(*now.inputs.values())
        other.layer.forward(*other.inputs.values())
        gradients = gradients_of(pair, now)  # before any other layer of the class is run
        got = subject.results(pair.ordinary) | {pair.outputs[0]: np.array(y)} | gradients
        cases = case_of(pair, other), case_of(pair, now)
        yield from _traces(subject, got, *cases, "while another layer of the class is used")


def _in_the_same_array(subject: Subject) -> Iterator[CheckError]:
    """Handed in in the same array."""
    pair = subject.pair
    now = subject.example(pair.ordinary)
    earlier = subject.other_batch()._replace(layer=now.layer)
    cases = case_of(pair, earlier), case_of(pair, now)
    raw_results(pair, earlier)
    if all(one.flags.writeable and one.shape == now.inputs[name].shape for name, one in earlier.inputs.items()):
        for name, array in earlier.inputs.items():
            array[...] = now.inputs[name]
        found = results(pair, earlier._replace(upstream=now.upstream))
        yield from _traces(subject, found, *cases, "with other data in the same array")


def _traces(subject: Subject, got: Results, earlier: Case, now: Case, when: str) -> Iterator[CheckError]:
    for name, wanted in subject.results(subject.pair.ordinary).items():
        if name not in subject.pair.buffers and not is_equal(got[name], wanted):
            cause = _trace_of(name, got[name], earlier, now)
            severity = Severity.CONVENTION if cause == ADDS_UP else Severity.WRONG
            yield CheckError(f"{name} {when}: {cause or ANOTHER_CALL}", [cause], tensor=name, severity=severity)


ANOTHER_CALL = "it is another than in a first call: something is left from the call before"
ADDS_UP = "it adds up over calls"


def _trace_of(name: str, got: Array, earlier: Case, now: Case) -> str:
    """The trace of the first call in the values of a second one."""
    stale: dict[str, Any] = {
        "it is that of the call before": lambda: earlier.right[name],
        ADDS_UP: lambda: earlier.right[name] + now.right[name],
    }
    together = [[one] for one in earlier.inputs] + ([[*earlier.inputs]] if len(earlier.inputs) > 1 else [])
    for some in together:
        says = (
            f"it is right for {'the ' if len(some) == 1 else ''}{' and '.join(some)} of the call before: a stale cache"
        )
        stale[says] = lambda some=some: now.given({one: earlier.inputs[one] for one in some})[name]
    if earlier.upstream:
        stale["it is right for the dout of the call before"] = lambda: now.given(upstream=earlier.upstream)[name]
    if earlier.x.shape == now.x.shape:
        for says, ball in stale.items():
            if reproduces(got, ball(), now):
                return says
    return ""


def check_backward_twice(subject: Subject) -> None:
    """The same gradients twice, and those of another dout: none is added to, no cache is used up, none is kept."""
    raise_worst(_twice(subject))


def _twice(subject: Subject) -> Iterator[CheckError]:
    pair = subject.pair
    method = "backward" if has_backward(pair) else "gradient"
    example = subject.example(pair.ordinary)
    again = copied(example)  # so that the first backward cannot write into its input
    first = results(pair, example)
    for name, second in backward_again(pair, again, first).items():
        if not is_equal(second, first[name]):
            adds_up = is_equal(second, 2 * first[name])
            why = "it adds up" if adds_up else f"{method} uses up or changes what is kept"
            said = f"{name} of a second {method} is another than that of the first: {why}"
            yield CheckError(said, tensor=name, severity=Severity.CONVENTION if adds_up else Severity.ADVICE)
    if has_backward(pair):
        yield from _of_another_dout(subject)


def _of_another_dout(subject: Subject) -> Iterator[CheckError]:
    """After a backward of this forward: the gradients must not be those kept from then."""
    pair = subject.pair
    example = subject.example(pair.ordinary)
    first = results(pair, copied(example))
    other = {
        name: 2 * np.asarray(value)[::-1] if np.ndim(value) else 2 * value for name, value in example.upstream.items()
    }
    wanted = subject.case(pair.ordinary).given(upstream=other)
    for name, second in backward_again(pair, example._replace(upstream=other), first).items():
        case = subject.case(pair.ordinary)
        was_right = places.is_gradient(name) and reproduces(first[name], case.right[name], case)
        if was_right and is_equal(second, first[name]) and not reproduces(second, wanted[name], case):
            yield CheckError(f"{name} of a second backward is that of the first, though dout is another", tensor=name)


def check_results_are_the_callers(subject: Subject) -> None:
    """No later call changes what was returned, and no edit of it, or of the inputs, reaches a cache."""
    raise_worst(_shared_arrays(subject))


def _shared_arrays(subject: Subject) -> Iterator[CheckError]:
    pair = subject.pair
    for other in (subject.other_batch(), subject.example(pair.another)):
        example = subject.example(pair.ordinary)
        returned = _without_buffers(pair, raw_results(pair, example))
        kept = {name: np.array(value) for name, value in returned.items()}
        raw_results(pair, other._replace(layer=example.layer))
        for name, value in kept.items():
            if not is_equal(returned[name], value):
                overwritten = f"{name}, once returned, is overwritten by a later call: it must be a new array"
                yield CheckError(overwritten, tensor=name, severity=Severity.ADVICE)

    example = subject.example(pair.ordinary)
    again = copied(example)
    usual = backward_again(pair, again, results(pair, example))
    for name in (*example.inputs, *kept):
        example = subject.example(pair.ordinary)
        again = copied(example)
        arrays = {**example.inputs, **raw_results(pair, example)}
        if arrays[name].flags.writeable:
            arrays[name][...] = 1
        for gradient, value in backward_again(pair, again, kept).items():
            otherwise = (
                f"after the caller has edited {name} backward gives another {gradient}:"
                f" the layer keeps {name} itself, where it must keep a copy"
            )
            if not is_equal(value, usual[gradient]):
                method = "backward" if places.is_gradient(name) else "forward"
                yield CheckError(otherwise, method=method, severity=Severity.ADVICE)


def _without_buffers(pair: Pair, results: Results) -> Results:
    return {name: value for name, value in results.items() if name not in pair.buffers}


def copied(example: Example) -> Example:
    """The same layer, with copies of the data."""
    inputs = {name: np.array(value) for name, value in example.inputs.items()}
    return example._replace(inputs=inputs, upstream={name: copy(value) for name, value in example.upstream.items()})


def has_backward(pair: Pair) -> bool:
    return pair.kind in (Kind.LAYER, Kind.LOSS)


def backward_again(pair: Pair, example: Example, first: Results) -> Results:
    """The results after one more backward, outputs from before; a network has no backward, and is run again."""
    return first | gradients_of(pair, example) if has_backward(pair) else results(pair, example)


def is_equal(got: Any, wanted: Array) -> bool:
    """In dtype, shape and every value; NaN is equal to NaN."""
    got = np.asarray(got)
    return got.dtype == wanted.dtype and np.array_equal(got, wanted, equal_nan=True)
