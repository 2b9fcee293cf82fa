"""The checks of what a layer keeps from call to call, and of whose the arrays are."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from numpy_impl.checks import Array
from torch_ref import places
from torch_ref.causes.cause import Case
from torch_ref.diagnosis import reproduces
from torch_ref.oracle import Results
from torch_ref.pair import Example, Pair, case_of
from torch_ref.subject import CheckError, Subject, require


def check_second_call(subject: Subject) -> None:
    """Results on a second batch have no trace of a first one, of the same size or another."""
    for first in (
        replace(subject, seed=subject.seed + 1).example(subject.pair.ordinary),
        subject.example(subject.pair.another),
    ):
        used = subject.example(subject.pair.ordinary)
        earlier, now = case_of(subject.pair, first._replace(layer=used.layer)), case_of(subject.pair, used)
        subject.pair.run_raw(first._replace(layer=used.layer))
        got = subject.pair.results(used)
        for name, wanted in subject.results(subject.pair.ordinary).items():
            if not is_equal(got[name], wanted):
                sentence, cause = f"{name} in a second call", _trace_of(name, got[name], earlier, now)
                raise CheckError(f"{sentence}: {cause or ANOTHER_CALL}", [cause], tensor=name)


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
    again = deepcopy(example)._replace(layer=example.layer)  # what the first backward writes into is not its input
    first = subject.pair.results(example)
    for name, second in backward_again(subject.pair, again, first).items():
        if not is_equal(second, first[name]):
            adds_up = np.shape(second) == first[name].shape and np.allclose(second, 2 * first[name])
            method = "backward" if hasattr(example.layer, "backward") else "gradient"
            why = "it adds up" if adds_up else f"{method} uses up or changes what is kept"
            raise CheckError(f"{name} of a second {method} is another than that of the first: {why}", tensor=name)


def check_parameters_take_effect(subject: Subject) -> None:
    """A parameter that is assigned or changed in place is the one that the layer then computes with."""
    for name in subject.pair.parameters:
        usual = subject.results(subject.pair.ordinary)
        assigned, changed = subject.example(subject.pair.ordinary), subject.example(subject.pair.ordinary)
        value = 2 * places.parameter(assigned.layer, name) + 1
        places.assign(assigned.layer, name, value)
        places.parameter(changed.layer, name)[...] = value
        for example, how in ((assigned, "assigned"), (changed, "changed in place")):
            results = subject.pair.results(example)
            unaffected = all(is_equal(results[tensor], old) and np.isfinite(old).all() for tensor, old in usual.items())
            require(not unaffected, f"{name}, once it is {how}, has no effect on any result")


def check_results_are_the_callers(subject: Subject) -> None:
    """No later call changes what was returned, and no edit of it, or of the inputs, reaches a cache."""
    example, other = subject.example(subject.pair.ordinary), subject.example(subject.pair.another)
    returned = subject.pair.run_raw(example)
    kept = {name: np.array(value) for name, value in returned.items()}
    subject.pair.run_raw(other._replace(layer=example.layer))
    for name, value in kept.items():
        unchanged = is_equal(returned[name], value)
        require(
            unchanged, f"{name}, once returned, is overwritten by a later call: it must be a new array", tensor=name
        )

    example = subject.example(subject.pair.ordinary)
    again = deepcopy(example)._replace(layer=example.layer)
    usual = backward_again(subject.pair, again, subject.pair.results(example))
    for name in subject.case(subject.pair.ordinary).arrays() | kept:
        example = subject.example(subject.pair.ordinary)
        again = deepcopy(example)._replace(layer=example.layer)
        arrays = {**dict(zip(("x", "t"), example.inputs, strict=False)), **subject.pair.run_raw(example)}
        if name in arrays and arrays[name].flags.writeable:
            arrays[name][...] = 1
        for gradient, value in backward_again(subject.pair, again, kept).items():
            otherwise = (
                f"after the caller has edited {name} backward gives another {gradient}:"
                f" the layer keeps {name} itself, where it must keep a copy"
            )
            require(is_equal(value, usual[gradient]), otherwise, method="backward" if name[0] == "d" else "forward")


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
