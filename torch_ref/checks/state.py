"""The checks of state: a layer's memory from call to call, and the owners of arrays. Buffers are meant to change."""

from copy import copy
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.checks.subject import CheckError, Subject, require
from torch_ref.diagnosis.case import Case, case_of
from torch_ref.diagnosis.explain import reproduces
from torch_ref.diagnosis.finding import finding
from torch_ref.oracles.autograd import Results
from torch_ref.pair import Example, Kind, Pair
from torch_ref.results import forward_of, gradients_of, raw_results, results


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
        raw_results(pair, earlier)
        _require_no_trace(subject, results(pair, now), *cases, "in a second call")
        if pair.kind is not Kind.OPTIMIZER:
            forward_of(now.layer, pair)(*earlier.inputs.values())
            _require_no_trace(subject, results(pair, now), *cases, "after a forward without a backward")


def _beside_another_layer(subject: Subject) -> None:
    """Run by another layer of the class, between forward and backward."""
    pair, other = subject.pair, subject.other_batch()
    now = subject.example(pair.ordinary)
    if has_backward(pair):
        y = now.layer.forward(*now.inputs.values())
        other.layer.forward(*other.inputs.values())
        gradients = gradients_of(pair, now)  # before any other layer of the class is run
        got = subject.results(pair.ordinary) | {pair.outputs[0]: np.array(y)} | gradients
        cases = case_of(pair, other), case_of(pair, now)
        _require_no_trace(subject, got, *cases, "while another layer of the class is used")


def _in_the_same_array(subject: Subject) -> None:
    """Handed in in the same array."""
    pair = subject.pair
    now = subject.example(pair.ordinary)
    earlier = subject.other_batch()._replace(layer=now.layer)
    cases = case_of(pair, earlier), case_of(pair, now)
    raw_results(pair, earlier)
    if all(array.flags.writeable for array in earlier.inputs.values()):
        for name, array in earlier.inputs.items():
            array[...] = now.inputs[name]
        found = results(pair, earlier._replace(upstream=now.upstream))
        _require_no_trace(subject, found, *cases, "with other data in the same array")


def _require_no_trace(subject: Subject, got: Results, earlier: Case, now: Case, when: str) -> None:
    for name, wanted in subject.results(subject.pair.ordinary).items():
        if name not in subject.pair.buffers and not is_equal(got[name], wanted):
            cause = _trace_of(name, got[name], earlier, now)
            raise CheckError(f"{name} {when}: {cause or ANOTHER_CALL}", [cause], tensor=name)


ANOTHER_CALL = "it is another than in a first call: something is left from the call before"


def _trace_of(name: str, got: Array, earlier: Case, now: Case) -> str:
    """The trace of the first call in the values of a second one."""
    stale: dict[str, Any] = {
        "it is that of the call before": lambda: earlier.right[name],
        "it adds up over calls": lambda: earlier.right[name] + now.right[name],
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
    """The same gradients twice: none is added to, no cache is used up."""
    example = subject.example(subject.pair.ordinary)
    again = _copy(example)  # so that the first backward cannot write into its input
    first = results(subject.pair, example)
    for name, second in backward_again(subject.pair, again, first).items():
        if not is_equal(second, first[name]):
            adds_up = is_equal(second, 2 * first[name])
            method = "backward" if has_backward(subject.pair) else "gradient"
            why = "it adds up" if adds_up else f"{method} uses up or changes what is kept"
            raise CheckError(f"{name} of a second {method} is another than that of the first: {why}", tensor=name)


def check_parameters_take_effect(subject: Subject) -> None:
    """A parameter that is assigned or changed in place takes effect in every result."""
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
            case, found = subject.case(pair.ordinary), results(pair, example)
            unaffected = all(is_equal(found[one], old) and np.isfinite(old).all() for one, old in usual.items())
            require(not unaffected, f"{name}, once it is {how}, has no effect on any result")
            now_right = case.given(params={name: value})
            for one in right:
                stale = f"{one} is not that of {name} once that is {how}: the layer computes with a copy"
                require(not finding(found[one], now_right[one], one).is_wrong, stale, tensor=one)


def check_results_are_the_callers(subject: Subject) -> None:
    """No later call changes what was returned, and no edit of it, or of the inputs, reaches a cache."""
    pair = subject.pair
    for other in (subject.other_batch(), subject.example(pair.another)):
        example = subject.example(pair.ordinary)
        returned = _without_buffers(pair, raw_results(pair, example))
        kept = {name: np.array(value) for name, value in returned.items()}
        raw_results(pair, other._replace(layer=example.layer))
        for name, value in kept.items():
            overwritten = f"{name}, once returned, is overwritten by a later call: it must be a new array"
            require(is_equal(returned[name], value), overwritten, tensor=name)

    example = subject.example(pair.ordinary)
    again = _copy(example)
    usual = backward_again(pair, again, results(pair, example))
    for name in (*example.inputs, *kept):
        example = subject.example(pair.ordinary)
        again = _copy(example)
        arrays = {**example.inputs, **raw_results(pair, example)}
        if arrays[name].flags.writeable:
            arrays[name][...] = 1
        for gradient, value in backward_again(pair, again, kept).items():
            otherwise = (
                f"after the caller has edited {name} backward gives another {gradient}:"
                f" the layer keeps {name} itself, where it must keep a copy"
            )
            method = "backward" if places.is_gradient(name) else "forward"
            require(is_equal(value, usual[gradient]), otherwise, method=method)


def _without_buffers(pair: Pair, results: Results) -> Results:
    return {name: value for name, value in results.items() if name not in pair.buffers}


def _copy(example: Example) -> Example:
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
