"""The work of accuracy.py: errors against mpmath, of NumPy and of PyTorch, and bound over error."""

import argparse
from collections import defaultdict
from itertools import chain
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from numpy_impl.validation import Array
from parts.output import on_terminal
from parts.quantities import PLAIN, QUANTITIES, Row
from torch_ref import PAIRS, command_line
from torch_ref.checks.subject import Subject
from torch_ref.checks.values import difference
from torch_ref.results import scenarios_of

DTYPES = (np.float32, np.float64)
EQUAL = 1.5


def measure(dtype: Any, seeds: int) -> dict[Row, tuple[Array, Array]]:
    """By row: the errors of NumPy and of PyTorch, in the row's unit."""
    errors: dict[Row, tuple[list[Array], list[Array]]] = defaultdict(lambda: ([], []))
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        for sample in chain.from_iterable(of(dtype, rng) for of in QUANTITIES):
            for side, got in zip(errors[sample.row], (sample.ours, sample.theirs), strict=True):
                side.append(np.ravel(abs(difference(got, sample.truth)) / sample.unit))
    return {row: (np.concatenate(ours), np.concatenate(theirs)) for row, (ours, theirs) in errors.items()}


def better(row: Row, ours: Array, theirs: Array) -> str:
    """Whose mean error is less by more than a factor of EQUAL."""
    if row.quantity == PLAIN:
        return "not used"
    if ours.mean() <= EQUAL * theirs.mean() and theirs.mean() <= EQUAL * ours.mean():
        return "="
    whose = "NumPy" if ours.mean() < theirs.mean() else "PyTorch"
    return f"{whose}'s {row.library}" if row.library else whose


def bound_over_error(dtype: Any, seeds: int) -> dict[tuple[str, str], Array]:
    """By pair and tensor: radius / distance for each entry of either side that is not exact, on all scenarios."""
    found: dict[tuple[str, str], list[Array]] = defaultdict(list)
    for pair in PAIRS.values():
        for scenario in scenarios_of(pair):
            for seed in range(seeds):
                subject = Subject(pair, dtype, seed=seed)
                ours, theirs = subject.results(scenario), subject.torch_results(scenario)
                for name, ball in subject.bounds(scenario).items():
                    for got in (ours[name], theirs[name]):
                        distance = abs(got.astype(ball.format.wide) - ball.centre).astype(float)
                        inexact = distance > 0
                        found[pair.name, name].append((ball.radius[inexact] / distance[inexact]).ravel())
    return {key: np.concatenate(ratios) for key, ratios in found.items()}


def show(options: argparse.Namespace) -> int:
    with Progress(transient=True, disable=not on_terminal()) as progress:
        task = progress.add_task("measuring", total=4)
        errors, bounds = [], []
        for dtype in DTYPES:
            errors.append(measure(dtype, options.seeds))
            progress.advance(task)
            bounds.append(bound_over_error(dtype, options.seeds))
            progress.advance(task)
    worse, least = print_errors(*errors), print_bounds(*bounds)
    if worse or least < 1:
        return command_line.fail(f"worse than PyTorch: {', '.join(worse) or 'nothing'}; least bound {least:.2g}", 1)
    return 0


def print_errors(single: dict[Row, tuple[Array, Array]], double: dict[Row, tuple[Array, Array]]) -> list[str]:
    """The rows in which NumPy is worse."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("error of", "data", "in"):
        table.add_column(heading, no_wrap=True)
    for dtype in DTYPES:
        for heading in (f"{np.dtype(dtype)} NumPy", "PyTorch", "better"):
            table.add_column(heading, justify="right", no_wrap=True)
    worse = []
    for row, errors in single.items():
        cells = []
        for ours, theirs in (errors, double[row]):
            whose = better(row, ours, theirs)
            cells += [*(f"{error.mean():.2g} / {error.max():.2g}" for error in (ours, theirs)), whose]
            worse += [f"{row.quantity} on {row.data}"] if whose == "PyTorch" else []
        table.add_row(row.quantity, row.data, row.unit, *cells)
    Console(width=180).print(table)
    return worse


def print_bounds(single: dict[tuple[str, str], Array], double: dict[tuple[str, str], Array]) -> float:
    """The least of all."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("bound over error of", ""):
        table.add_column(heading, no_wrap=True)
    for dtype in DTYPES:
        for heading in (f"{np.dtype(dtype)} median", "least"):
            table.add_column(heading, justify="right", no_wrap=True)
    for key, ratios in single.items():
        table.add_row(*key, *summary(ratios), *summary(double[key]))
    Console(width=100).print(table)
    return min(float(ratios.min()) for ratios in (*single.values(), *double.values()) if ratios.size)


def summary(ratios: Array) -> tuple[str, str]:
    return (f"{np.median(ratios):.3g}", f"{ratios.min():.3g}") if ratios.size else ("exact", "")
