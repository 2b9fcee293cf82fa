"""What accuracy.py measures: of each quantity NumPy's result, PyTorch's, and the exact one to many digits."""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import mpmath
import numpy as np
import torch

from numpy_impl import Affine, SoftmaxWithLoss, log_softmax, softmax
from numpy_impl.validation import Array
from torch_ref import PAIRS, Example, exp, log, torch_results
from torch_ref.checks.subject import Subject
from torch_ref.oracles import many_digits
from torch_ref.oracles.autograd import Results
from torch_ref.results import results

AFFINE = (100, 784, 50, 20)  # N, D, M, and of how many rows the exact values are computed
LONG = (4096, 200)
BATCH, BATCHES = (40, 10), 50  # logits of a batch, batches of each kind
DRAWS = 10  # of the ordinary data of a function
PRODUCT = "u Σ|a||b|"
GREATEST = "u max"
ACTIVATIONS = "numpy_impl.layers.activations"
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
    """Activations, which are functions entry by entry."""
    functions = [pair for pair in PAIRS.values() if pair.layer.__module__.startswith(ACTIVATIONS)]
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


def of_normalizations(dtype: Any, rng: np.random.Generator) -> Iterator[Sample]:
    """Beside the greatest entry, for those near 0 are differences of numbers as large as it."""
    for name, data, seed in product(
        ("batch_norm", "layer_norm"), ("ordinary", "common-offset"), rng.integers(2**32, size=DRAWS).tolist()
    ):
        pair = PAIRS[name]
        subject, scenario = Subject(pair, dtype, seed=seed), next(one for one in pair.data_sets if one.name == data)
        ours, theirs, exact = (run(scenario) for run in (subject.results, subject.torch_results, subject.exact))
        for result in ("y", "dx"):
            truth = exact[result]
            unit = np.full(truth.shape, float(abs(truth).max()) * float(np.finfo(dtype).eps) / 2)
            yield Sample(Row(result, f"{name}, {data}", GREATEST), ours[result], theirs[result], truth, unit)


def of_optimizers(dtype: Any, rng: np.random.Generator) -> Iterator[Sample]:
    """One step from a state of many."""
    pair = PAIRS["adam"]
    for seed in rng.integers(2**32, size=DRAWS).tolist():
        subject = Subject(pair, dtype, seed=seed)
        ours, theirs = subject.results(pair.ordinary), subject.torch_results(pair.ordinary)
        for name, truth in subject.exact(pair.ordinary).items():
            if name != "t":
                yield Sample(Row(name, "a step of adam"), ours[name], theirs[name], truth, ulp(truth, dtype))


def both(pair: str, layer: Any, *inputs: Array, dout: Any) -> tuple[Results, Results]:
    example = Example(layer, dict(zip(("x", "t"), inputs, strict=False)), {"dout": dout})
    return results(PAIRS[pair], example), torch_results(PAIRS[pair], example)


QUANTITIES = (of_affine, of_db, of_softmax, of_functions, of_normalizations, of_optimizers)
