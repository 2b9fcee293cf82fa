"""Runs all checks on a candidate, in each dtype, and gathers the problems: each once, with its place in the code."""

import io
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from torch_ref.checks.battery import Check, checks_of, tensors_of
from torch_ref.checks.check_error import CheckError, RaisedError
from torch_ref.checks.subject import Subject
from torch_ref.checks.values import check_infinity_and_nan
from torch_ref.diagnosis.factors import IGNORED
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Kind, Pair
from torch_ref.places import is_gradient
from torch_ref.results import scenarios_of
from torch_ref.your_layer.adapter import Adapter
from torch_ref.your_layer.candidate import Candidate
from torch_ref.your_layer.candidate import candidate as made
from torch_ref.your_layer.conventions import CAUSES, choices_of, with_conventions
from torch_ref.your_layer.examination import Examination
from torch_ref.your_layer.good_time import in_good_time
from torch_ref.your_layer.lines import told, without_cell
from torch_ref.your_layer.locate import file_of, in_words, line_now, line_of_error, line_of_method
from torch_ref.your_layer.match import parameters_of
from torch_ref.your_layer.methods import BACKWARD, arguments_of, method_of
from torch_ref.your_layer.pictures import Picture, picture
from torch_ref.your_layer.problems import Problem, distilled
from torch_ref.your_layer.surroundings import of_checks
from torch_ref.your_layer.trial import tried
from torch_ref.your_layer.twins import Like

DTYPES = (np.float64, np.float32)
SILENCE = "silence"


@dataclass
class Listener(io.TextIOBase):
    """In the place of sys.stdout and sys.stderr: keeps the first text that the user's code prints, and the line."""

    file: str
    heard: list[tuple[str, str]] = field(default_factory=list)

    def write(self, text: str) -> int:
        where = line_now(self.file)
        if where and text.strip() and not self.heard:
            self.heard.append((text.strip(), where))
        return len(text)


@of_checks()
def examine(
    candidate: Any,
    dtypes: Iterable[Any] = DTYPES,
    skip: Sequence[str] = (),
    tell: Callable[[int, int, str], object] = lambda *_: None,
    *,
    like: Like | None = None,
    strict: bool = False,
    only: Sequence[str] = (),
    seed: int = 0,
) -> Examination:
    """All checks that need no more than the two methods, or those in `only`, but for those in `skip`.

    A class or function, as `candidate` takes it, is examined beside the twin that it is `like`; the data are those of
    the `seed`; `tell` is called before each check. With `strict` advice counts as a problem. Raises ValueError for a
    check that does not exist.
    """
    if not isinstance(candidate, Candidate):
        if like is None:
            raise ValueError("examine: like must be the twin of a class or function, got none")
        candidate = made(candidate, like)
    dtypes = list(dtypes)
    if not dtypes:
        raise ValueError("examine: there must be a dtype, got none")
    skipped = left_out_of(candidate, skip, only)
    file, pair = file_of(candidate.cls), candidate.pair
    subjects: list[Subject] = []
    all_checks = checks_of(pair, ours=False) | dict(candidate.checks)
    checks = {name: check for name, check in all_checks.items() if name not in skipped}
    found: list[Problem] = []
    listener = Listener(file)
    with redirect_stdout(listener), redirect_stderr(listener), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for i, dtype in enumerate(dtypes):
            for j, (name, check) in enumerate(checks.items()):
                tell(i * len(checks) + j, len(dtypes) * len(checks), f"{name}, {np.dtype(dtype)}")
                if not subjects:  # once that the user knows what runs
                    candidate = in_good_time(tried(candidate))
                    pair = candidate.pair
                    subjects = [candidate.subject(one, seed) for one in dtypes]
                found += _problems(name, check, subjects[i], candidate)
        elsewhere = _elsewhere(found, subjects, candidate, skipped)
        problems = with_conventions(pair, distilled(found), elsewhere, candidate.notes)
        problems += [Problem("", "", said, "", (), (), severity) for said, severity in candidate.notes.items()]
        is_right = all(problem.severity < Severity.INACCURATE for problem in problems)
        remarks = _not_compared(subjects[0])
        remarks += _at_infinity(subjects[0]) if is_right else []
        remarks += [*_shows_nothing(subjects[0]), *_first_to_depart(pair, problems)]
        left_out = {tensor for check, tensor in tensors_of(pair).items() if check in skipped}
        wrong = {problem.tensor for problem in found if problem.severity >= Severity.INACCURATE}
        pictures = tuple(_pictures(subjects, wrong, left_out))
    if listener.heard and SILENCE not in skipped:
        text, where = listener.heard[0]
        problems.append(Problem(SILENCE, "", f"it prints {text[:60]!r}", where, (), (), Severity.ADVICE))
    remarks += sorted(
        {
            f"{w.category.__name__}: {w.message} ({told(w.filename, w.lineno)})"
            for w in warned
            if without_cell(w.filename) == file
        }
    )
    counts = Severity.INACCURATE if not strict else Severity.ADVICE
    return Examination(
        name=candidate.name,
        file=file,
        like=candidate.like,
        basis=candidate.basis,
        dtypes=tuple(str(np.dtype(subject.dtype)) for subject in subjects),
        checks=(*checks, *([] if SILENCE in skipped else [SILENCE])),
        skipped=skipped,
        scenarios=tuple(scenario.name for scenario in scenarios_of(pair)),
        left_out=tuple(scenario.name for scenario in pair.data_sets if scenario not in scenarios_of(pair)),
        problems=tuple(p for p in problems if p.severity >= counts and p.severity is not Severity.CONVENTION),
        conventions=tuple(p for p in problems if p.severity is Severity.CONVENTION),
        advice=tuple(p for p in problems if p.severity is Severity.ADVICE and not strict),
        pictures=pictures,
        remarks=tuple(remarks),
        seed=seed,
    )


