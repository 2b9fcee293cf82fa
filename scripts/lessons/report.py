"""The work of errata.py: each lesson with its numbers, and whether they show the error and its repair."""

import argparse
import textwrap
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lessons import LESSONS, Lesson, Observation, Refused
from lessons.lesson import ROUNDINGS
from torch_ref import command_line

WIDTH = 100


def show(options: argparse.Namespace) -> int:
    lessons = [lesson for lesson in LESSONS if options.only in (None, lesson.number)]
    if not lessons:
        raise ValueError(f"--only: there are lessons 1 to {len(LESSONS)}, got {options.only}")
    failures = [failure for lesson in lessons for failure in told(lesson)]
    if failures:
        return command_line.fail("; ".join(failures), status=1)
    print("each error shows in the re-creation of the book's code, and none of them here")
    return 0


def told(lesson: Lesson) -> list[str]:
    """Prints a lesson; what in it does not show the error, or not the repair."""
    observations = list(lesson.observe())
    print(f"{lesson.number}. {lesson.title}\n")
    print(
        textwrap.fill(
            " ".join(lesson.text.split()), WIDTH, initial_indent="   ", subsequent_indent="   ", break_on_hyphens=False
        )
    )
    Console(width=WIDTH).print(table(observations))
    for one in observations:
        for who, result in (("the book's code", one.book), ("here", one.here)):
            if isinstance(result, Refused):
                print(f"   {who}: {result.error}: {result.words}")
    print()
    faults = [(one.what, "the error", one.shows_the_error) for one in observations]
    faults += [(one.what, "the repair", one.shows_the_repair) for one in observations]
    return [f"lesson {lesson.number}, {what}: {part} does not show" for what, part, shown in faults if not shown]


def table(observations: list[Observation]) -> Table:
    made = Table(box=SIMPLE_HEAD)
    for heading in ("", "the book's code", "here", "right", "by"):
        made.add_column(heading)
    for one in observations:
        made.add_row(one.what, text(one.book), text(one.here), text(one.right) + allowed(one), one.by)
    return made


def allowed(one: Observation) -> str:
    """Where more than a few roundings are."""
    return f" ± {one.within:.0g}" if one.within > ROUNDINGS else ""


def text(value: Any) -> str:
    if isinstance(value, Refused):
        return value.error
    if isinstance(value, tuple):  # a shape
        return str(value)
    return ", ".join(str(entry) if isinstance(entry, bool) else f"{entry:.6g}" for entry in np.ravel(value).tolist())
