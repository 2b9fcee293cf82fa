"""What an examination found: data alone."""

from dataclasses import dataclass, field, replace
from typing import Self

from torch_ref.diagnosis.severity import Severity
from torch_ref.your_layer.pictures import Picture
from torch_ref.your_layer.problems import Problem


@dataclass(frozen=True)
class Findings:
    """Of one candidate. `problems` make it wrong, or inaccurate; conventions, advice and remarks do not.

    `left_out` are scenarios not for its twin; `skipped` are the checks that its user left out.
    """

    name: str
    file: str
    like: str
    basis: str
    dtypes: tuple[str, ...]
    checks: tuple[str, ...]
    skipped: tuple[str, ...]
    scenarios: tuple[str, ...]
    left_out: tuple[str, ...]
    problems: tuple[Problem, ...]
    conventions: tuple[Problem, ...]
    advice: tuple[Problem, ...]
    pictures: tuple[Picture, ...] = field(repr=False)
    remarks: tuple[str, ...]
    seed: int

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def right(self) -> tuple[str, ...]:
        """The tensors that are right wherever they were compared."""
        wrong = {tensor for problem in self.problems for tensor in problem.tensor.split(", ")}
        return tuple(one.tensor for one in self.pictures if not one.is_wrong and one.tensor not in wrong)

    def advised(self, check: str, sentence: str, *, strict: bool) -> Self:
        """With a piece of advice more, of what shows outside the process alone."""
        more = Problem(check, "", sentence, "", (), (), Severity.ADVICE)
        if strict:
            return replace(self, problems=(*self.problems, more))
        return replace(self, advice=(*self.advice, more))

    def remarked(self, *remarks: str) -> Self:
        return replace(self, remarks=(*remarks, *self.remarks))
