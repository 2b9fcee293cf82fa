"""The checks of the contract: dtypes, layouts, whose arrays are whose, what is kept, what is refused."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from numpy_impl.checks import Array
from torch_ref.oracle import Results
from torch_ref.pair import Example, Pair
from torch_ref.refusals import all_refusals
from torch_ref.subject import ANOTHER, ORDINARY, Subject, require
from torch_ref.verify import Report, compare


def check_dtype_and_shape(subject: Subject) -> None:
    """Results have the dtype of the parameters, gradients the shape of what they are the gradient of."""
    for scenario in subject.small_scenarios:
        bounds = subject.bounds(scenario)
        for wide in (subject.dtype, np.complex128):
            for name, value in subject.results(scenario, wide=wide).items():
                got, wanted = (np.shape(value), np.asarray(value).dtype), (bounds[name].shape, np.dtype(wide))
                require(got == wanted, f"{name} on {scenario.name}: shape and dtype {got}, not {wanted}")


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
        bounds, theirs = subject.bounds(scenario), subject.torch_results(scenario)
        for name, layout in LAYOUTS.items():
            ours = subject.results(scenario, layout=layout)
            Report(f"{scenario.name}, {name}", compare(ours, theirs, bounds)).check()


def check_arguments_unmodified(subject: Subject) -> None:
    """Inputs, dout and parameters are bit for bit as they were."""
    for scenario in subject.pair.scenarios:
        example = subject.example(scenario)
        handed_in = [*example.inputs, *subject.pair.params(example.layer).values(), np.asarray(example.dout)]
        before = [array.tobytes() for array in handed_in]
        subject.pair.results(example)
        after = [array.tobytes() for array in handed_in]
        require(after == before, f"inputs, dout or parameters are modified on {scenario.name}")


def check_second_call(subject: Subject) -> None:
    """Results on a second batch have no trace of a first one, of the same size or another."""
    for first in (replace(subject, seed=subject.seed + 1).example(ORDINARY), subject.example(ANOTHER)):
        used = subject.example(ORDINARY)
        subject.pair.run(used.layer, *first.inputs, dout=first.dout)
        _require_equal(subject.pair.results(used), subject.results(ORDINARY), "after another batch")


def check_backward_twice(subject: Subject) -> None:
    """The same gradients twice: none is added to, no cache is used up."""
    example = subject.example(ORDINARY)
    first = subject.pair.results(example)
    _require_equal(_backward_again(subject.pair, example, first), first, "backward once more")


def check_results_are_the_callers(subject: Subject) -> None:
    """No later call changes what was returned, and no edit of it, or of the inputs, reaches a cache."""
    example, other = subject.example(ORDINARY), subject.example(ANOTHER)
    returned = subject.pair.run(example.layer, *example.inputs, dout=example.dout)
    kept = {name: np.array(value) for name, value in returned.items()}
    subject.pair.run(example.layer, *other.inputs, dout=other.dout)
    _require_equal(returned, kept, "results after a later call")

    returned = subject.pair.run(example.layer, *example.inputs, dout=example.dout)
    edited = [*returned.values(), *(example.inputs if hasattr(example.layer, "backward") else ())]
    for array in edited:
        array[...] = 1
    _require_equal(_backward_again(subject.pair, example, kept), kept, "after an edit of results or inputs")


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
    return first | {"dx": dx} | {f"d{name}": getattr(example.layer, f"d{name}") for name in pair.parameters}


def _require_equal(got: Results, wanted: Results, what: str) -> None:
    for name, value in wanted.items():
        same = np.asarray(got[name]).dtype == value.dtype and np.array_equal(got[name], value)
        require(same, f"{what}: {name} is another than before")
