"""A report of both sides beside the bounds, that says who is at fault."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from torch_ref.bounds import Ball
from torch_ref.diagnosis.finding import SHOWS_NOTHING, Finding, Verdict, finding
from torch_ref.oracles.autograd import Results


@dataclass(frozen=True)
class Row:
    """One tensor: what became of it in NumPy and in PyTorch."""

    name: str
    numpy: Finding
    torch: Finding

    @property
    def sides(self) -> dict[str, Finding]:
        return {"NumPy": self.numpy, "PyTorch": self.torch}

    @property
    def at_fault(self) -> str:
        """Empty where both are within their radius."""
        wrong = " and ".join(name for name, side in self.sides.items() if side.is_wrong)
        return wrong or (f"neither: {self.numpy}" if self.shows_nothing else "")

    @property
    def is_even(self) -> bool:
        """Whether both sides are right, but for any other even gradient they would be too."""
        return {side.verdict for side in self.sides.values()} == {Verdict.EVEN}

    @property
    def shows_nothing(self) -> bool:
        """Whether the bound is vacuous, or the gradient even."""
        return self.numpy.verdict in SHOWS_NOTHING


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
        verdict = "; ".join(f"{row.name}: {row.at_fault.removeprefix('neither: ')}" for row in self.failures)
        is_wrong = any(side.is_wrong for row in self.rows for side in row.sides.values())
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in ("tensor", "by", "entry", "value", "centre", "distance", "radius", "share", "verdict"):
            table.add_column(
                heading, justify="left" if heading in ("tensor", "by", "verdict") else "right", no_wrap=True
            )
        for row in self.rows:
            for by, side in row.sides.items():
                entry = ", ".join(map(str, side.entry))
                numbers = (f"{side.value:.9g}", f"{side.centre:.9g}", f"{side.distance:.1e}", f"{side.radius:.1e}")
                table.add_row(
                    row.name if by == "NumPy" else "", by, f"({entry})", *numbers, f"{side.share:.2g}", str(side)
                )
        lines = lines_of(table, 160)
        causes = [f"{name}: {' – or '.join(causes)}" for name, causes in self.causes.items()]
        said = f"WRONG. At fault, {verdict}" if is_wrong else f"UNDECIDED, {verdict}" if verdict else "right"
        return "\n".join([f"{self.title}: {said}", *lines, *causes])

    __repr__ = __str__


def compare(ours: Results, theirs: Results, bounds: Mapping[str, Ball]) -> tuple[Row, ...]:
    """A row for each bound."""
    return tuple(
        Row(name, finding(ours.get(name), ball, name), finding(theirs.get(name), ball, name))
        for name, ball in bounds.items()
    )


def lines_of(table: Table, width: int) -> list[str]:
    """The table as plain text."""
    text = io.StringIO()
    Console(file=text, width=width, color_system=None).print(table)
    return [line.rstrip() for line in text.getvalue().splitlines() if line.strip()]