def left_out_of(candidate: Candidate, skip: Sequence[str], only: Sequence[str]) -> tuple[str, ...]:
    """The checks that do not run. Raises ValueError for a check that does not exist, and where none is left."""
    checks = [*checks_of(candidate.pair, ours=False), *candidate.checks]
    for option, names in (("skip", skip), ("only", only)):
        for name in names:
            if name not in (*checks, SILENCE):
                raise ValueError(f"{option}: it must name one of {', '.join((*checks, SILENCE))}, got {name}")
    skipped = tuple(name for name in (*checks, SILENCE) if name in skip or (only and name not in only))
    if set(checks) <= set(skipped):
        raise ValueError(f"skip, only: a check must be left, beside {SILENCE}, got none")
    return skipped


def _elsewhere(
    found: Sequence[Problem], subjects: Sequence[Subject], candidate: Candidate, skipped: Collection[str]
) -> list[Problem]:
    """Of what may be a convention, whether the tensors that were left out agree."""
    if not any(CAUSES.intersection(problem.causes) for problem in found):
        return []
    pair = candidate.pair
    checks = checks_of(pair, ours=False)
    together = {tensor for choice in choices_of(pair) for tensor in choice.tensors}
    names = [name for name, of in tensors_of(pair).items() if name in skipped and of in together]
    return [one for subject in subjects for name in names for one in _problems(name, checks[name], subject, candidate)]


def _problems(name: str, check: Check, subject: Subject, candidate: Candidate) -> Iterator[Problem]:
    """At most one."""
    file, dtype = file_of(candidate.cls), str(np.dtype(subject.dtype))
    try:
        check(subject)
    except CheckError as error:
        where = line_of_error(error, file) or line_of_method(candidate.cls, error.method)
        severity = Severity.ADVICE if isinstance(error, RaisedError) and name in UNUSUAL else error.severity
        severity = Severity.ADVICE if _is_of_the_last_layer(candidate, error) else severity
        yield Problem(
            name, error.tensor, error.sentence, where, (dtype,), tuple(error.causes), severity, error.scenarios
        )
    except (Exception, SystemExit) as error:
        where = line_of_error(error, file)
        if not where:  # not in the user's code: a mistake of ours
            raise
        severity = Severity.ADVICE if name in UNUSUAL else Severity.WRONG
        yield Problem(name, "", f"it raises {in_words(error)}", where, (dtype,), (), severity)


# Calls that nobody makes who uses a layer as layers are used: a right layer may refuse them.
UNUSUAL = ("backward_twice", "results_are_the_callers")


def _is_of_the_last_layer(candidate: Candidate, error: CheckError) -> bool:
    """Whether all that is wrong is that a loss ignores dout, which it need not be given."""
    if candidate.pair.kind is not Kind.LOSS or error.causes != [IGNORED]:
        return False
    backward = method_of(candidate.cls, BACKWARD)
    return all(one.default is not one.empty for one in arguments_of(getattr(candidate.cls, backward))[1:])


def _not_compared(subject: Subject) -> list[str]:
    """Arrays that look like parameters, but have no counterpart in the twin."""
    try:
        layer = subject.example(subject.pair.ordinary).layer
    except Exception:  # noqa: BLE001 - a user's code may raise anything: the checks have told it
        return []
    if not isinstance(layer, Adapter):
        return []
    known = {place.name for place in layer.kept_in.values()}
    others = [name for name in parameters_of(layer.layer) if name not in known]
    return [f"not compared, for the twin has no such parameter: {', '.join(others)}"] if others else []


def _shows_nothing(subject: Subject) -> Iterator[str]:
    for name in subject.bounds(subject.pair.ordinary):
        centres = {scenario.name: subject.bounds(scenario)[name].centre for scenario in subject.scenarios}
        even = [scenario for scenario, centre in centres.items() if centre.size > 1 and np.ptp(centre) == 0]
        if is_gradient(name) and even:
            yield f"{name} is all alike, which shows little, on {', '.join(even)}"


def _first_to_depart(pair: Pair, problems: Sequence[Problem]) -> list[str]:
    """Of several tensors that nothing explains, the one that is computed first: on the way forward, and then back."""
    order = [*pair.outputs, *(f"d{name}" for name in (*reversed([*pair.parameters]), *pair.input_gradients))]
    faults = [problem for problem in problems if not problem.causes and problem.severity >= Severity.INACCURATE]
    wrong = {name for problem in faults for name in problem.tensor.split(", ") if name in order}
    return [f"the first to depart, forward and then back: {min(wrong, key=order.index)}"] if len(wrong) > 1 else []


def _at_infinity(subject: Subject) -> list[str]:
    """Of a right layer only, as a remark: infinity and NaN are no data."""
    try:
        with warnings.catch_warnings(action="ignore"):
            check_infinity_and_nan(subject)
    except CheckError as error:
        return [f"at infinity and NaN it differs from PyTorch: {error.sentence}"]
    except Exception as error:  # noqa: BLE001 - a user's code may raise anything
        return [f"at infinity and NaN it fails: {type(error).__name__}: {error}"]
    return []


def _pictures(subjects: Sequence[Subject], wrong: Collection[str], left_out: Collection[str]) -> Iterator[Picture]:
    """One for each tensor that is checked: where it is wrong, if it is."""
    for name in tensors_of(subjects[0].pair).values():
        if name not in left_out:
            where_wrong = (picture(subject, name, must_be_wrong=True) for subject in subjects if name in wrong)
            found = next(filter(None, where_wrong), None) or picture(subjects[0], name, must_be_wrong=False)
            yield from [found] if found else []
