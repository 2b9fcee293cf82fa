"""Runs all checks on a candidate, in each dtype, and gathers what is wrong: each thing once, and where in the code."""

import contextlib
import io
import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from torch_ref.battery import Check, checks_of, tensors_of
from torch_ref.candidates.adapter import Adapter, in_words
from torch_ref.candidates.candidate import Candidate
from torch_ref.candidates.locate import file_of, line_now, line_of_error, line_of_method
from torch_ref.candidates.matching import parameters_of
from torch_ref.candidates.pictures import Picture, picture
from torch_ref.diagnosis import CHANGED
from torch_ref.subject import CheckError, Subject
from torch_ref.value_checks import check_infinity_and_nan

DTYPES = (np.float64, np.float32)
SILENCE = "silence"
# What follows from another failure, and is not said beside it.
FOLLOWS = {
    "memory_layouts": ("arguments_unmodified", "repeatable"),
    "second_call": ("arguments_unmodified", "repeatable"),
    "parameters_take_effect": ("repeatable",),
    "backward_twice": ("arguments_unmodified", "repeatable", "second_call"),
    "results_are_the_callers": ("arguments_unmodified", "repeatable", "second_call", "backward_twice"),
}


@dataclass(frozen=True)
class Problem:
    """What a check found, in a sentence, and where; `causes` are the slips that explain it.

    Where it is said of several tensors, or by several checks, these are "dW1, db1".
    """

    check: str
    tensor: str
    sentence: str
    where: str
    dtypes: tuple[str, ...]
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examination:
    """A candidate, examined. `remarks` are worth knowing and count for nothing; `left_out` are no data for its twin."""

    name: str
    file: str
    like: str
    basis: str
    dtypes: tuple[str, ...]
    checks: tuple[str, ...]
    skipped: tuple[str, ...]
    scenarios: tuple[str, ...]
    left_out: tuple[str, ...]
    problems: tuple[Problem, ...]
    pictures: tuple[Picture, ...]
    remarks: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass
class Listener(io.TextIOBase):
    """In the place of sys.stdout and sys.stderr: keeps what somebody's code first prints, and where."""

    file: str
    heard: list[tuple[str, str]] = field(default_factory=list)

    def write(self, text: str) -> int:
        where = line_now(self.file)
        if where and text.strip() and not self.heard:
            self.heard.append((text.strip(), where))
        return len(text)


def examine(
    candidate: Candidate,
    dtypes: Iterable[Any] = DTYPES,
    skip: Sequence[str] = (),
    tell: Callable[[int, int, str], object] = lambda *_: None,
) -> Examination:
    """All checks that ask for no more than the two methods; `skip` names those to leave out; `tell` is told of each.

    Raises ValueError for a check that does not exist.
    """
    subjects = [candidate.subject(dtype) for dtype in dtypes]
    if not subjects:
        raise ValueError("examine: there must be a dtype, got none")
    file, pair = file_of(candidate.cls), candidate.pair
    checks = checks_of(pair, ours=False)
    check_names(candidate, skip)
    checks = {name: check for name, check in checks.items() if name not in skip}
    found: list[Problem] = []
    remarks: list[str] = []
    with _listening(file) as listener, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for i, subject in enumerate(subjects):
            for j, (name, check) in enumerate(checks.items()):
                tell(i * len(checks) + j, len(subjects) * len(checks), f"{name}, {np.dtype(subject.dtype)}")
                found += _problems(name, check, subject, candidate)
        problems = _merged(_without_consequences(_distinct(found)))
        remarks += _not_compared(subjects[0]) if problems else [*_not_compared(subjects[0]), *_at_infinity(subjects[0])]
        remarks += _shows_nothing(subjects[0])
        left_out = {tensor for check, tensor in tensors_of(pair).items() if check in skip}
        pictures = tuple(_pictures(subjects, {problem.tensor for problem in found}, left_out))
    if listener.heard and SILENCE not in skip:
        text, where = listener.heard[0]
        problems.append(Problem(SILENCE, "", f"it prints {text[:60]!r}", where, ()))
    remarks += sorted(
        {f"{w.category.__name__}: {w.message} ({Path(file).name}:{w.lineno})" for w in warned if w.filename == file}
    )
    return Examination(
        candidate.name,
        file,
        candidate.like,
        candidate.basis,
        tuple(str(np.dtype(subject.dtype)) for subject in subjects),
        (*checks, *([] if SILENCE in skip else [SILENCE])),
        tuple(skip),
        tuple(scenario.name for scenario in pair.scenarios),
        tuple(scenario.name for scenario in pair.data_sets if scenario not in pair.scenarios),
        tuple(problems),
        pictures,
        tuple(remarks),
    )


