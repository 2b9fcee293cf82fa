"""Other choices than PyTorch's that show in several tensors at once: each is no mistake, if all of them make it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from torch_ref.diagnosis.factors import DIVIDED, OF_BATCH, OF_ENTRIES, TOO_LARGE
from torch_ref.diagnosis.severity import Severity
from torch_ref.diagnosis.twins.entrywise import OTHER_FORMS
from torch_ref.pair import Kind, Pair
from torch_ref.your_layer.adapter import OF_EACH
from torch_ref.your_layer.problems import Problem

SUM = "it is the sum, where PyTorch's default is the mean: loss and gradients agree"
OF_A_SUM = "it is the gradient of the sum of the samples' losses, where PyTorch's default is their mean"
MEAN = "it is divided by the length of the batch, as by a 1/m inside: the loss before it must then be a sum"


class Choice(NamedTuple):
    """It is one if all of these tensors make it, by this cause; else it is a mistake."""

    tensors: Sequence[str]
    cause: str
    says: str


CAUSES = frozenset(
    [DIVIDED.format(OF_BATCH), *(TOO_LARGE.format(count) for count in (OF_BATCH, OF_ENTRIES)), *OTHER_FORMS]
)


def choices_of(pair: Pair) -> list[Choice]:
    result_and_dx = [pair.outputs[0], "dx"]
    if pair.kind is Kind.LOSS:
        return [Choice(result_and_dx, TOO_LARGE.format(count), SUM) for count in (OF_BATCH, OF_ENTRIES)]
    if pair.kind is not Kind.LAYER:
        return []
    of_parameters = [f"d{name}" for name in pair.parameters]
    means = [Choice(of_parameters, DIVIDED.format(OF_BATCH), MEAN)] if of_parameters else []
    return [*means, *(Choice(result_and_dx, form, form) for form in OTHER_FORMS)]


def with_conventions(
    pair: Pair, problems: Sequence[Problem], elsewhere: Sequence[Problem] = (), notes: Collection[str] = ()
) -> list[Problem]:
    """The findings, those that are a convention together as one.

    `elsewhere` are those of checks of values that were left out: a choice is none, unless all tensors agree in it.
    """
    found = list(problems)
    if pair.kind is Kind.LOSS and OF_EACH in notes:
        return _as_one(found, [], Choice(["dx"], TOO_LARGE.format(OF_BATCH), OF_A_SUM))
    for choice in choices_of(pair):
        found = _as_one(found, elsewhere, choice)
    return found


def _as_one(problems: list[Problem], elsewhere: Sequence[Problem], choice: Choice) -> list[Problem]:
    """If its tensors, all of them and no other, are wrong for its cause."""
    here = [problem for problem in problems if problem.severity is Severity.WRONG]
    wrong = [*here, *(problem for problem in elsewhere if problem.severity is Severity.WRONG)]
    concerned = {name for problem in wrong for name in problem.tensor.split(", ")}
    if not here or concerned != set(choice.tensors) or any(choice.cause not in problem.causes for problem in wrong):
        return problems
    names = ", ".join(choice.tensors)
    one = replace(here[0], tensor=names, sentence=f"{names}: {choice.says}", severity=Severity.CONVENTION)
    return [one, *(problem for problem in problems if problem not in here)]
