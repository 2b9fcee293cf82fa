"""Prints the matrix, the false alarms and the diagnoses."""

import argparse
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from matrix.matrix import DTYPES, alarms, caught, diagnoses, false_alarms, first_failure, missed
from matrix.rivals import RIVALS
from torch_ref import PAIRS, command_line
from torch_ref.checks.subject import Subject
from torch_ref.families.slips import slips
from torch_ref.slip import Slip


def show(options: argparse.Namespace) -> int:
    pairs = [pair for name, pair in PAIRS.items() if options.only in (None, name)]
    if not pairs:
        raise ValueError(f"--only: there is no pair {options.only!r}, but {', '.join(PAIRS)}")
    shown = [slip for slip in slips() if PAIRS[slip.pair] in pairs]
    terminal = Console()
    progress = track(shown, "slips", console=terminal, transient=True, disable=not terminal.is_terminal)
    print_matrix(
        [(slip, [[d for d, check in caught(slip).items() if check], *alarms(slip).values()]) for slip in progress]
    )

    seeds = range(options.seeds)
    rights = [Subject(pair, dtype, seed=seed) for pair in pairs for dtype in DTYPES for seed in seeds]
    ours = [f"{right.pair.name} by {check}, seed {right.seed}" for right in rights if (check := first_failure(right))]
    of_rivals, count = false_alarms(pairs, seeds)
    print(f"\nfalse alarms on {count} sets of correct data (pair, scenario, dtype, seed):")
    print(", ".join(f"{name} {n}" for name, n in {"ours": len(ours), **of_rivals}.items()))

    right, named, wrong = diagnoses(shown)
    print(f"diagnosis, in float64 and float32: the right cause for {right} of {named}, a wrong one for {len(wrong)}")

    not_caught = [f"{slip.name} in {' and '.join(dtypes)}" for slip in shown if (dtypes := missed(slip))]
    if not_caught or ours or wrong:
        problems = f"misses: {', '.join(not_caught) or 'none'}; false alarms: {', '.join(ours) or 'none'}"
        return command_line.fail(f"ours {problems}; wrong causes: {', '.join(wrong) or 'none'}", status=1)
    print(f"ours catches all {len(shown)} slips and raises no false alarm")
    return 0


def print_matrix(lines: Sequence[tuple[Slip, list[list[str]]]]) -> None:
    """A line is a slip, and the dtypes in which it is caught, by ours and by each rival."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("pair", no_wrap=True)
    table.add_column("slip", overflow="fold")
    for name in ("ours", *RIVALS):
        table.add_column(name, justify="center", no_wrap=True)
    for slip, columns in lines:
        table.add_row(slip.pair, slip.words, *map(cell, columns), end_section=slip is lines[-1][0])
    totals = [sum(map(bool, column)) for column in zip(*(columns for _, columns in lines), strict=True)]
    table.add_row("", f"caught, of {len(lines)}", *map(str, totals))
    Console(width=160).print(table)
    for slip, _ in lines:
        for dtype, reason in slip.unseen_in.items():
            print(f"not to be caught in {dtype}: {slip.words}; {reason}.")


def cell(dtypes: list[str]) -> str:
    """In which dtypes something was caught."""
    return "yes" if len(dtypes) == 2 else "".join(dtypes).removeprefix("float") or "–"
