"""Prints the matrix, the false alarms and the diagnoses."""

import argparse
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from matrix.of_pair import Found, Line, of_pair
from matrix.rivals import RIVALS
from torch_ref import PAIRS, command_line


def show(options: argparse.Namespace) -> int:
    names = [name for name in PAIRS if options.only is None or name in options.only]
    for name in options.only or ():
        if name not in PAIRS:
            raise ValueError(f"--only: there is no pair {name!r}, but {', '.join(PAIRS)}")
    terminal = Console()
    progress = track(
        each(names, options.seeds),
        "pairs",
        len(names),
        console=terminal,
        transient=True,
        disable=not terminal.is_terminal,
    )
    found = list(progress)
    lines = [*chain.from_iterable(one.lines for one in found)]
    print_matrix(lines)

    of_rivals: Counter[str] = sum((one.of_rivals for one in found), Counter())
    ours, wrong, missed = (
        [*chain.from_iterable(parts)]
        for parts in zip(*((one.ours, one.wrong_causes, one.missed) for one in found), strict=True)
    )
    print(
        f"\nfalse alarms on {sum(one.data_sets for one in found)} sets of correct data (pair, scenario, dtype, seed):"
    )
    print(", ".join(f"{name} {n}" for name, n in {"ours": len(ours), **{r: of_rivals[r] for r in RIVALS}}.items()))
    right, named = (sum(counts) for counts in zip(*(one.causes for one in found), strict=True))
    print(f"diagnosis, in float64 and float32: the right cause for {right} of {named}, a wrong one for {len(wrong)}")
    if missed or ours or wrong:
        problems = f"misses: {', '.join(missed) or 'none'}; false alarms: {', '.join(ours) or 'none'}"
        return command_line.fail(f"ours {problems}; wrong causes: {', '.join(wrong) or 'none'}", status=1)
    print(f"ours catches all {len(lines)} slips and raises no false alarm")
    return 0


def each(names: Sequence[str], seeds: int) -> Iterator[Found]:
    """Pair by pair, in as many processes as there are cores: they have nothing to do with each other."""
    if len(names) == 1:
        yield of_pair(names[0], seeds)
        return
    context = multiprocessing.get_context("spawn")  # a fork would share what threads of PyTorch hold
    with ProcessPoolExecutor(os.cpu_count(), context) as processes:
        yield from processes.map(of_pair, names, [seeds] * len(names))


def print_matrix(lines: Sequence[Line]) -> None:
    """A line is a slip, and the dtypes in which it is caught, by ours and by each rival."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("pair", no_wrap=True)
    table.add_column("slip", overflow="fold")
    for name in ("ours", *RIVALS):
        table.add_column(name, justify="center", no_wrap=True)
    for line in lines:
        table.add_row(line.pair, line.words, *map(cell, line.columns), end_section=line is lines[-1])
    totals = [sum(map(bool, column)) for column in zip(*(line.columns for line in lines), strict=True)]
    table.add_row("", f"caught, of {len(lines)}", *map(str, totals))
    Console(width=160).print(table)
    for line in lines:
        for dtype, reason in line.unseen_in.items():
            print(f"not to be caught in {dtype}: {line.words}; {reason}.")


def cell(dtypes: Sequence[str]) -> str:
    """In which dtypes something was caught."""
    return "yes" if len(dtypes) == 2 else "".join(dtypes).removeprefix("float") or "–"
