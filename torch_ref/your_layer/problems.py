"""The findings of the checks, and the report's choice of them: each once, and none that only follows from another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch_ref.diagnosis.explain import CHANGED
from torch_ref.diagnosis.severity import Severity

# Failures that follow from another one, and are not reported beside it.
FOLLOWS = {
    "memory_layouts": ("arguments_unmodified", "repeatable"),
    "second_call": ("arguments_unmodified", "repeatable"),
    "parameters_take_effect": ("repeatable",),
    "optimizer_state": ("arguments_unmodified", "repeatable", "second_call"),
    "backward_twice": ("arguments_unmodified", "repeatable", "second_call"),
    "results_are_the_callers": ("arguments_unmodified", "repeatable", "second_call", "backward_twice"),
}


@dataclass(frozen=True)
class Problem:
    """A finding in a sentence, with its place in the code; `causes` are the slips that explain it.

    Of several tensors, or by several checks, the names are joined: "dW1, db1".
    """

    check: str
    tensor: str
    sentence: str
    where: str
    dtypes: tuple[str, ...]
    causes: tuple[str, ...] = ()
    severity: Severity = Severity.WRONG
    scenarios: tuple[str, ...] = ()


def distilled(problems: Sequence[Problem]) -> list[Problem]:
    """Each finding once, of several checks, both dtypes and several tensors; without those that follow from another."""
    return _by_sentence(_merged(_without_consequences(_distinct(problems))))


def _distinct(problems: Sequence[Problem]) -> list[Problem]:
    """A mistake that several checks stumble over, such as a forward that returns None, once."""
    first: dict[Any, Problem] = {}
    for problem in problems:
        first.setdefault((problem.sentence, problem.where, problem.dtypes), problem)
    return list(first.values())


def _without_consequences(problems: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in problems if not _follows(problem, problems)]


def _follows(problem: Problem, problems: Sequence[Problem]) -> bool:
    """Whether a problem is a mere consequence of the others in its dtype."""
    others = [
        other for other in problems
        if other is not problem and other.dtypes == problem.dtypes and other.severity >= problem.severity
    ]  # fmt: skip
    checks = {other.check for other in others}
    of_tensor = [other for other in others if other.tensor and other.tensor == problem.tensor]
    if problem.check == "dtype_and_shape":
        return bool(of_tensor)
    if _is_of_values(problem):
        is_in_place = any(CHANGED in cause for cause in problem.causes) and "arguments_unmodified" in checks
        is_random = any(other.check == "repeatable" for other in of_tensor)
        is_left_over = any(other.check == "second_call" and other.causes for other in of_tensor)
        return is_in_place or is_random or (is_left_over and "ordinary" in problem.scenarios)  # the data of that check
    if any(_is_of_values(other) and not other.tensor for other in others):  # it cannot be run
        return True
    has_no_effect = problem.check == "parameters_take_effect" and not problem.tensor
    is_left_out = has_no_effect and any("left out" in cause for other in others for cause in other.causes)
    return is_left_out or not checks.isdisjoint(FOLLOWS.get(problem.check, ()))


def _is_of_values(problem: Problem) -> bool:
    return problem.check == "forward" or problem.check.endswith("_gradient")


def _merged(problems: Sequence[Problem]) -> list[Problem]:
    """A finding of both dtypes once."""
    merged: list[Problem] = []
    for problem in problems:
        for i, before in enumerate(merged):
            both = as_one(before, problem)
            if both:
                merged[i] = both
                break
        else:
            merged.append(problem)
    return merged


def as_one(before: Problem, problem: Problem) -> Problem | None:
    """Two findings as one, if they are, with the causes that explain both: what one dtype rules out is not said."""
    dtypes = tuple(dict.fromkeys((*before.dtypes, *problem.dtypes)))
    scenarios = tuple(dict.fromkeys((*before.scenarios, *problem.scenarios)))
    if problem.where == before.where and problem.sentence == before.sentence:
        return replace(before, dtypes=dtypes, scenarios=scenarios)
    if (problem.where, problem.check, problem.tensor) != (before.where, before.check, before.tensor):
        return None
    if before.severity is not problem.severity:
        return None
    common = tuple(cause for cause in before.causes if cause in problem.causes)
    if common:
        sentence = f"{problem.tensor}: {' – or '.join(common)}"
        return replace(before, sentence=sentence, dtypes=dtypes, causes=common, scenarios=scenarios)
    if before.causes and problem.causes:
        return None
    return replace(problem if before.causes else before, dtypes=dtypes, scenarios=scenarios)


def _by_sentence(problems: Sequence[Problem]) -> list[Problem]:
    """A sentence of several tensors once: "dW1, db1: it is all 0"."""
    grouped: dict[Any, list[Problem]] = {}
    for problem in problems:
        said = problem.sentence.removeprefix(f"{problem.tensor}: ")
        key = (said, problem.where, problem.dtypes, problem.causes, problem.severity)
        grouped.setdefault(key, []).append(problem)
    found = []
    for (said, where, dtypes, causes, severity), same in grouped.items():
        tensors = ", ".join(dict.fromkeys(problem.tensor for problem in same))
        checks = ", ".join(dict.fromkeys(problem.check for problem in same))
        sentence = f"{tensors}: {said}" if len(same) > 1 else same[0].sentence
        scenarios = tuple(dict.fromkeys(name for problem in same for name in problem.scenarios))
        found.append(Problem(checks, tensors, sentence, where, dtypes, causes, severity, scenarios))
    return found
