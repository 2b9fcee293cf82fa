"""What a training sums up over its records: how often it was verified, and where the two sides jumped apart."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from training.history import Record
from training.proof import Proof

# Drift grows by a rounding a step. Where it doubles in one, and a ReLU was open on one side only, that was the cause.
JUMP = 2.0
JUMPS_KEPT = 1000


class Jump(NamedTuple):
    """An update with so many ReLUs open on one side only, and max |ΔW| before it and after."""

    iteration: int
    relus_apart: int
    before: float
    after: float

    def line(self, relus: int) -> str:
        return (
            f"{self.iteration:9d}  ↑ {self.relus_apart} of {relus:,} ReLUs open on one side only: "
            f"drift {self.before:.1e} → {self.after:.1e}"
        )


@dataclass
class Tally:
    """All that is kept of the records, the same size however many there are."""

    proofs: int = 0
    shows_nothing: int = 0  # proofs where a bound was infinite, or a gradient all the same
    violations: int = 0
    radius_used: float = 0.0
    batches: int = 0
    batches_apart: int = 0  # with a ReLU that was open on one side only
    first_apart: int | None = None
    jumps: list[Jump] = field(default_factory=list)
    previous: tuple[int, float] = (0, 0.0)  # relus_apart and drift of the record before
    seconds: float = 0.0

    @classmethod
    def of(cls, state: dict[str, Any]) -> "Tally":
        jumps = [Jump(*jump) for jump in state["jumps"]]
        return cls(**{**state, "jumps": jumps, "previous": tuple(state["previous"])})

    @property
    def state(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    def prove(self, proof: Proof) -> None:
        self.proofs += 1
        self.violations += bool(proof.violation)
        self.shows_nothing += bool(proof.shows_nothing) and not proof.violation
        if proof.radius_used > self.radius_used:  # not where it is NaN
            self.radius_used = proof.radius_used

    def add(self, record: Record) -> Jump | None:
        """The jump that the update before this record was, if it was one."""
        relus_apart, drift = self.previous
        self.previous = record.relus_apart, record.drift
        self.batches += 1
        if record.relus_apart:
            self.batches_apart += 1
            self.first_apart = record.iteration if self.first_apart is None else self.first_apart
        if not (relus_apart and record.drift > JUMP * drift):
            return None
        jump = Jump(record.iteration - 1, relus_apart, drift, record.drift)
        if len(self.jumps) < JUMPS_KEPT:
            self.jumps.append(jump)
        return jump

    def lines(self, end: Record, furthest: str, relus: int) -> list[str]:
        """What there is to say at the end, unless something was wrong.

        `furthest` is the parameter of which a weight lies furthest apart, `relus` how many ReLUs a batch meets.
        """
        if self.violations or not math.isfinite(end.drift):
            return []
        lines = []
        if shown := self.proofs - self.shows_nothing:
            nothing = f" ({self.shows_nothing} more showed nothing)" if self.shows_nothing else ""
            lines.append(
                f"verified on {shown} batches{nothing}, on the weights of each side: NumPy and PyTorch lie within\n"
                f"    the proven radius of the exact results and use {100 * self.radius_used:.1f}% of it at most"
            )
        apart = self._apart() if relus else "There is no ReLU that could be open\n    on one side only"
        lines.append(f"drift: the weights lie {end.drift:.1e} apart at most, in {furthest}. {apart}")
        if end.other_drift is not None:
            lines.append(f"    in the other dtype they lie {end.other_drift:.1e} apart")
        return lines

    def _apart(self) -> str:
        if self.first_apart is None:
            return "No ReLU was ever open on one side only"
        words = (
            f"In {self.batches_apart:,} of {self.batches:,} batches a ReLU was open\n"
            f"    on one side only, first by a pre-activation within rounding of 0 at iteration {self.first_apart}"
        )
        if not self.jumps:
            return words
        times = f"{len(self.jumps)} time{'s' if len(self.jumps) > 1 else ''}"
        return f"{words};\n    the drift more than doubled by such a step {times} (↑)"
