"""The work of kill_matrix.py: the mutants against our suite and its rivals, and the right layers against all."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from parts import command_line
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mutants import CATALOGUE, Mutant
from mutants.rivals import RIVALS
from torch_ref import PAIRS, Candidate, Pair, examine
from torch_ref.battery import OURS, Check, Subject, checks_of
from torch_ref.candidates.problems import Problem
from torch_ref.scenarios import Scenario

DTYPES = (np.float64, np.float32)


@dataclass(frozen=True)
class Line:
    """One mutant: the first check of ours that fails, and the rivals that raise an alarm, by dtype."""

    mutant: Mutant
    ours: dict[str, str]
    rivals: dict[str, list[str]]

    @property
    def missed(self) -> list[str]:
        """The dtypes in which ours should have caught it."""
        return [dtype for dtype, check in self.ours.items() if not check and dtype not in self.mutant.unseen_in]


@cache
def line(mutant: Mutant) -> Line:
    pair = PAIRS[mutant.pair]
    subjects = {str(np.dtype(dtype)): Subject(pair, dtype, mutant.layer) for dtype in DTYPES}
    return Line(
        mutant,
        {dtype: found_by(mutant, subject) for dtype, subject in subjects.items()},
        {rival: [dtype for dtype, subject in subjects.items() if catches(rival, subject)] for rival in RIVALS},
    )


@dataclass(frozen=True)
class Diagnosis:
    """What is said of a mutant in one dtype: whether the right cause, and which causes that are none of it."""

    right: bool
    wrong: list[str]


@cache
def problems(mutant: Mutant, dtype: Any) -> Sequence[Problem]:
    """What the checks of everybody's layers find in it."""
    return examine(Candidate(mutant.layer, mutant.pair, PAIRS[mutant.pair], mutant.layer), [dtype]).problems


def diagnosis(mutant: Mutant, dtype: Any) -> Diagnosis:
    """A cause counts as wrong unless it is the right one, or said as one of several that the data cannot tell apart."""
    found = problems(mutant, dtype)
    right = bool(mutant.cause) and any(mutant.cause in problem.sentence for problem in found)
    wrong = [p.sentence for p in found if p.causes and not (mutant.cause and mutant.cause in p.sentence)]
    return Diagnosis(right, wrong)


def diagnoses(mutants: Sequence[Mutant]) -> tuple[int, int, list[str]]:
    """(right, of those that have a name and show in the dtype, what is said wrongly), over both dtypes."""
    seen = [(m, dtype) for m in mutants for dtype in DTYPES if str(np.dtype(dtype)) not in m.unseen_in]
    found = [(m, dtype, diagnosis(m, dtype)) for m, dtype in seen]
    wrong = [f"{m.name} in {np.dtype(dtype)}: {sentence}" for m, dtype, said in found for sentence in said.wrong]
    return sum(said.right for *_, said in found), sum(bool(m.cause) for m, _ in seen), wrong


def found_by(mutant: Mutant, subject: Subject) -> str:
    """The first check that finds it: one of everybody's, or of those for our own layers."""
    found = problems(mutant, subject.dtype)
    return found[0].check.split(", ")[0] if found else first_failure(subject, OURS)


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
        for scenario in subject.pair.scenarios
    )


@cache
def false_alarm(rival: str, pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> bool:
    return RIVALS[rival](Subject(pair, dtype, seed=seed), scenario)


def false_alarms(pairs: Iterable[Pair], seeds: Iterable[int]) -> tuple[dict[str, int], int]:
    """By rival, and how many data sets there are: a pair, a dtype, a scenario and a seed each."""
    data = [(p, s, dtype, seed) for p in pairs for s in p.scenarios for dtype in DTYPES for seed in seeds]
    return {rival: sum(false_alarm(rival, *one) for one in data) for rival in RIVALS}, len(data)


def show(options: argparse.Namespace) -> int:
    pairs = [pair for name, pair in PAIRS.items() if options.only in (None, name)]
    if not pairs:
        raise ValueError(f"--only: there is no pair {options.only!r}, but {', '.join(PAIRS)}")
    mutants = [mutant for mutant in CATALOGUE if PAIRS[mutant.pair] in pairs]
    terminal = Console()
    progress = track(mutants, "mutants", console=terminal, transient=True, disable=not terminal.is_terminal)
    lines = [line(mutant) for mutant in progress]
    print_matrix(lines)

    seeds = range(options.seeds)
    rights = [Subject(pair, dtype, seed=seed) for pair in pairs for dtype in DTYPES for seed in seeds]
    ours = [f"{right.pair.name} by {check}, seed {right.seed}" for right in rights if (check := first_failure(right))]
    alarms, count = false_alarms(pairs, seeds)
    print(f"\nfalse alarms on {count} sets of correct data (pair, scenario, dtype, seed):")
    print(", ".join(f"{name} {n}" for name, n in {"ours": len(ours), **alarms}.items()))

    right, named, wrong = diagnoses(mutants)
    print(f"diagnosis, in float64 and float32: the right cause for {right} of {named}, a wrong one for {len(wrong)}")

    missed = [f"{one.mutant.name} in {' and '.join(one.missed)}" for one in lines if one.missed]
    if missed or ours or wrong:
        problems = f"misses: {', '.join(missed) or 'none'}; false alarms: {', '.join(ours) or 'none'}"
        return command_line.fail(f"ours {problems}; wrong causes: {', '.join(wrong) or 'none'}", status=1)
    print(f"ours catches all {len(lines)} slips and raises no false alarm")
    return 0


def print_matrix(lines: Sequence[Line]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("pair", no_wrap=True)
    table.add_column("slip", overflow="fold")
    for name in ("ours", *RIVALS):
        table.add_column(name, justify="center", no_wrap=True)
    columns = [[[dtype for dtype, check in one.ours.items() if check], *one.rivals.values()] for one in lines]
    for one, caught in zip(lines, columns, strict=True):
        table.add_row(one.mutant.pair, one.mutant.slip, *map(cell, caught))
    table.add_section()
    totals = [sum(map(bool, column)) for column in zip(*columns, strict=True)]
    table.add_row("", f"caught, of {len(lines)}", *map(str, totals))
    Console(width=160).print(table)
    for one in lines:
        for dtype, reason in one.mutant.unseen_in.items():
            print(f"not to be caught in {dtype}: {one.mutant.slip}; {reason}.")


def cell(dtypes: list[str]) -> str:
    """In which dtypes something was caught."""
    return "yes" if len(dtypes) == 2 else "".join(dtypes).removeprefix("float") or "–"
