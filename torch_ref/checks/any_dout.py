"""The check that gradients are those of the dout that is given: also of zeros, and of a loss's 1 in all its forms."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from torch_ref import places
from torch_ref.checks.calls import copied, forward_alone, has_backward, is_equal
from torch_ref.checks.check_error import CheckError, raise_worst
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.explain import reproduces
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Example, Kind
from torch_ref.results import gradients_of, results


def check_any_dout(subject: Subject) -> None:
    """Gradients of a dout of zeros are 0; those of a loss's dout of 1 are right, in whatever form it is given."""
    raise_worst(_wrong(subject))


def _wrong(subject: Subject) -> Iterator[CheckError]:
    """Of gradients that are right for an ordinary dout."""
    if not has_backward(subject.pair):
        return
    case, usual = subject.case(subject.pair.ordinary), subject.results(subject.pair.ordinary)
    gradients = [name for name in usual if places.is_gradient(name)]
    right = [name for name in gradients if reproduces(usual[name], case.right[name], case)]
    yield from _of_zeros(subject, right)
    if subject.pair.kind is Kind.LOSS:
        yield from _of_one(subject, right)


def _of_zeros(subject: Subject, right: list[str]) -> Iterator[CheckError]:
    pair = subject.pair
    example = subject.example(pair.ordinary)
    zeros = {name: np.zeros_like(value) if np.ndim(value) else 0.0 for name, value in example.upstream.items()}
    of_zeros = example._replace(upstream=zeros)
    yield from _not_zero(_run(subject, of_zeros), right, "")
    again = subject.example(pair.ordinary)
    first, second = (results(pair, copied(again)) for _ in range(2))
    fresh = [name for name in right if is_equal(second[name], first[name])]  # and does not add up
    yield from _not_zero(_run(subject, of_zeros._replace(layer=again.layer)), fresh, ", after another call")


def _run(subject: Subject, example: Example) -> dict[str, Any]:
    data = copied(example)
    forward_alone(subject.pair, data)
    return gradients_of(subject.pair, data)


def _not_zero(found: dict[str, Any], names: list[str], when: str) -> Iterator[CheckError]:
    for name in names:
        if np.any(found[name]):
            got = "NaN" if np.isnan(found[name]).any() else "not 0"
            yield CheckError(f"{name} of a dout of zeros is {got}{when}", tensor=name)


def _ones(dtype: np.dtype[Any]) -> dict[str, tuple[Any, ...]]:
    """The arguments of backward, by how they are written."""
    one = dtype.type(1)
    return {"": (), "1": (1,), "1.0": (1.0,), f"np.{dtype}(1)": (one,), f"np.array(1.0, {dtype})": (np.array(one),)}


def _of_one(subject: Subject, right: list[str]) -> Iterator[CheckError]:
    """A call without dout is made where the layer has a default for it."""
    pair, case = subject.pair, subject.case(subject.pair.ordinary)
    wanted = case.given(upstream=dict.fromkeys(case.upstream, 1.0))
    for written, given in _ones(np.dtype(subject.dtype)).items():
        example, called = subject.example(pair.ordinary), f"backward({written})"
        if not given and getattr(example.layer, "needs_dout", False):
            continue
        forward_alone(pair, example)
        try:
            dx = example.layer.backward(*given)
        except Exception as error:  # noqa: BLE001 - a user's code may raise anything
            severity = Severity.ADVICE if given else Severity.WRONG
            what = error.sentence if isinstance(error, CheckError) else f"it raises {type(error).__name__}: {error}"
            refused = CheckError(f"{called} fails: {what}", method="backward", severity=severity)
            refused.__cause__ = error
            yield refused
            continue
        if "dx" in right and not reproduces(dx, wanted["dx"], case):
            yield CheckError(f"dx of {called} is not that of a dout of 1", tensor="dx")
