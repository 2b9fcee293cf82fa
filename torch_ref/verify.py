"""`verify`: a NumPy layer and its PyTorch twin, each compared with the exact result to within the proven radius.

Not with each other: so a failure says which of the two is wrong. With a module that has no proven bounds the twin
itself is the measure, and the title of the report says so.
"""

import io
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from numpy_impl import TwoLayerNet
from numpy_impl.checks import Array, check_array
from numpy_impl.functions import ieee_arithmetic
from torch_ref.bounds import Ball
from torch_ref.candidates.instance import pair_for
from torch_ref.candidates.twins import Like
from torch_ref.diagnosis import Observation, causes_of
from torch_ref.oracle import Results
from torch_ref.pair import Example, Pair, case_of
from torch_ref.pairs import pair_of

WITHIN = "within"
VACUOUS = "the bound is vacuous"
EVEN = "an even gradient shows nothing"


@dataclass(frozen=True)
class Finding:
    """One side's tensor beside its bound, by its worst entry. `share` is the share of the radius that is used."""

    verdict: str
    entry: tuple[int, ...] = ()
    value: float = np.nan
    centre: float = np.nan
    distance: float = np.nan
    radius: float = np.nan
    share: float = np.nan

    @property
    def ok(self) -> bool:
        return self.verdict == WITHIN


@dataclass(frozen=True)
class Row:
    """One tensor: what became of it in NumPy and in PyTorch."""

    name: str
    numpy: Finding
    torch: Finding

    @property
    def at_fault(self) -> str:
        """Empty where both are within their radius."""
        if self.shows_nothing:
            return f"neither: {self.numpy.verdict}"
        sides = (("NumPy", self.numpy), ("PyTorch", self.torch))
        return " and ".join(name for name, side in sides if side.verdict not in (WITHIN, EVEN))

    @property
    def shows_nothing(self) -> bool:
        """Whether the bound is vacuous, or the gradient even."""
        return self.numpy.verdict in (VACUOUS, EVEN)


