"""The checks that every pair must pass: each a function of a subject that raises AssertionError.

A `Subject` is a layer of a pair, or a class that is checked in its place, in one dtype. `checks_of(pair)` names the
checks that make sense for it; a suite runs each of them as a test of its own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, TypeAlias

import mpmath
import numpy as np

from numpy_impl import complex_step_gradient
from numpy_impl.checks import Array
from torch_ref.bounds import Ball
from torch_ref.oracle import Results
from torch_ref.pair import Example, Pair, forward_of
from torch_ref.refusals import all_refusals
from torch_ref.scenarios import SCENARIOS, Data, Scenario
from torch_ref.verify import Report, compare


@dataclass(frozen=True)
class Subject:
    """What is checked: `layer` makes it, the pair's own layer if None."""

    pair: Pair
    dtype: Any
    layer: Callable[..., Any] | None = None
    seed: int = 0

    def example(self, scenario: Scenario, **options: Any) -> Example:
        data = Data(scenario, self.dtype, self.seed, **options)
        return self.pair.example(self.layer or self.pair.layer, data)

    @property
    def small_scenarios(self) -> list[Scenario]:
        return [scenario for scenario in self.pair.scenarios if scenario.is_small]


Check: TypeAlias = Callable[[Subject], None]
ORDINARY, ANOTHER = (next(s for s in SCENARIOS if s.name == name) for name in ("ordinary", "odd-batch"))


def checks_of(pair: Pair) -> dict[str, Check]:
    """The checks by name."""
    names = expected(pair, ORDINARY, np.dtype(float), 0)[0]
    tensors = {"forward" if n in ("y", "loss") else f"{'input' if n == 'dx' else n[1:]}_gradient": n for n in names}
    return {check: partial(check_values, name=name) for check, name in tensors.items()} | {
        "dtype_and_shape": check_dtype_and_shape,
        "memory_layouts": check_memory_layouts,
        "arguments_unmodified": check_arguments_unmodified,
        "second_call": check_second_call,
        "backward_twice": check_backward_twice,
        "results_are_the_callers": check_results_are_the_callers,
        "complex_step": check_complex_step,
        "many_digits": check_many_digits,
        "infinity_and_nan": check_infinity_and_nan,
        "bad_inputs": check_bad_inputs,
    }


