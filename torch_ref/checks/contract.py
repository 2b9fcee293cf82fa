"""The checks of the contract: dtypes, memory layouts, arguments left as they were, refusals."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.checks.calls import backward_again, has_backward, is_equal
from torch_ref.checks.check_error import CheckError, raise_worst, require
from torch_ref.checks.refusals import all_refusals
from torch_ref.checks.subject import Subject, left_by
from torch_ref.diagnosis.case import Case, case_of
from torch_ref.diagnosis.explain import changes
from torch_ref.diagnosis.finding import finding
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Example, Kind, Refusal
from torch_ref.results import buffers_of, raw_results, results
from torch_ref.scenarios import Scenario


def check_dtype_and_shape(subject: Subject) -> None:
    """Results have the dtype of the parameters, gradients the shape of what they are the gradient of."""
    raise_worst(_dtype_and_shape(subject, np.dtype(subject.dtype)))


def check_complex_dtype(subject: Subject) -> None:
    """The same for complex numbers, which the complex step needs."""
    raise_worst(_dtype_and_shape(subject, np.dtype(np.complex128)))


def _dtype_and_shape(subject: Subject, dtype: np.dtype[Any]) -> Iterator[CheckError]:
    for scenario in subject.small_scenarios:
        bounds, example = subject.bounds(scenario), subject.example(scenario, wide=dtype)
        found = results(subject.pair, example)
        returned = getattr(example.layer, "returned", {})  # before an adapter has rounded it
        others: dict[Any, list[str]] = {}
        for name, value in found.items():
            got, wanted, its_dtype = np.shape(value), bounds[name].shape, returned.get(name, value.dtype)
            if got != wanted:
                yield CheckError(f"{name} must have shape {wanted} on {scenario.name}, got {got}", tensor=name)
            if its_dtype != dtype:
                others.setdefault(its_dtype, []).append(name)
        for its_dtype, names in others.items():
            tensors = ", ".join(names)
            yield CheckError(f"{tensors} must be {dtype}, got {its_dtype}", tensor=tensors, severity=Severity.ADVICE)


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran order": np.asfortranarray,
    "reverse order (negative strides)": lambda a: a[::-1].copy()[::-1] if a.ndim else a,
    "pieces (every second entry)": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "read-only memory": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "unaligned memory": lambda a: np.frombuffer(b"\0" + a.tobytes(), a.dtype, offset=1).reshape(a.shape),
}


OF_LAYOUTS = ("ordinary", "one-sample", "three-axes")  # other numbers lie no other way


def check_memory_layouts(subject: Subject) -> None:
    """A result that is right for plain arrays is right however inputs, parameters and dout lie in memory."""
    raise_worst(_layouts(subject))


def _layouts(subject: Subject) -> Iterator[CheckError]:
    for scenario in (one for one in subject.small_scenarios if one.name in OF_LAYOUTS):
        bounds, plain = subject.bounds(scenario), subject.results(scenario)
        for layout, lay in LAYOUTS.items():
            try:
                ours = subject.results(scenario, layout=lay)
            except Exception as error:  # noqa: BLE001 - a user's code may raise anything
                what = error.sentence if isinstance(error, CheckError) else f"it raises {type(error).__name__}: {error}"
                refused = CheckError(f"for arrays in {layout} {what}", severity=Severity.ADVICE)
                refused.__cause__ = error
                yield refused
                continue
            for name, ball in bounds.items():
                if not is_equal(ours[name], plain[name]) and finding(plain[name], ball, name).ok:
                    found = finding(ours[name], ball, name)
                    if not found.ok:
                        what = f"{name} is wrong for arrays in {layout}, on {scenario.name}: {found}"
                        yield CheckError(what, tensor=name)


def check_arguments_unmodified(subject: Subject) -> None:
    """Inputs, dout and parameters are bit for bit as they were."""
    raise_worst(_modified(subject))


def _modified(subject: Subject) -> Iterator[CheckError]:
    for scenario in subject.scenarios:
        example = subject.example(scenario)
        before = case_of(subject.pair, example)
        if subject.pair.kind in (Kind.NETWORK, Kind.OPTIMIZER):
            raw_results(subject.pair, example)
            method = "gradient" if subject.pair.kind is Kind.NETWORK else "update"
            yield from _changed(before, example, method, scenario)
            continue
        example.layer.forward(*example.inputs.values())
        yield from _changed(before, example, "forward", scenario)
        example.layer.backward(*example.upstream.values())
        yield from _changed(before, example, "backward", scenario)


def _changed(before: Case, example: Example, method: str, scenario: Scenario) -> Iterator[CheckError]:
    """Arguments that are edited are no wrong values, parameters that a forward changes are."""
    changed = changes(before, left_by(before, example, method))
    arguments = [name for name in changed if name not in before.params]
    if changed:
        how = " in place" if arguments else ""
        severity = Severity.ADVICE if changed == arguments else Severity.WRONG
        said = f"{method} changes {' and '.join(changed)}{how}, on {scenario.name}"
        yield CheckError(said, method=method, severity=severity)
    frozen = [name for name, array in example.inputs.items() if not array.flags.writeable]
    if frozen:
        said = f"{method} makes {' and '.join(frozen)} read-only, on {scenario.name}"
        yield CheckError(said, method=method, severity=Severity.ADVICE)


def check_bad_inputs(subject: Subject) -> None:
    """Bad input is refused, with the right error, in the layer's name, and without a trace."""
    for refusal in all_refusals(subject.pair, subject.example(subject.pair.ordinary)):
        example = subject.example(subject.pair.ordinary)
        first = results(subject.pair, example)
        _require_refused(refusal, example)
        after = backward_again(subject.pair, example, first) | buffers_of(subject.pair, example.layer)
        for name, value in first.items():
            changed = f"after {refusal.what} was refused: {name} is another than before"
            require(is_equal(after[name], value), changed)
    if has_backward(subject.pair):
        early = Refusal("backward before forward", lambda e: e.layer.backward(*e.upstream.values()), RuntimeError)
        _require_refused(early, subject.example(subject.pair.ordinary))


def _require_refused(refusal: Refusal, example: Example) -> None:
    try:
        refusal.call(example)
    except refusal.error as error:
        message = str(error)
    else:
        raise AssertionError(f"{refusal.what} must be refused by a {refusal.error.__name__}")
    named = message.startswith(f"{type(example.layer).__name__}: ")
    require(named, f"{refusal.what}: the message must begin with the name of the layer, got {message!r}")