@dataclass(frozen=True)
class Report:
    """What `verify` found, a row for each tensor. str() of it is a table.

    `causes` are the known slips that explain a tensor of NumPy's that is wrong: several, where one data set cannot tell
    them apart.
    """

    title: str
    rows: tuple[Row, ...]
    causes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """All is within its radius, in NumPy and in PyTorch, and every comparison shows something."""
        return not self.failures

    @property
    def failures(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.at_fault)

    def check(self) -> None:
        """Raises AssertionError, with the table, unless all is well."""
        if not self.ok:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        verdict = "; ".join(f"{row.name}: {row.at_fault}" for row in self.failures)
        table = Table(box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
        for heading in ("tensor", "by", "entry", "value", "centre", "distance", "radius", "share", "verdict"):
            table.add_column(
                heading, justify="left" if heading in ("tensor", "by", "verdict") else "right", no_wrap=True
            )
        for row in self.rows:
            for tensor, by, side in ((row.name, "NumPy", row.numpy), ("", "PyTorch", row.torch)):
                entry = ", ".join(map(str, side.entry))
                numbers = (f"{side.value:.9g}", f"{side.centre:.9g}", f"{side.distance:.1e}", f"{side.radius:.1e}")
                table.add_row(tensor, by, f"({entry})", *numbers, f"{side.share:.2g}", side.verdict)
        text = io.StringIO()
        Console(file=text, width=160, color_system=None).print(table)
        lines = [line.rstrip() for line in text.getvalue().splitlines() if line.strip()]
        causes = [f"{name}: {' – or '.join(causes)}" for name, causes in self.causes.items()]
        return "\n".join([f"{self.title}: {f'WRONG. At fault, {verdict}' if verdict else 'right'}", *lines, *causes])

    __repr__ = __str__


def verify(layer: Any, *inputs: Array, dout: Any = None, like: Like | None = None) -> Report:
    """Runs a layer or network and its twin, and compares both with the exact results.

    inputs: what forward takes, x, or x and t; dout: the upstream gradient, by default an uneven one (under an even one
    too many wrong gradients pass). A network is verified layer by layer, each on the inputs and the upstream gradient
    that it really gets, and as a whole. A layer of your own is compared with what it is `like`: a pair of the registry
    or a module of PyTorch by its name, or an nn.Module; its parameters are matched by name and shape.

    Raises TypeError for a layer that is not registered, if it is not said what it is like, and for x of another dtype
    than float32 and float64; whatever else the layer refuses, it refuses as ever.

    >>> from numpy_impl import ReLU
    >>> report = verify(ReLU(), np.array([[-1.0, 0.0, 2.0]]))
    >>> report.ok
    True
    >>> [(row.name, row.at_fault, row.numpy.share) for row in report.rows]
    [('y', '', 0.0), ('dx', '', 0.0)]
    """
    check_array("verify", "x", inputs[0] if inputs else None)
    if inputs[0].dtype not in (np.float32, np.float64):
        raise TypeError(f"verify: x must be float32 or float64, got {inputs[0].dtype}")
    title = f"{type(layer).__name__} and its twin, {inputs[0].dtype}"
    pair, layer = (pair_of(layer), layer) if like is None else pair_for(layer, like, inputs)
    title += "" if pair.is_proven else ", by measured bounds"
    if isinstance(layer, TwoLayerNet):
        whole = _part(pair, Example(layer, inputs, 1))
        return _merged(title, [*_layer_by_layer(layer, *inputs), whole])
    if dout is None:
        dout = _uneven(deepcopy(layer), *deepcopy(inputs)) if hasattr(layer, "backward") else 1
    return _merged(title, [_part(pair, Example(layer, inputs, dout))])


def compare(ours: Results, theirs: Results, bounds: Mapping[str, Ball]) -> tuple[Row, ...]:
    """A row for each bound."""
    return tuple(
        Row(name, finding(ours.get(name), ball, name), finding(theirs.get(name), ball, name))
        for name, ball in bounds.items()
    )


@ieee_arithmetic
def finding(got: Any, ball: Ball, name: str = "y") -> Finding:
    """One tensor beside its bound: shape, dtype, and every entry within its radius. NaN is within NaN only."""
    if not isinstance(got, np.ndarray):
        return Finding(f"no array, {type(got).__name__}")
    if got.shape != ball.shape:
        return Finding(f"shape {got.shape}, not {ball.shape}")
    if got.dtype != ball.format.dtype:
        return Finding(f"{got.dtype}, not {ball.format.dtype}")
    if not np.isfinite(ball.radius).all():
        return Finding(VACUOUS)
    if got.size == 0:
        return Finding(WITHIN, share=0.0)
    share = ball.shares(got)
    outside = ~(share <= 1)
    worst = np.unravel_index(np.argmax(share), share.shape)
    is_even = name.startswith("d") and ball.centre.size > 1 and np.ptp(ball.centre) == 0
    distance = abs(got.astype(ball.format.wide) - ball.centre)
    return Finding(
        f"OUTSIDE in {np.count_nonzero(outside)} of {got.size}" if outside.any() else EVEN if is_even else WITHIN,
        tuple(map(int, worst)),
        *(float(array[worst]) for array in (got, ball.centre, distance, ball.radius, share)),
    )


def _part(pair: Pair, example: Example, prefix: str = "") -> Report:
    as_it_was = deepcopy(example)  # a broken layer might change its parameters or its input as it runs
    ours, bounds = pair.results(example), pair.bounds(as_it_was)
    rows = compare(ours, pair.torch_results(as_it_was), bounds)
    causes = {}
    for name in [row.name for row in rows if row.at_fault == "NumPy"]:
        observed = Observation(case_of(pair, as_it_was, bounds), ours[name], case_of(pair, example))
        causes[prefix + name] = causes_of(name, [observed])
    return Report("", tuple(replace(row, name=prefix + row.name) for row in rows), causes)


def _merged(title: str, parts: Sequence[Report]) -> Report:
    causes = {name: found for part in parts for name, found in part.causes.items() if found}
    return Report(title, tuple(row for part in parts for row in part.rows), causes)


def _layer_by_layer(net: TwoLayerNet, x: Array, t: Array) -> list[Report]:
    """Each layer where it stands, on what it really gets."""
    names, layers, inputs = list(net.layers), list(net.layers.values()), [x]
    for layer in layers:
        inputs.append(layer.forward(inputs[-1]))
    last = Example(net.last_layer, (inputs[-1], t), 1)
    parts = [_part(pair_of(net.last_layer), last, "last_layer.")]
    dout = net.last_layer.backward()
    for name, layer, layer_input in reversed(list(zip(names, layers, inputs, strict=False))):
        parts.insert(0, _part(pair_of(layer), Example(layer, (layer_input,), dout), f"{name}."))
        dout = layer.backward(dout)
    return parts


def _uneven(layer: Any, *inputs: Array) -> Any:
    """An upstream gradient for these inputs: of the shape of y, or a number for a loss."""
    y = np.asarray(layer.forward(*inputs))
    if y.ndim == 0:
        return 1.7
    return np.random.default_rng(0).standard_normal(y.shape).astype(y.dtype)
