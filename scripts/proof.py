"""Proof along the way: both implementations on the weights and a batch of a training, within the proven bounds.

A violation is kept in a file, which replay.py runs again.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import safetensors.numpy

from numpy_impl import TwoLayerNet
from numpy_impl.checks import Array
from torch_ref import Report, verify
from torch_ref.verify import EVEN, VACUOUS
from torch_ref.weight_files import network_with, read_safetensors

KIND = "violation"
PARAMS = ("W1", "b1", "W2", "b2")


@dataclass(frozen=True)
class Proof:
    """What the report of a batch comes to."""

    report: Report

    @property
    def radius_used(self) -> float:
        """The greatest share of a radius that a result of either side uses."""
        shares = [side.share for row in self.report.rows for side in (row.numpy, row.torch)]
        return max((share for share in shares if not math.isnan(share)), default=math.nan)

    @property
    def violation(self) -> str:
        """The first tensor outside its radius, whose it is, and its worst entry; empty if there is none."""
        for row in self.report.failures:
            for name, side in (("NumPy", row.numpy), ("PyTorch", row.torch)):
                if not side.ok and side.verdict not in (VACUOUS, EVEN):
                    entry = ", ".join(map(str, side.entry))
                    return (
                        f"{row.name} of {name} is {side.verdict}: its worst entry, ({entry}), is {side.value:.9g}, "
                        f"and {side.centre:.9g} ± {side.radius:.1e} is right"
                    )
        return ""

    @property
    def word(self) -> str:
        """For a table: "ok", or what it is instead; a gradient that is all the same shows nothing."""
        if self.violation:
            return "WRONG"
        if self.report.ok:
            return f"{int(100 * self.radius_used)}% ok"  # not rounded up to 100
        return "vacuous" if any(row.numpy.verdict == VACUOUS for row in self.report.failures) else "even"


def prove(net: TwoLayerNet, x: Array, t: Array) -> Proof:
    """Each layer of the network and the whole, in NumPy and in PyTorch, on copies of the weights."""
    return Proof(verify(net, x, t))


def violation_file(net: TwoLayerNet, x: Array, t: Array, origin: str) -> bytes:
    """The batch and the weights; `origin` says where they come from."""
    tensors = {**{name: value.copy() for name, value in net.params.items()}, "x": x.copy(), "t": t.copy()}
    return safetensors.numpy.save(tensors, {"kind": KIND, "origin": origin})


def read_violation(path: Path) -> tuple[TwoLayerNet, Array, Array, str]:
    """The network, x, t, and the origin. Raises FileNotFoundError, ValueError for another file."""
    arrays, metadata = read_safetensors(path)
    if metadata.get("kind") != KIND or arrays.keys() != {*PARAMS, "x", "t"}:
        raise ValueError(f"{path} must be a violation that train_mnist.py has kept, got another file")
    try:
        net = network_with({name: arrays[name] for name in PARAMS}, path)
    except TypeError as error:
        raise ValueError(str(error)) from error
    return net, arrays["x"], arrays["t"], metadata.get("origin", "")
