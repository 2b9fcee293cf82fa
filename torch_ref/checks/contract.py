"""The checks of the contract: dtypes, memory layouts, arguments left as they were, refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.checks.refusals import all_refusals
from torch_ref.checks.state import backward_again, has_backward, is_equal
from torch_ref.checks.subject import CheckError, Subject, left_by, require
from torch_ref.diagnosis.case import Case, case_of
from torch_ref.diagnosis.explain import changes
from torch_ref.diagnosis.finding import finding
from torch_ref.pair import Example, Kind, Refusal
from torch_ref.results import buffers_of, raw_results, results
from torch_ref.scenarios import Scenario


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
    """A result that is right for plain arrays is right however inputs, parameters and dout lie in memory."""
    for scenario in subject.small_scenarios:
        bounds, plain = subject.bounds(scenario), subject.results(scenario)
        for layout, lay in LAYOUTS.items():
            try:
                ours = subject.results(scenario, layout=lay)
            except Exception as error:
                what = error.sentence if isinstance(error, CheckError) else f"it raises {type(error).__name__}: {error}"
                raise CheckError(f"for arrays in {layout} {what}") from error
            for name, ball in bounds.items():
                if not is_equal(ours[name], plain[name]) and finding(plain[name], ball, name).ok:
                    found = finding(ours[name], ball, name)
                    what = f"{name} is wrong for arrays in {layout}, on {scenario.name}: {found}"
                    require(found.ok, what, tensor=name)


def check_arguments_unmodified(subject: Subject) -> None:
    """Inputs, dout and parameters are bit for bit as they were."""
    for scenario in subject.scenarios:
        example = subject.example(scenario)
        before = case_of(subject.pair, example)
        if subject.pair.kind in (Kind.NETWORK, Kind.OPTIMIZER):
            raw_results(subject.pair, example)
            method = "gradient" if subject.pair.kind is Kind.NETWORK else "update"
            _require_unchanged(before, example, method, scenario)
            continue
        example.layer.forward(*example.inputs.values())
        _require_unchanged(before, example, "forward", scenario)
        example.layer.backward(*example.upstream.values())
        _require_unchanged(before, example, "backward", scenario)


def _require_unchanged(before: Case, example: Example, method: str, scenario: Scenario) -> None:
    changed = changes(before, left_by(before, example, method))
    how = " in place" if {*example.inputs, *example.upstream} & set(changed) else ""
    require(not changed, f"{method} changes {' and '.join(changed)}{how}, on {scenario.name}", method=method)
    frozen = [name for name, array in example.inputs.items() if not array.flags.writeable]
    require(not frozen, f"{method} makes {' and '.join(frozen)} read-only, on {scenario.name}", method=method)


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