def check_names(candidate: Candidate, names: Iterable[str]) -> None:
    """Raises ValueError for a check that does not exist."""
    known = [*checks_of(candidate.pair, ours=False), SILENCE]
    for name in names:
        if name not in known:
            raise ValueError(f"skip: it must name one of {', '.join(known)}, got {name}")


def _problems(name: str, check: Check, subject: Subject, candidate: Candidate) -> Iterator[Problem]:
    """At most one."""
    file, dtype = file_of(candidate.cls), str(np.dtype(subject.dtype))
    try:
        check(subject)
    except CheckError as error:
        where = line_of_error(error, file) or line_of_method(candidate.cls, error.method)
        yield Problem(name, error.tensor, error.sentence, where, (dtype,), tuple(error.causes))
    except (Exception, SystemExit) as error:
        where = line_of_error(error, file)
        if not where:  # not in their code: ours to answer for
            raise
        yield Problem(name, "", f"it raises {in_words(error)}", where, (dtype,))


def _distinct(problems: Sequence[Problem]) -> list[Problem]:
    """What several checks stumble over, as a forward that returns None, is said once."""
    first: dict[Any, Problem] = {}
    for problem in problems:
        first.setdefault((problem.sentence, problem.where, problem.dtypes), problem)
    return list(first.values())


def _without_consequences(problems: Sequence[Problem]) -> list[Problem]:
    kept = []
    for problem in problems:
        others = [other for other in problems if other.dtypes == problem.dtypes and other is not problem]
        if not _follows(problem, others):
            kept.append(problem)
    return kept


def _follows(problem: Problem, others: Sequence[Problem]) -> bool:
    """Whether a problem is what one must see, given the others."""
    checks = {other.check for other in others}
    of_tensor = [other for other in others if other.tensor and other.tensor == problem.tensor]
    if problem.check == "dtype_and_shape":
        return bool(of_tensor)
    if _is_of_values(problem):
        is_in_place = any(CHANGED in cause for cause in problem.causes) and "arguments_unmodified" in checks
        is_random = any(other.check == "repeatable" for other in of_tensor)
        is_left_over = any(other.check == "second_call" and other.causes for other in of_tensor)
        return is_in_place or is_random or is_left_over
    if any(_is_of_values(other) and not other.tensor for other in others):  # it cannot be run
        return True
    is_left_out = problem.check == "parameters_take_effect" and any("left out" in c for o in others for c in o.causes)
    return is_left_out or not checks.isdisjoint(FOLLOWS.get(problem.check, ()))


def _is_of_values(problem: Problem) -> bool:
    return problem.check == "forward" or problem.check.endswith("_gradient")


def _merged(problems: Sequence[Problem]) -> list[Problem]:
    """What is found in both dtypes is said once."""
    merged: list[Problem] = []
    for problem in problems:
        for i, before in enumerate(merged):
            both = as_one(before, problem)
            if both:
                merged[i] = both
                break
        else:
            merged.append(problem)
    return _by_sentence(merged)


