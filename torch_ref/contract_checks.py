"""The checks of the contract: dtypes, layouts, whose arrays are whose, what is kept, what is refused."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from numpy_impl.checks import Array
from torch_ref import places
from torch_ref.causes.cause import Case
from torch_ref.diagnosis import changes, reproduces
from torch_ref.oracle import Results
from torch_ref.pair import Example, Pair, case_of
from torch_ref.refusals import all_refusals
from torch_ref.scenarios import Scenario
from torch_ref.subject import ANOTHER, ORDINARY, CheckError, Subject, require
from torch_ref.verify import finding


def check_dtype_and_shape(subject: Subject) -> None:
    """Results have the dtype of the parameters, gradients the shape of what they are the gradient of."""
    _check_dtype_and_shape(subject, np.dtype(subject.dtype))


def check_complex_dtype(subject: Subject) -> None:
    """The same for complex numbers, which the complex step needs."""
    _check_dtype_and_shape(subject, np.dtype(np.complex128))


def _check_dtype_and_shape(subject: Subject, dtype: np.dtype[Any]) -> None:
    for scenario in subject.small_scenarios:
        bounds = subject.bounds(scenario)
        for name, value in subject.results(scenario, wide=dtype).items():
            got, wanted = np.shape(value), bounds[name].shape
            require(got == wanted, f"{name} must have shape {wanted} on {scenario.name}, got {got}", tensor=name)
            require(value.dtype == dtype, f"{name} must be {dtype}, got {value.dtype}", tensor=name)


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran order": np.asfortranarray,
    "reverse order (negative strides)": lambda a: a[::-1].copy()[::-1] if a.ndim else a,
    "pieces (every second entry)": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "read-only memory": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "unaligned memory": lambda a: np.frombuffer(b"\0" + a.tobytes(), a.dtype, offset=1).reshape(a.shape),
}


def check_memory_layouts(subject: Subject) -> None:
    """However inputs, parameters and dout lie in memory, what is right otherwise is right."""
    for scenario in subject.small_scenarios:
        bounds, plain = subject.bounds(scenario), subject.results(scenario)
        for layout, lay in LAYOUTS.items():
            try:
                ours = subject.results(scenario, layout=lay)
            except Exception as error:
                raise CheckError(f"it fails for arrays in {layout}: {type(error).__name__}: {error}") from error
            for name, ball in bounds.items():
                if finding(plain[name], ball, name).ok:
                    found = finding(ours[name], ball, name)
                    what = f"{name} is wrong for arrays in {layout}, on {scenario.name}: {found.verdict}"
                    require(found.ok, what, tensor=name)


def check_arguments_unmodified(subject: Subject) -> None:
    """Inputs, dout and parameters are bit for bit as they were."""
    for scenario in subject.pair.scenarios:
        example = subject.example(scenario)
        before = case_of(subject.pair, example)
        if not hasattr(example.layer, "backward"):
            subject.pair.run_raw(example)
            _require_unchanged(before, subject.pair, example, "gradient", scenario)
            continue
        example.layer.forward(*example.inputs)
        _require_unchanged(before, subject.pair, example, "forward", scenario)
        example.layer.backward(example.dout)
        _require_unchanged(before, subject.pair, example, "backward", scenario)


def _require_unchanged(before: Case, pair: Pair, example: Example, method: str, scenario: Scenario) -> None:
    changed = changes(before, case_of(pair, example))
    require(not changed, f"{method} changes {' and '.join(changed)} in place, on {scenario.name}", method=method)


def check_second_call(subject: Subject) -> None:
    """Results on a second batch have no trace of a first one, of the same size or another."""
    for first in (replace(subject, seed=subject.seed + 1).example(ORDINARY), subject.example(ANOTHER)):
        used = subject.example(ORDINARY)
        earlier, now = case_of(subject.pair, first._replace(layer=used.layer)), case_of(subject.pair, used)
        subject.pair.run_raw(first._replace(layer=used.layer))
        got = subject.pair.results(used)
        for name, wanted in subject.results(ORDINARY).items():
            if not _is_equal(got[name], wanted):
                sentence, cause = f"{name} in a second call", _trace_of(name, got[name], earlier, now)
                raise CheckError(f"{sentence}: {cause or ANOTHER_CALL}", [cause], tensor=name)


ANOTHER_CALL = "it is another than in a first call: something is left from the call before"


def _trace_of(name: str, got: Array, earlier: Case, now: Case) -> str:
    """What the values of a second call have of the first one."""
    x, *t = now.inputs
    stale: dict[str, Callable[[], Any]] = {
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
    example = subject.example(ORDINARY)
    again = deepcopy(example)._replace(layer=example.layer)  # what the first backward writes into is not its input
    first = subject.pair.results(example)
    for name, second in _backward_again(subject.pair, again, first).items():
        if not _is_equal(second, first[name]):
            adds_up = np.shape(second) == first[name].shape and np.allclose(second, 2 * first[name])
            method = "backward" if hasattr(example.layer, "backward") else "gradient"
            why = "it adds up" if adds_up else f"{method} uses up or changes what is kept"
            raise CheckError(f"{name} of a second {method} is another than that of the first: {why}", tensor=name)


def check_parameters_take_effect(subject: Subject) -> None:
    """A parameter that is assigned or changed in place is the one that the layer then computes with."""
    for name in subject.pair.parameters:
        usual = subject.results(ORDINARY)
        assigned, changed = subject.example(ORDINARY), subject.example(ORDINARY)
        value = 2 * places.parameter(assigned.layer, name) + 1
        places.assign(assigned.layer, name, value)
        places.parameter(changed.layer, name)[...] = value
        for example, how in ((assigned, "assigned"), (changed, "changed in place")):
            results = subject.pair.results(example)
            unaffected = all(_is_equal(results[tensor], old) for tensor, old in usual.items())
            require(not unaffected, f"{name}, once it is {how}, has no effect on any result")


def check_results_are_the_callers(subject: Subject) -> None:
    """No later call changes what was returned, and no edit of it, or of the inputs, reaches a cache."""
    example, other = subject.example(ORDINARY), subject.example(ANOTHER)
    returned = subject.pair.run_raw(example)
    kept = {name: np.array(value) for name, value in returned.items()}
    subject.pair.run_raw(other._replace(layer=example.layer))
    for name, value in kept.items():
        unchanged = _is_equal(returned[name], value)
        require(
            unchanged, f"{name}, once returned, is overwritten by a later call: it must be a new array", tensor=name
        )

    example = subject.example(ORDINARY)
    again = deepcopy(example)._replace(layer=example.layer)
    usual = _backward_again(subject.pair, again, subject.pair.results(example))
    for name in subject.case(ORDINARY).arrays() | kept:
        example = subject.example(ORDINARY)
        again = deepcopy(example)._replace(layer=example.layer)
        arrays = {**dict(zip(("x", "t"), example.inputs, strict=False)), **subject.pair.run_raw(example)}
        if name in arrays and arrays[name].flags.writeable:
            arrays[name][...] = 1
        for gradient, value in _backward_again(subject.pair, again, kept).items():
            otherwise = (
                f"after the caller has edited {name} backward gives another {gradient}:"
                f" the layer keeps {name} itself, where it must keep a copy"
            )
            require(_is_equal(value, usual[gradient]), otherwise, method="backward" if name[0] == "d" else "forward")


def check_bad_inputs(subject: Subject) -> None:
    """What cannot be right is refused, with the right error, in the layer's name, and without a trace."""
    for refusal in all_refusals(subject.pair, subject.example(ORDINARY)):
        example = subject.example(ORDINARY)
        first = subject.pair.results(example)
        try:
            refusal.call(example)
        except refusal.error as error:
            message = str(error)
        else:
            raise AssertionError(f"{refusal.what} must be refused by a {refusal.error.__name__}")
        named = message.startswith(f"{type(example.layer).__name__}: ")
        require(named, f"{refusal.what}: the message must begin with the name of the layer, got {message!r}")
        _require_equal(_backward_again(subject.pair, example, first), first, f"after {refusal.what} was refused")


def _backward_again(pair: Pair, example: Example, first: Results) -> Results:
    """The results, y from before, of one more backward; a network has none, and is run again."""
    if not hasattr(example.layer, "backward"):
        return pair.results(example)
    dx = example.layer.backward(example.dout)
    return first | {"dx": dx} | {f"d{name}": places.gradient(example.layer, name) for name in pair.parameters}


def _is_equal(got: Any, wanted: Array) -> bool:
    """In every bit that counts: NaN is equal to NaN."""
    got = np.asarray(got)
    return got.dtype == wanted.dtype and np.array_equal(got, wanted, equal_nan=True)


def _require_equal(got: Results, wanted: Results, what: str) -> None:
    for name, value in wanted.items():
        require(_is_equal(got[name], value), f"{what}: {name} is another than before")
