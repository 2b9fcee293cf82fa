"""Other choices than PyTorch's that show in several tensors at once: each is no mistake, if all of them make it."""

from collections.abc import Sequence
from dataclasses import replace

from torch_ref.diagnosis.factors import DIVIDED, OF_BATCH, OF_ENTRIES, TOO_LARGE
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Kind, Pair
from torch_ref.your_layer.problems import Problem

SUM = "it is the sum, where PyTorch's default is the mean: loss and gradients agree"
MEAN = "it is divided by the length of the batch, as by a 1/m inside: the loss before it must then be a sum"


def with_conventions(pair: Pair, problems: Sequence[Problem]) -> list[Problem]:
    """The findings, those that are a convention together as one."""
    if pair.kind is Kind.LOSS:
        tensors = [pair.outputs[0], "dx"]
        found = _as_one(problems, tensors, TOO_LARGE.format(OF_BATCH), SUM)
        return _as_one(found, tensors, TOO_LARGE.format(OF_ENTRIES), SUM)
    if pair.kind is Kind.LAYER and pair.parameters:
        return _as_one(problems, [f"d{name}" for name in pair.parameters], DIVIDED.format(OF_BATCH), MEAN)
    return list(problems)


def _as_one(problems: Sequence[Problem], tensors: Sequence[str], cause: str, says: str) -> list[Problem]:
    """If these tensors, all of them and no other, are wrong for this cause."""
    wrong = [problem for problem in problems if problem.severity is Severity.WRONG]
    concerned = {name for problem in wrong for name in problem.tensor.split(", ")}
    if not wrong or concerned != set(tensors) or any(cause not in problem.causes for problem in wrong):
        return list(problems)
    names = ", ".join(tensors)
    one = replace(wrong[0], tensor=names, sentence=f"{names}: {says}", severity=Severity.CONVENTION)
    return [one, *(problem for problem in problems if problem not in wrong)]
