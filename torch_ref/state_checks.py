"""The checks of what a layer keeps from call to call, and of whose the arrays are."""

from copy import copy
from typing import Any

import numpy as np

from numpy_impl.checks import Array
from torch_ref import places
from torch_ref.causes.cause import Case
from torch_ref.comparison import EVEN, WITHIN, finding
from torch_ref.diagnosis import reproduces
from torch_ref.oracle import Results
from torch_ref.pair import Example, Pair, case_of, forward_of
from torch_ref.subject import CheckError, Subject, require


def check_second_call(subject: Subject) -> None:
    """Results on a batch have no trace of another one."""
    _after_another_batch(subject)
    _beside_another_layer(subject)
    _in_the_same_array(subject)


def _after_another_batch(subject: Subject) -> None:
    """Of the same size or another, run through backward or not."""
    pair = subject.pair
    for earlier in (subject.other_batch(), subject.example(pair.another)):
        now = subject.example(pair.ordinary)
        earlier = earlier._replace(layer=now.layer)
        cases = case_of(pair, earlier), case_of(pair, now)
        pair.run_raw(earlier)
        _require_no_trace(subject, pair.results(now), *cases, "in a second call")
        forward_of(now.layer)(*earlier.inputs)
        _require_no_trace(subject, pair.results(now), *cases, "after a forward without a backward")


def _beside_another_layer(subject: Subject) -> None:
    """Run by another layer of the class, between forward and backward."""
    pair, other = subject.pair, subject.other_batch()
    now = subject.example(pair.ordinary)
    if hasattr(now.layer, "backward"):
        y = forward_of(now.layer)(*now.inputs)
        forward_of(other.layer)(*other.inputs)
        got = {next(iter(subject.bounds(pair.ordinary))): np.array(y)} | backward_again(pair, now, {})
        cases = case_of(pair, other), case_of(pair, now)
        _require_no_trace(subject, got, *cases, "while another layer of the class is used")


def _in_the_same_array(subject: Subject) -> None:
    """Handed in in the same array."""
    pair = subject.pair
    now = subject.example(pair.ordinary)
    earlier = subject.other_batch()._replace(layer=now.layer)
    cases = case_of(pair, earlier), case_of(pair, now)
    pair.run_raw(earlier)
    if all(array.flags.writeable for array in earlier.inputs):
        for array, values in zip(earlier.inputs, now.inputs, strict=True):
            array[...] = values
        results = pair.results(earlier._replace(dout=now.dout))
        _require_no_trace(subject, results, *cases, "with other data in the same array")


def _require_no_trace(subject: Subject, got: Results, earlier: Case, now: Case, when: str) -> None:
    for name, wanted in subject.results(subject.pair.ordinary).items():
        if not is_equal(got[name], wanted):
            cause = _trace_of(name, got[name], earlier, now)
            raise CheckError(f"{name} {when}: {cause or ANOTHER_CALL}", [cause], tensor=name)


ANOTHER_CALL = "it is another than in a first call: something is left from the call before"


def _trace_of(name: str, got: Array, earlier: Case, now: Case) -> str:
    """What the values of a second call have of the first one."""
    x, *t = now.inputs
    stale: dict[str, Any] = {
        "it is that of the call before": lambda: earlier.right[name],
        "it adds up over calls": lambda: earlier.right[name] + now.right[name],
        "it is right for the x of the call before: a stale cache": lambda: now.given((earlier.x, *t))[name],
        "it is right for the t of the call before: a stale cache": lambda: now.given((x, *earlier.inputs[1:]))[name],
        "it is right for x and t of the call before: a stale cache": lambda: now.given(earlier.inputs)[name],
        "it is right for the dout of the call before": lambda: now.given(dout=earlier.dout)[name],
    }
    if earlier.x.shape == now.x.shape:
        for says, ball in stale.items():
            if reproduces(got, ball(), now):
                return says
    return ""


