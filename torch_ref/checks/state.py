"""The checks of state: what a layer keeps for backward, and the owners of arrays. Buffers are meant to change."""

from collections.abc import Iterator

import numpy as np

from torch_ref import places
from torch_ref.checks.calls import backward_again, copied, has_backward, is_equal, refilled
from torch_ref.checks.check_error import CheckError, raise_worst
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.explain import reproduces
from torch_ref.diagnosis.severity import Severity
from torch_ref.oracles.autograd import Results
from torch_ref.pair import Pair
from torch_ref.results import raw_results, results


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
    for is_same_array in (False, True) if has_backward(pair) else ():
        yield from _of_another_dout(subject, is_same_array=is_same_array)


def _of_another_dout(subject: Subject, *, is_same_array: bool) -> Iterator[CheckError]:
    """After a backward of this forward: the gradients must not be those kept from then."""
    pair, case = subject.pair, subject.case(subject.pair.ordinary)
    example = subject.example(pair.ordinary)
    other = {
        name: 2 * np.asarray(value)[::-1] if np.ndim(value) else 2 * value for name, value in example.upstream.items()
    }
    wanted, first = case.given(upstream=other), results(pair, example)
    data = example._replace(upstream=other)
    data = refilled(example, data) if is_same_array else copied(data)
    for name, second in backward_again(pair, data, first).items():
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
