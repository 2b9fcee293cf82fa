"""The checks of values: against the bounds, PyTorch, the complex step, many digits, and at infinity and NaN."""

from dataclasses import replace
from itertools import product
from typing import Any

import mpmath
import numpy as np

from numpy_impl import complex_step_gradient
from numpy_impl.validation import Array
from torch_ref.checks.accuracy import severity_of
from torch_ref.checks.check_error import CheckError, require
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.explain import causes_of, changed_in
from torch_ref.diagnosis.finding import Verdict, finding
from torch_ref.diagnosis.in_common import in_common
from torch_ref.diagnosis.report import Report, Row
from torch_ref.diagnosis.severity import Severity
from torch_ref.oracles.many_digits import DIGITS
from torch_ref.pair import Example, Pair
from torch_ref.results import outputs_of, params_of, results, torch_results
from torch_ref.scenarios import Scenario


def report(subject: Subject, scenario: Scenario, name: str) -> Report:
    """One tensor on one scenario."""
    ours = finding(subject.observed(scenario, name).got, subject.bounds(scenario)[name], name)
    row = Row(name, ours, subject.torch_finding(scenario, name))
    return Report(f"{subject.pair.name} on {scenario.name}, {np.dtype(subject.dtype)}", (row,))


def check_values(subject: Subject, name: str) -> None:
    """On every scenario each entry lies within its radius: the layer's and PyTorch's."""
    reports = {scenario: report(subject, scenario, name) for scenario in subject.scenarios}
    reports = {scenario: found for scenario, found in reports.items() if not _is_idle(subject, scenario, found.rows[0])}
    require(reports, f"{name}: no scenario shows anything")
    failed = {scenario: found for scenario, found in reports.items() if not found.ok}
    if not failed:
        return
    if all(found.rows[0].is_even for found in failed.values()):
        names = ", ".join(repr(scenario.name) for scenario in failed)
        what = f"{name}: {Verdict.EVEN.value} on {names}, in {np.dtype(subject.dtype)}"
        raise CheckError(f"{what}: if the layer is flat there, flat_on=({names},)", tensor=name)
    at_fault = {row.at_fault for found in failed.values() for row in found.rows}
    where = _where([scenario.name for scenario in failed], [s.name for s in reports if s not in failed])
    causes: list[str] = []
    shared = ""
    severity = Severity.WRONG  # of ours, and where PyTorch is at fault
    if at_fault == {"NumPy"}:
        observations = [subject.observed(scenario, name) for scenario in reports]
        causes = causes_of(name, observations)
        shared = "" if causes else in_common(name, observations)
        severity = severity_of(subject, name, list(failed), causes)
    if severity is Severity.INACCURATE and not causes:
        sentence = f"{name}: its digits are lost{_besides(failed)}"
    else:
        changed = changed_in([subject.observed(scenario, name) for scenario in failed])
        unknown = f"no known slip explains it; {where}{shared and f'; {shared}'}{_besides(failed)}"
        if changed:
            unknown = f"{' and '.join(changed)} changed in place: no cause is told before that is mended; {where}"
        sentence = f"{name}: {' – or '.join(causes) or unknown}"
    details = _tables(list(failed.values()), where)
    on = [scenario.name for scenario in failed]
    raise CheckError(sentence, causes, details, tensor=name, severity=severity, scenarios=on)


def _is_idle(subject: Subject, scenario: Scenario, row: Row) -> bool:
    """Whether the comparison shows nothing, and need not.

    On seed 0 the suite's own data must show something. Others may not: they may close every ReLU, and a single output
    has no uneven gradient.
    """
    if subject.pair.is_proven and subject.seed == 0 and not scenario.is_resized:
        return row.is_even and scenario.name in subject.pair.flat_on
    return row.shows_nothing


TABLES = 3  # of the scenarios that fail: the first ones are the simplest


def _tables(failed: list[Report], where: str) -> str:
    more = [f"and {len(failed) - TABLES} scenarios more"] if len(failed) > TABLES else []
    return "\n\n".join([*map(str, failed[:TABLES]), *more, where])


def _besides(failed: dict[Scenario, Report]) -> str:
    """The findings that need no numbers: another shape or dtype, and NaN."""
    found = {scenario.name: report.rows[0].numpy for scenario, report in failed.items()}
    others = [(name, str(one)) for name, one in found.items() if one.verdict is not Verdict.OUTSIDE]
    are_nan = [name for name, one in found.items() if one.verdict is Verdict.OUTSIDE and np.isnan(one.value)]
    nan = f"; NaN on {'each of them' if len(are_nan) == len(found) else ', '.join(are_nan)}" if are_nan else ""
    if not others:
        return nan
    return f"; {others[0][1]}, on {others[0][0]}{nan}"


