"""What catches a slip, what is said of it, and what raises an alarm on a right layer."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from matrix.rivals import RIVALS
from torch_ref import PAIRS, Candidate, Pair, examine
from torch_ref.checks.battery import OURS, Check, checks_of
from torch_ref.checks.subject import Subject
from torch_ref.results import scenarios_of
from torch_ref.scenarios import Scenario
from torch_ref.slip import Slip
from torch_ref.your_layer.problems import Problem

DTYPES = (np.float64, np.float32)


@cache
def caught(slip: Slip) -> Mapping[str, str]:
    """By dtype the first check of ours that fails; empty if none does."""
    return {str(np.dtype(dtype)): found_by(slip, dtype) for dtype in DTYPES}


def missed(slip: Slip) -> list[str]:
    """The dtypes in which ours should have caught it."""
    return [dtype for dtype, check in caught(slip).items() if not check and dtype not in slip.unseen_in]


@cache
def alarms(slip: Slip) -> Mapping[str, list[str]]:
    """By rival the dtypes in which it raises an alarm."""
    subjects = {str(np.dtype(dtype)): Subject(PAIRS[slip.pair], dtype, slip.layer) for dtype in DTYPES}
    return {rival: [dtype for dtype, subject in subjects.items() if catches(rival, subject)] for rival in RIVALS}


@dataclass(frozen=True)
class Diagnosis:
    """What is said of a slip in one dtype: whether the right cause, and which causes that are none of it."""

    right: bool
    wrong: list[str]


@cache
def problems(slip: Slip, dtype: Any) -> Sequence[Problem]:
    """What the checks of everybody's layers find in it."""
    found = examine(Candidate(slip.layer, slip.pair, PAIRS[slip.pair], slip.layer), [dtype], strict=True)
    return (*found.problems, *found.conventions)


def diagnosis(slip: Slip, dtype: Any) -> Diagnosis:
    """A cause counts as wrong unless it is the right one, or said as one of several that the data cannot tell apart."""
    found = problems(slip, dtype)
    right = bool(slip.cause) and any(slip.cause in problem.sentence for problem in found)
    wrong = [p.sentence for p in found if p.causes and not (slip.cause and slip.cause in p.sentence)]
    return Diagnosis(right, wrong)


def diagnoses(slips: Sequence[Slip]) -> tuple[int, int, list[str]]:
    """(right, of those that have a name and show in the dtype, what is said wrongly), over both dtypes."""
    seen = [(slip, dtype) for slip in slips for dtype in DTYPES if str(np.dtype(dtype)) not in slip.unseen_in]
    found = [(slip, dtype, diagnosis(slip, dtype)) for slip, dtype in seen]
    wrong = [f"{slip.name} in {np.dtype(dtype)}: {sentence}" for slip, dtype, said in found for sentence in said.wrong]
    return sum(said.right for *_, said in found), sum(bool(slip.cause) for slip, _ in seen), wrong


def found_by(slip: Slip, dtype: Any) -> str:
    """One of everybody's checks, or of those for our own layers."""
    found, pair = problems(slip, dtype), PAIRS[slip.pair]
    ours = {name: check for name, check in checks_of(pair).items() if name in OURS}
    checks = [problem.check.split(", ")[0] for problem in found if problem.check]  # a note has none
    return checks[0] if checks else first_failure(Subject(pair, dtype, slip.layer), ours)


def first_failure(subject: Subject, checks: Mapping[str, Check] | None = None) -> str:
    """The first check of the battery that fails; empty if none does."""
    for name, check in (checks_of(subject.pair) if checks is None else checks).items():
        try:
            check(subject)
        except Exception:  # noqa: BLE001 - AssertionError, or whatever a broken layer runs into
            return name
    return ""


def catches(rival: str, subject: Subject) -> bool:
    """An alarm on a scenario on which the right layer causes none."""
    return any(
        RIVALS[rival](subject, scenario) and not false_alarm(rival, subject.pair, scenario, subject.dtype, subject.seed)
        for scenario in subject.scenarios
    )


@cache
def false_alarm(rival: str, pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> bool:
    return RIVALS[rival](Subject(pair, dtype, seed=seed), scenario)


def false_alarms(pairs: Iterable[Pair], seeds: Iterable[int]) -> tuple[dict[str, int], int]:
    """By rival, and how many data sets there are: a pair, a dtype, a scenario and a seed each."""
    data = [(p, s, dtype, seed) for p in pairs for s in scenarios_of(p) for dtype in DTYPES for seed in seeds]
    raised = Counter(
        rival for one in data for rival in RIVALS if false_alarm(rival, *one)
    )  # data by data, for the caches
    return {rival: raised[rival] for rival in RIVALS}, len(data)
