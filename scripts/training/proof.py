"""Proof along the way: what both sides compute on a batch of a training, within the proven bounds.

On the weights of each side, NumPy and PyTorch are verified layer by layer and as a whole; and the update that each side
makes of its own weights is that of its gradient. A violation is kept in a file, which replay.py runs again.
"""

import argparse
import json
import math
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from numpy_impl import Network
from numpy_impl.validation import Array
from torch_ref import Ball, Example, Report, SideBySide, pair_of, right, verify
from torch_ref.bounds import format_of
from torch_ref.diagnosis.finding import Finding, Verdict, finding
from torch_ref.diagnosis.report import Row
from torch_ref.right import options_of
from torch_ref.training.files import read_safetensors
from torch_ref.training.optimizer_state import COUNT
from training.checkpoint import check_like
from training.saved import Saved, restore
from training.settings import EXAMPLES, network, optimizer

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
    """Copies of the NumPy network as it is, and with the weights and the layers' states of PyTorch's."""
    ours, theirs = deepcopy(sides.numpy.net), deepcopy(sides.numpy.net)
    for name, value in sides.torch.params.items():
        theirs.params[name] = value
    theirs.state = sides.torch.layer_state
    return {"numpy": ours, "torch": theirs}


class Update:
    """What the optimizer's next step may make of the weights, and of what it keeps itself, on each side.

    Made before the step, which starts from these weights and states; the gradient is the one that the side then
    computes, and must itself be within the bound of the network's.
    """

    def __init__(self, sides: SideBySide, x: Array, t: Array) -> None:
        self._pair = pair_of(sides.optimizer)
        self._options = options_of(self._pair, sides.optimizer)
        self._params = {"numpy": sides.numpy.params, "torch": sides.torch.params}
        self._states = {"numpy": sides.numpy.optimizer_state, "torch": sides.torch.optimizer_state}
        self._gradients = {
            side: right.bounds(pair_of(net), Example(net, {"x": x, "t": t})) for side, net in networks(sides).items()
        }

    def added_to(self, proof: Proof, sides: SideBySide) -> Proof:
        """The proof with what became of the weights."""
        after = {**sides.weights, **sides.optimizer_states}
        found: dict[tuple[str, str], Finding] = {}
        for side, trainer in (("numpy", sides.numpy), ("torch", sides.torch)):
            for name, gradient in trainer.gradients.items():
                found[side, f"d{name}"] = finding(gradient, self._gradients[side][f"d{name}"], f"d{name}")
                for entry, ball in self._stepped(side, name, gradient).items():
                    found[side, entry] = finding(_like(ball, after.get(f"{side}.{entry}")), ball)
        # Without momentum PyTorch keeps no state where the class Momentum does.
        names = dict.fromkeys(name for _, name in found if name.startswith("d") or f"torch.{name}" in after)
        rows = tuple(Row(name, found["numpy", name], found["torch", name]) for name in names)
        return Proof({**proof.reports, "after the update": Report("the update of the weights", rows)})

    def _stepped(self, side: str, name: str, gradient: Array) -> dict[str, Ball]:
        """The parameter after the step, and what the optimizer keeps of it."""
        before, kept, rules = self._params[side][name], self._states[side].get(name, {}), self._pair.optimizer_state
        exact = format_of(before.dtype).exact
        state = [_exact(kept.get(entry), before, rule) for entry, rule in rules.items()]
        after = self._pair.forward(exact(before), exact(gradient), *state, **self._options)  # type: ignore[misc] # each has it
        balls = after if isinstance(after, tuple) else (after,)
        return dict(zip((name, *(f"{name}.{entry}" for entry in rules)), balls, strict=True))


def _exact(kept: Any, p: Array, rule: str) -> Any:
    """An entry of a state as a formula takes it: a number of steps is an integer; all is 0 before the first step."""
    if rule == COUNT:
        return np.asarray(0 if kept is None else kept)
    return format_of(p.dtype).exact(np.zeros_like(p) if kept is None else kept)


def _like(ball: Ball, value: Any) -> Any:
    """A number of steps in the dtype of the ball."""
    return value.astype(ball.format.dtype) if isinstance(value, np.ndarray) and value.dtype.kind in "iu" else value


def violation_file(state: Saved, x: Array, t: Array, origin: Mapping[str, Any]) -> bytes:
    """The batch, and both sides as they were before it; `origin` are the training's settings, and the iteration."""
    arrays, rest = state
    contiguous = {name: value.copy() for name, value in {**arrays, "x": x, "t": t}.items()}
    metadata = {"kind": KIND, "origin": json.dumps(origin), "state": json.dumps(rest)}
    return safetensors.numpy.save(contiguous, metadata)


def read_violation(path: Path) -> tuple[SideBySide, Array, Array, dict[str, Any]]:
    """Both sides, x, t, and the origin. Raises FileNotFoundError, ValueError for another file."""
    arrays, metadata = read_safetensors(path)
    try:
        if metadata["kind"] != KIND:
            raise ValueError("it is of another kind")
        x, t, origin = arrays.pop("x"), arrays.pop("t"), json.loads(metadata["origin"])
        check_like(EXAMPLES, origin)
        options = argparse.Namespace(**origin)
        net = network(options, origin["dtype"], np.random.default_rng(0))
        net.loss(x, t)  # which refuses what does not fit
        sides = SideBySide(net, optimizer=optimizer(options))
        restore(sides, arrays, json.loads(metadata["state"]))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} must be a violation that train_mnist.py has kept ({error})") from error
    return sides, x, t, origin