def check_backward_twice(subject: Subject) -> None:
    """The same gradients twice: none is added to, no cache is used up."""
    example = subject.example(subject.pair.ordinary)
    again = _copy(example)  # what the first backward writes into is not its input
    first = subject.pair.results(example)
    for name, second in backward_again(subject.pair, again, first).items():
        if not is_equal(second, first[name]):
            adds_up = is_equal(second, 2 * first[name])
            method = "backward" if hasattr(example.layer, "backward") else "gradient"
            why = "it adds up" if adds_up else f"{method} uses up or changes what is kept"
            raise CheckError(f"{name} of a second {method} is another than that of the first: {why}", tensor=name)


def check_parameters_take_effect(subject: Subject) -> None:
    """A parameter that is assigned or changed in place is the one that the layer then computes with, throughout."""
    pair, usual, bounds = subject.pair, subject.results(subject.pair.ordinary), subject.bounds(subject.pair.ordinary)
    right = [name for name, value in usual.items() if finding(value, bounds[name], name).ok]
    for name in pair.parameters:
        for how in ("assigned", "changed in place"):
            example = subject.example(pair.ordinary)
            value = 2 * places.parameter(example.layer, name) + 1
            if how == "assigned":
                places.assign(example.layer, name, value)
            else:
                places.parameter(example.layer, name)[...] = value
            case, results = subject.case(pair.ordinary), pair.results(example)
            unaffected = all(is_equal(results[one], old) and np.isfinite(old).all() for one, old in usual.items())
            require(not unaffected, f"{name}, once it is {how}, has no effect on any result")
            now_right = case.given(params={name: value})
            for one in right:
                stale = f"{one} is not that of {name} once that is {how}: the layer computes with a copy"
                require(finding(results[one], now_right[one], one).verdict in (WITHIN, EVEN), stale, tensor=one)


def check_results_are_the_callers(subject: Subject) -> None:
    """No later call changes what was returned, and no edit of it, or of the inputs, reaches a cache."""
    pair = subject.pair
    for other in (subject.other_batch(), subject.example(pair.another)):
        example = subject.example(pair.ordinary)
        returned = pair.run_raw(example)
        kept = {name: np.array(value) for name, value in returned.items()}
        pair.run_raw(other._replace(layer=example.layer))
        for name, value in kept.items():
            overwritten = f"{name}, once returned, is overwritten by a later call: it must be a new array"
            require(is_equal(returned[name], value), overwritten, tensor=name)

    example = subject.example(pair.ordinary)
    again = _copy(example)
    usual = backward_again(pair, again, pair.results(example))
    inputs = ("x", "t")[: len(example.inputs)]
    for name in (*inputs, *kept):
        example = subject.example(pair.ordinary)
        again = _copy(example)
        arrays = {**dict(zip(inputs, example.inputs, strict=True)), **pair.run_raw(example)}
        if arrays[name].flags.writeable:
            arrays[name][...] = 1
        for gradient, value in backward_again(pair, again, kept).items():
            otherwise = (
                f"after the caller has edited {name} backward gives another {gradient}:"
                f" the layer keeps {name} itself, where it must keep a copy"
            )
            require(is_equal(value, usual[gradient]), otherwise, method="backward" if name[0] == "d" else "forward")


def _copy(example: Example) -> Example:
    """The same layer, with copies of the data."""
    return example._replace(inputs=tuple(map(np.array, example.inputs)), dout=copy(example.dout))


def backward_again(pair: Pair, example: Example, first: Results) -> Results:
    """The results, y from before, of one more backward; a network has none, and is run again."""
    if not hasattr(example.layer, "backward"):
        return pair.results(example)
    dx = example.layer.backward(example.dout)
    return first | {"dx": dx} | {f"d{name}": places.gradient(example.layer, name) for name in pair.parameters}


def is_equal(got: Any, wanted: Array) -> bool:
    """In every bit that counts: NaN is equal to NaN."""
    got = np.asarray(got)
    return got.dtype == wanted.dtype and np.array_equal(got, wanted, equal_nan=True)