@cache
def expected(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> tuple[dict[str, Ball], Results]:
    """The bounds, and PyTorch's results: whatever is checked in the place of the pair's layer, they are the same."""
    example = Subject(pair, dtype, seed=seed).example(scenario)
    return pair.bounds(example), pair.torch_results(example)


@cache
def exact(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> Results:
    """The results to many digits."""
    return pair.exact(Subject(pair, dtype, seed=seed).example(scenario))


def report(subject: Subject, scenario: Scenario, name: str) -> Report:
    """One tensor on one scenario."""
    bounds, theirs = expected(subject.pair, scenario, np.dtype(subject.dtype), subject.seed)
    ours = subject.pair.results(subject.example(scenario))
    title = f"{subject.pair.name}, {scenario.name}, {np.dtype(subject.dtype)}"
    return Report(title, compare(ours, theirs, {name: bounds[name]}))


def check_values(subject: Subject, name: str) -> None:
    """On every scenario each entry lies within its radius: the layer's and PyTorch's."""
    reports = {scenario.name: report(subject, scenario, name) for scenario in subject.pair.scenarios}
    failed = [str(found) for found in reports.values() if not found.ok]
    passed = ", ".join(scenario for scenario, found in reports.items() if found.ok)
    assert not failed, "\n\n".join([*failed, f"right on: {passed or 'none'}"])


def check_dtype_and_shape(subject: Subject) -> None:
    """Results have the dtype of the parameters, gradients the shape of what they are the gradient of."""
    for scenario in subject.small_scenarios:
        bounds, _ = expected(subject.pair, scenario, np.dtype(subject.dtype), subject.seed)
        for wide in (subject.dtype, np.complex128):
            for name, value in subject.pair.results(subject.example(scenario, wide=wide)).items():
                got, wanted = (np.shape(value), np.asarray(value).dtype), (bounds[name].shape, np.dtype(wide))
                assert got == wanted, f"{name} on {scenario.name}: shape and dtype {got}, not {wanted}"


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran order": np.asfortranarray,
    "negative strides": lambda a: a[::-1].copy()[::-1] if a.ndim else a,
    "every second entry": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "unaligned": lambda a: np.frombuffer(b"\0" + a.tobytes(), a.dtype, offset=1).reshape(a.shape),
}


def check_memory_layouts(subject: Subject) -> None:
    """However inputs, parameters and dout lie in memory, the results are right."""
    for scenario in subject.small_scenarios:
        bounds, theirs = expected(subject.pair, scenario, np.dtype(subject.dtype), subject.seed)
        for name, layout in LAYOUTS.items():
            ours = subject.pair.results(subject.example(scenario, layout=layout))
            Report(f"{scenario.name}, {name}", compare(ours, theirs, bounds)).check()


def check_arguments_unmodified(subject: Subject) -> None:
    """Inputs, dout and parameters are bit for bit as they were."""
    for scenario in subject.pair.scenarios:
        example = subject.example(scenario)
        handed_in = [*example.inputs, *subject.pair.params(example.layer).values(), np.asarray(example.dout)]
        before = [array.tobytes() for array in handed_in]
        subject.pair.results(example)
        assert [array.tobytes() for array in handed_in] == before, f"arguments are modified on {scenario.name}"


def check_second_call(subject: Subject) -> None:
    """Results on a second batch have no trace of a first one, of the same size or another."""
    for first in (replace(subject, seed=subject.seed + 1).example(ORDINARY), subject.example(ANOTHER)):
        used = subject.example(ORDINARY)
        subject.pair.run(used.layer, *first.inputs, dout=first.dout)
        _assert_equal(subject.pair.results(used), subject.pair.results(subject.example(ORDINARY)))


def check_backward_twice(subject: Subject) -> None:
    """The same gradients twice: none is added to, no cache is used up."""
    example = subject.example(ORDINARY)
    first = subject.pair.results(example)
    _assert_equal(_backward_again(subject.pair, example, first), first)


def check_results_are_the_callers(subject: Subject) -> None:
    """No later call changes what was returned, and no edit of it, or of the inputs, reaches a cache."""
    example, other = subject.example(ORDINARY), subject.example(ANOTHER)
    returned = subject.pair.run(example.layer, *example.inputs, dout=example.dout)
    kept = {name: np.array(value) for name, value in returned.items()}
    subject.pair.run(example.layer, *other.inputs, dout=other.dout)
    _assert_equal(returned, kept)

    returned = subject.pair.run(example.layer, *example.inputs, dout=example.dout)
    edited = [*returned.values(), *(example.inputs if hasattr(example.layer, "backward") else ())]
    for array in edited:
        array[...] = 1
    _assert_equal(_backward_again(subject.pair, example, kept), kept)


def check_complex_step(subject: Subject) -> None:
    """The gradients are those of the layer's own forward, differentiated by the complex step.

    It is not proven how far that is from exact: allowed are 8 radii, for a complex product rounds more than once, and
    10⁻¹³ of the greatest entry.
    """
    for scenario in subject.small_scenarios:
        bounds, _ = expected(subject.pair, scenario, np.dtype(subject.dtype), subject.seed)
        ours = subject.pair.results(subject.example(scenario))
        layer, inputs, dout = subject.example(scenario, wide=np.complex128)
        variables = {"dx": inputs[0]} | {f"d{n}": value for n, value in subject.pair.params(layer).items()}

        size = abs(np.asarray(dout)).max()  # taken out, or a tiny dout times a step of 1e-200 would underflow

        def f(_: Array, layer: Any = layer, inputs: Any = inputs, weights: Any = dout / size) -> Any:
            return np.sum(forward_of(layer)(*inputs) * weights)

        for name in bounds.keys() & variables.keys():
            gradient = complex_step_gradient(f, variables[name]) * size
            allowed = 8 * bounds[name].radius + 1e-13 * abs(gradient).max()
            _assert_close(f"{name} on {scenario.name}", ours[name] - gradient, allowed)


def check_many_digits(subject: Subject) -> None:
    """Each entry lies within its radius of the result to 400 digits."""
    for scenario in subject.small_scenarios:
        dtype = np.dtype(subject.dtype)
        bounds, _ = expected(subject.pair, scenario, dtype, subject.seed)
        truth = exact(subject.pair, scenario, dtype, subject.seed)
        for name, value in subject.pair.results(subject.example(scenario)).items():
            _assert_close(f"{name} on {scenario.name}", difference(value, truth[name]), bounds[name].radius)


def difference(value: Array, truth: Array) -> Array:
    """value − truth, of numbers of many digits, rounded to float64 at the end."""
    subtract = np.frompyfunc(lambda got, right: float(mpmath.mpf(float(got)) - right), 2, 1)
    with mpmath.workdps(400):
        return np.asarray(subtract(value, truth), float)


def check_infinity_and_nan(subject: Subject) -> None:
    """Where PyTorch's result is NaN or infinite, so is the layer's, and nowhere else; and there is no warning."""
    for at, value in (("x", np.nan), ("x", np.inf), ("dout", np.nan), ("dout", np.inf), ("dout", -np.inf)):
        example = subject.example(ORDINARY)
        array = example.inputs[0] if at == "x" else example.dout
        if isinstance(array, np.ndarray):
            array[0, :2] = value
            theirs = subject.pair.torch_results(example)
            for name, ours in subject.pair.results(example).items():
                same = _kinds(ours) == _kinds(theirs[name])
                assert same.all(), f"{name} with {value} in {at}: not where PyTorch has it"


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
        assert message.startswith(f"{type(example.layer).__name__}: "), f"{refusal.what}: {message}"
        _assert_equal(_backward_again(subject.pair, example, first), first)


def _backward_again(pair: Pair, example: Example, first: Results) -> Results:
    """The results, y from before, of one more backward; a network has none, and is run again."""
    if not hasattr(example.layer, "backward"):
        return pair.results(example)
    dx = example.layer.backward(example.dout)
    return first | {"dx": dx} | {f"d{name}": getattr(example.layer, f"d{name}") for name in pair.parameters}


def _kinds(values: Array) -> Array:
    return np.select([np.isnan(values), values == np.inf, values == -np.inf], [1, 2, 3])


def _assert_equal(got: Results, wanted: Results) -> None:
    for name, value in wanted.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name, strict=True)


def _assert_close(what: str, error: Array, allowed: Array | float) -> None:
    outside = ~(abs(error) <= allowed)
    assert not outside.any(), f"{what}: outside in {np.count_nonzero(outside)} of {outside.size} entries"


def names_of_checks(pairs: Iterable[Pair], dtypes: Iterable[Any]) -> list[tuple[str, Pair, str, Any]]:
    """(name, pair, check, dtype) for each pair, check and dtype, the name as in "affine-input_gradient-float64"."""
    return [
        (f"{pair.name}-{check}-{np.dtype(dtype)}", pair, check, dtype)
        for pair in pairs
        for check in checks_of(pair)
        for dtype in dtypes
    ]
