"""A finding of a check, and how much it weighs."""

from collections.abc import Iterable, Iterator

from torch_ref import places
from torch_ref.diagnosis.severity import Severity


class CheckError(AssertionError):
    """A finding of a check in one sentence, with the tensor and the method that it concerns.

    `causes` are the slips that explain it: several, where the data cannot tell them apart; `details` are the numbers;
    `scenarios` those that it was found on, where it was not found on all.
    """

    def __init__(
        self,
        sentence: str,
        causes: Iterable[str] = (),
        details: str = "",
        *,
        tensor: str = "",
        method: str = "",
        severity: Severity = Severity.WRONG,
        scenarios: Iterable[str] = (),
    ) -> None:
        super().__init__(f"{sentence}\n\n{details}" if details else sentence)
        self.sentence, self.details, self.tensor = sentence, details, tensor
        self.causes = [cause for cause in causes if cause]
        self.method = method or (tensor and ("backward" if places.is_gradient(tensor) else "forward"))
        self.severity, self.scenarios = severity, tuple(scenarios)


class RaisedError(CheckError):
    """The user's code has raised an exception."""


def require(
    condition: object, otherwise: str, *, tensor: str = "", method: str = "", severity: Severity = Severity.WRONG
) -> None:
    """Raises CheckError unless the condition holds; also where Python runs without assert statements."""
    if not condition:
        raise CheckError(otherwise, tensor=tensor, method=method, severity=severity)


def raise_worst(findings: Iterator[CheckError]) -> None:
    """Raises the first of the gravest findings, if there is one: no advice hides what is wrong."""
    worst: CheckError | None = None
    for finding in findings:
        if worst is None or finding.severity > worst.severity:
            worst = finding
        if worst.severity is Severity.WRONG:
            break
    if worst is not None:
        raise worst
