"""The work of accuracy.py: errors against mpmath, of NumPy and of PyTorch, and bound over error."""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import mpmath
import numpy as np
import torch
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from numpy_impl import Affine, SoftmaxWithLoss, log_softmax, softmax
from numpy_impl.validation import Array
from parts.output import on_terminal
from torch_ref import PAIRS, Example, Kind, command_line, exp, log, torch_results
from torch_ref.checks.subject import Subject
from torch_ref.checks.values import difference
from torch_ref.oracles import many_digits
from torch_ref.oracles.autograd import Results
from torch_ref.results import results, scenarios_of

DTYPES = (np.float32, np.float64)
AFFINE = (100, 784, 50, 20)  # N, D, M, and of how many rows the exact values are computed
LONG = (4096, 200)
BATCH, BATCHES = (40, 10), 50  # logits of a batch, batches of each kind
DRAWS = 10  # of the ordinary data of a function
EQUAL = 1.5
PRODUCT = "u Σ|a||b|"
PLAIN = "db by sum(0)"


class Row(NamedTuple):
    """A row of the table: a quantity, on which data, and the unit of its errors."""

    quantity: str
    data: str
    unit: str = "ulp"
    library: str = ""  # whose own errors these are, NumPy's or PyTorch's


class Sample(NamedTuple):
    """What NumPy and PyTorch computed, the exact values, and the size of a unit of each."""

    row: Row
    ours: Array
    theirs: Array
    truth: Array
    unit: Array


def ulp(truth: Array, dtype: Any) -> Array:
    """A unit in the last place of each number, which may be below the least number of the dtype."""
    info = np.finfo(dtype)
    return np.maximum(np.spacing(abs(np.asarray(truth, float)).astype(dtype)), info.smallest_subnormal).astype(float)


def of_affine(dtype: Any, rng: np.random.Generator) -> Iterator[Sample]:
    """The exact values of the first rows only: many digits take their time."""
    n, d, m, rows = AFFINE
    W, b = (rng.normal(0, 0.1, shape).astype(dtype) for shape in ((d, m), m))
    x, dout = (rng.standard_normal(shape).astype(dtype) for shape in ((n, d), (n, m)))
    ours, theirs = both("affine", Affine(W, b), x, dout=dout)
    for name, left, right, added in (("y", x, W, b), ("dx", dout, W.T, 0 * x[0]), ("dW", x.T, dout, 0 * b)):
        with mpmath.workdps(50):
            truth = many_digits.exactly(left[:rows]) @ many_digits.exactly(right) + many_digits.exactly(added)
        unit = (abs(left[:rows]).astype(float) @ abs(right) + abs(added)) * float(np.finfo(dtype).eps) / 2
        yield Sample(Row(name, f"Affine {d}-{m}", PRODUCT, "BLAS"), ours[name][:rows], theirs[name][:rows], truth, unit)


def of_db(dtype: Any, rng: np.random.Generator) -> Iterator[Sample]:
    """Over the long batch of one sign, and over the short one of the book."""
    for n, m in (LONG, (100, LONG[1])):
        dout = rng.uniform(0.5, 1.5, (n, m)).astype(dtype)
        layer = Affine(np.ones((1, m), dtype), np.ones(m, dtype))
        ours, theirs = both("affine", layer, np.ones((n, 1), dtype), dout=dout)
        with mpmath.workdps(50):
            truth = many_digits.exactly(dout).sum(0)
        yield Sample(Row("db", f"{n} rows of one sign"), ours["db"], theirs["db"], truth, ulp(truth, dtype))
        plain = Row(PLAIN, f"{n} rows of one sign")
        yield Sample(plain, dout.sum(0), theirs["db"], truth, ulp(truth, dtype))


def of_softmax(dtype: Any, rng: np.random.Generator) -> Iterator[Sample]:
    for _ in range(BATCHES):
        z = rng.standard_normal(BATCH)
        labels = rng.integers(0, BATCH[1], BATCH[0])
        for data, logits, t in (
            ("ordinary logits", z, labels),
            ("logits + 1e4", 1e4 + z, labels),
            ("confident and right", 30 * z, z.argmax(1)),
        ):
            yield from of_logits(data, logits.astype(dtype), t)


def of_logits(data: str, z: Array, t: Array) -> Iterator[Sample]:
    ours, theirs = both("softmax_with_loss", SoftmaxWithLoss(), z, t, dout=1)
    ours |= {"log p": log_softmax(z), "p": softmax(z)}
    tensor = torch.from_numpy(z)
    theirs |= {"log p": torch.log_softmax(tensor, -1).numpy(), "p": torch.softmax(tensor, -1).numpy()}
    with mpmath.workdps(many_digits.DIGITS):
        exact = many_digits.exactly(z)
        log_p = exact - log(exp(exact).sum(-1, keepdims=True))
        p, rows = exp(log_p), np.eye(z.shape[1], dtype=int)[t]
        truth = {"log p": log_p, "p": p, "loss": -(rows * log_p).sum() / len(z), "dx": (p - rows) / len(z)}
    for name, values in truth.items():
        quantity = "dx of the loss" if name == "dx" else name
        yield Sample(Row(quantity, data), ours[name], theirs[name], np.asarray(values), ulp(values, z.dtype))


def of_functions(dtype: Any, rng: np.random.Generator) -> Iterator[Sample]:
    """Layers without parameters, which are functions entry by entry."""
    functions = [pair for pair in PAIRS.values() if pair.kind is Kind.LAYER and not pair.parameters and pair.is_proven]
    for pair, seed in product(functions, rng.integers(2**32, size=DRAWS).tolist()):
        subject = Subject(pair, dtype, seed=seed)
        ours, theirs = subject.results(pair.ordinary), subject.torch_results(pair.ordinary)
        for name, truth in subject.exact(pair.ordinary).items():
            yield Sample(
                Row(name, pair.name, library="libm" if name == "y" else ""),
                ours[name],
                theirs[name],
                truth,
                ulp(truth, dtype),
            )


def both(pair: str, layer: Any, *inputs: Array, dout: Any) -> tuple[Results, Results]:
    example = Example(layer, dict(zip(("x", "t"), inputs, strict=False)), {"dout": dout})
    return results(PAIRS[pair], example), torch_results(PAIRS[pair], example)


def measure(dtype: Any, seeds: int) -> dict[Row, tuple[Array, Array]]:
    """By row: the errors of NumPy and of PyTorch, in the row's unit."""
    errors: dict[Row, tuple[list[Array], list[Array]]] = defaultdict(lambda: ([], []))
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        for sample in (*of_affine(dtype, rng), *of_db(dtype, rng), *of_softmax(dtype, rng), *of_functions(dtype, rng)):
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
    Console(width=160).print(table)
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