def as_one(before: Problem, problem: Problem) -> Problem | None:
    """Two findings as one, if they are: with the causes that explain both, or with the only ones that there are."""
    dtypes = tuple(dict.fromkeys((*before.dtypes, *problem.dtypes)))
    if problem.where == before.where and problem.sentence == before.sentence:
        return replace(before, dtypes=dtypes)
    if (problem.where, problem.check, problem.tensor) != (before.where, before.check, before.tensor):
        return None
    common = tuple(cause for cause in before.causes if cause in problem.causes)
    if common:
        return replace(before, sentence=f"{problem.tensor}: {' – or '.join(common)}", dtypes=dtypes, causes=common)
    if before.causes and problem.causes:
        return None
    if not before.causes and not problem.causes:
        return replace(before, dtypes=dtypes)
    told = problem if problem.causes else before
    return replace(
        told,
        sentence=f"{told.sentence} (so in {told.dtypes[0]}; in the other dtype it is wrong as well)",
        dtypes=dtypes,
    )


def _by_sentence(problems: Sequence[Problem]) -> list[Problem]:
    """What is said of several tensors is said once: "dW1, db1: it is all 0"."""
    grouped: dict[Any, list[Problem]] = {}
    for problem in problems:
        said = problem.sentence.removeprefix(f"{problem.tensor}: ")
        grouped.setdefault((said, problem.where, problem.dtypes, problem.causes), []).append(problem)
    found = []
    for (said, where, dtypes, causes), same in grouped.items():
        tensors = ", ".join(dict.fromkeys(problem.tensor for problem in same))
        checks = ", ".join(dict.fromkeys(problem.check for problem in same))
        sentence = f"{tensors}: {said}" if len(same) > 1 else same[0].sentence
        found.append(Problem(checks, tensors, sentence, where, dtypes, causes))
    return found


def _not_compared(subject: Subject) -> list[str]:
    """Arrays that look like parameters, and that the twin has none for."""
    layer = subject.example(subject.pair.ordinary).layer
    if not isinstance(layer, Adapter):
        return []
    known = {place.name for place in layer.kept_in.values()}
    others = [name for name in parameters_of(layer.layer) if name not in known]
    return [f"not compared, for the twin has no such parameter: {', '.join(others)}"] if others else []


def _shows_nothing(subject: Subject) -> Iterator[str]:
    for name in subject.bounds(subject.pair.ordinary):
        centres = {scenario.name: subject.bounds(scenario)[name].centre for scenario in subject.pair.scenarios}
        even = [scenario for scenario, centre in centres.items() if centre.size > 1 and np.ptp(centre) == 0]
        if name.startswith("d") and even:
            yield f"{name} is all alike, which shows little, on {', '.join(even)}"


def _at_infinity(subject: Subject) -> list[str]:
    """Said of a right layer only, and not held against it: infinity and NaN are no data."""
    try:
        with warnings.catch_warnings(action="ignore"):
            check_infinity_and_nan(subject)
    except CheckError as error:
        return [f"at infinity and NaN it differs from PyTorch: {error.sentence}"]
    except Exception as error:  # noqa: BLE001 - whatever somebody's code raises
        return [f"at infinity and NaN it fails: {type(error).__name__}: {error}"]
    return []


def _pictures(subjects: Sequence[Subject], wrong: Collection[str], left_out: Collection[str]) -> Iterator[Picture]:
    """One for each tensor that is checked: where it is wrong, if it is."""
    for name in tensors_of(subjects[0].pair).values():
        if name in left_out:
            continue
        for subject in subjects:
            found = picture(subject, name, must_be_wrong=True) if name in wrong else None
            if found:
                break
        else:
            found = picture(subjects[0], name, must_be_wrong=False)
        if found:
            yield found


@contextlib.contextmanager
def _listening(file: str) -> Iterator[Listener]:
    listener, kept = Listener(file), (sys.stdout, sys.stderr)
    sys.stdout = sys.stderr = listener
    try:
        yield listener
    finally:
        sys.stdout, sys.stderr = kept