def _where(wrong: list[str], right: list[str]) -> str:
    if not right:
        return "wrong on every scenario"
    if len(wrong) > len(right):
        return f"right on {', '.join(right)} only, of {len(wrong) + len(right)} scenarios"
    return f"wrong on {', '.join(wrong)} only, of {len(wrong) + len(right)} scenarios"


def check_complex_step(subject: Subject) -> None:
    """The gradients are those of the layer's own forward, differentiated by the complex step.

    It is not proven how far that is from exact: allowed are 8 radii, for a complex product rounds more than once, and
    10⁻¹³ of the greatest entry.
    """
    for scenario in subject.small_scenarios:
        ours, bounds = subject.results(scenario), subject.bounds(scenario)
        example = subject.example(scenario, wide=np.complex128)
        layer, inputs, upstream = example
        given = {name: value for name, value in inputs.items() if name in subject.pair.input_gradients}
        variables = {f"d{name}": value for name, value in (given | params_of(subject.pair, layer)).items()}
        douts = [np.asarray(dout) for dout in upstream.values()] or [np.ones(())]
        size = max(abs(dout).max() for dout in douts)  # or a tiny dout times a step of 1e-200 would underflow

        def f(_: Array, example: Any = example, douts: Any = douts, size: Any = size) -> Any:
            outputs = outputs_of(subject.pair, example).values()
            return sum(np.sum(y * (dout / size)) for y, dout in zip(outputs, douts, strict=True))

        for name, variable in variables.items():
            gradient = complex_step_gradient(f, variable) * size
            overflow = f"{name} on {scenario.name}: forward is NaN for complex x, where it is a number for real x"
            require(not np.isnan(gradient).any() or np.isnan(ours[name]).any(), overflow)
            allowed = 8 * bounds[name].radius + 1e-13 * abs(gradient).max()
            _require_small(f"{name} on {scenario.name}", ours[name] - gradient, allowed)


def check_many_digits(subject: Subject) -> None:
    """Each entry lies within its radius of the result to 400 digits."""
    for scenario in subject.small_scenarios:
        truth, bounds = subject.exact(scenario), subject.bounds(scenario)
        for name, value in subject.results(scenario).items():
            _require_small(f"{name} on {scenario.name}", difference(value, truth[name]), bounds[name].radius)


def difference(value: Array, truth: Array) -> Array:
    """value − truth, of numbers of many digits, rounded to float64 at the end."""
    subtract = np.frompyfunc(lambda got, right: float(mpmath.mpf(float(got)) - right), 2, 1)
    with mpmath.workdps(DIGITS):
        return np.asarray(subtract(value, truth), float)


def check_infinity_and_nan(subject: Subject) -> None:
    """Where PyTorch's result is NaN or infinite, so is the layer's, and nowhere else; and there is no warning."""
    for at, value in _specials(subject.pair, subject.example(subject.pair.ordinary)):
        example, theirs_on = (s.example(subject.pair.ordinary) for s in (subject, replace(subject, layer=None)))
        for one in (example, theirs_on):
            array = {**one.inputs, **one.upstream}[at]
            array.reshape(-1, array.shape[-1])[0, :2] = value
        theirs = torch_results(subject.pair, theirs_on)
        for name, ours in results(subject.pair, example).items():
            either = name in subject.pair.infinite_or_nan and ~np.isfinite(ours) & ~np.isfinite(theirs[name])
            same = (_kinds(ours) == _kinds(theirs[name])) | either
            wrong = f"{name} with {value} in {at}: NaN or infinity where PyTorch has none, or none where it has"
            require(same.all(), wrong)


def _specials(pair: Pair, example: Example) -> list[tuple[str, float]]:
    """Each input and upstream gradient of floating-point numbers, with the values that are put into it."""
    inputs = [name for name, value in example.inputs.items() if value.dtype.kind == "f" and name in pair.varied_inputs]
    upstream = [name for name, value in example.upstream.items() if np.ndim(value)]
    return [*product(inputs, (np.nan, np.inf)), *product(upstream, (np.nan, np.inf, -np.inf))]


def _kinds(values: Array) -> Array:
    return np.select([np.isnan(values), values == np.inf, values == -np.inf], [1, 2, 3])


def _require_small(what: str, error: Array, allowed: Array | float) -> None:
    error, allowed = np.broadcast_arrays(error, allowed)
    outside = ~(abs(error) <= allowed)
    if outside.any():
        at = tuple(map(int, np.argwhere(outside)[0]))
        first = f"the first, {at}, by {error[at]:.1e} where {allowed[at]:.1e} is allowed"
        raise CheckError(f"{what}: outside in {np.count_nonzero(outside)} of {outside.size} entries, {first}")
