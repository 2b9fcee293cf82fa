"""Proof along the way: what both sides compute on a batch of a training, within the proven bounds.

On the weights of each side, NumPy and PyTorch are verified layer by layer and as a whole; and the update that each side
makes of its own weights is that of its gradient. A violation is kept in a file, which replay.py runs again.
"""

import json
import math
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.numpy

from numpy_impl import Network
from numpy_impl.validation import Array
from torch_ref import Ball, Example, Report, SideBySide, pair_of, right, verify
from torch_ref.bounds import format_of
from torch_ref.diagnosis.finding import Finding, Verdict, finding
from torch_ref.diagnosis.report import Row
from torch_ref.right import options_of
from torch_ref.training.files import network_with, read_safetensors

KIND = "violation"


@dataclass(frozen=True)
class Proof:
    """The reports on one batch by what they are about, and what they come to."""

    reports: Mapping[str, Report]

    @property
    def radius_used(self) -> float:
        """The greatest share of a radius that any result uses."""
        shares = [side.share for _, row in self._rows() for side in row.sides.values()]
        return max((share for share in shares if not math.isnan(share)), default=math.nan)

    @property
    def violation(self) -> str:
        """The first tensor outside its radius, whose it is, and its worst entry; empty if there is none."""
        for about, row in self._rows():
            for name, side in row.sides.items():
                if side.is_wrong:
                    return f"{row.name} of {name}, {about}, is {side}{worst_entry(side)}"
        return ""

    @property
    def shows_nothing(self) -> str:
        """In a word, why a comparison without a violation is none: a bound is infinite, or a gradient all the same."""
        verdicts = {row.numpy.verdict for _, row in self._rows()}
        return "vacuous" if Verdict.VACUOUS in verdicts else "even" if Verdict.EVEN in verdicts else ""

    @property
    def word(self) -> str:
        """For a table."""
        if self.violation:
            return "WRONG"
        return self.shows_nothing or f"{int(100 * self.radius_used)}% ok"  # not rounded up to 100

    def _rows(self) -> Iterator[tuple[str, Row]]:
        for about, report in self.reports.items():
            for row in report.rows:
                yield about, row


def worst_entry(side: Finding) -> str:
    if math.isnan(side.radius):  # of another shape or dtype
        return ""
    entry = ", ".join(map(str, side.entry))
    right = f"{side.centre:.9g} ± {side.radius:.1e} is right"
    return f": its worst entry, ({entry}), is {side.value:.9g}, and {right}"


def prove(sides: SideBySide, x: Array, t: Array) -> Proof:
    """Forward and backward, on the weights of each side."""
    ours, theirs = networks(sides).values()
    return Proof({"on NumPy's weights": verify(ours, x, t), "on PyTorch's weights": verify(theirs, x, t)})


def networks(sides: SideBySide) -> dict[str, Network]:
    """The NumPy network, and a copy of it with the weights of PyTorch's."""
    theirs = deepcopy(sides.numpy.net)
    for name, value in sides.torch.params.items():
        theirs.params[name] = value
    return {"numpy": sides.numpy.net, "torch": theirs}


class Update:
    """What the optimizer's next step may make of the weights, by the bound of the gradient of the whole network."""

    def __init__(self, sides: SideBySide, x: Array, t: Array) -> None:
        step, options = pair_of(sides.optimizer), options_of(pair_of(sides.optimizer), sides.optimizer)
        self._balls: dict[tuple[str, str], Ball] = {}
        for side, net in networks(sides).items():
            gradients = right.bounds(pair_of(net), Example(net, {"x": x, "t": t}))
            for name, value in net.params.items():
                before = format_of(value.dtype).exact(value.copy())
                after = step.forward(before, gradients[f"d{name}"], **options)  # type: ignore[misc] # each optimizer has it
                self._balls[side, name] = after

    def added_to(self, proof: Proof, sides: SideBySide) -> Proof:
        """The proof with what became of the weights."""
        after = sides.weights
        found = {key: finding(after[".".join(key)], ball) for key, ball in self._balls.items()}
        rows = tuple(Row(name, found["numpy", name], found["torch", name]) for name in sides.numpy.net.params)
        return Proof({**proof.reports, "after the update": Report("the update of the weights", rows)})


def violation_file(weights: Mapping[str, Array], x: Array, t: Array, origin: Mapping[str, Any]) -> bytes:
    """The batch and the weights of both sides; `origin` says where they come from, lr and threads among it."""
    return safetensors.numpy.save(
        {**weights, "x": x.copy(), "t": t.copy()}, {"kind": KIND, "origin": json.dumps(origin)}
    )


def read_violation(path: Path) -> tuple[SideBySide, Array, Array, dict[str, Any]]:
    """Both sides, x, t, and the origin. Raises FileNotFoundError, ValueError for another file."""
    arrays, metadata = read_safetensors(path)
    try:
        if metadata["kind"] != KIND:
            raise ValueError("it is of another kind")
        x, t, origin = arrays.pop("x"), arrays.pop("t"), json.loads(metadata["origin"])
        net = network_with({name: arrays[f"numpy.{name}"] for name in ("W1", "b1", "W2", "b2")}, path)
        net.loss(x, t)  # which refuses what does not fit
        sides = SideBySide(net, origin["lr"])
        sides.load(arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} must be a violation that train_mnist.py has kept ({error})") from error
    return sides, x, t, origin
