"""Slips in putting layers together, and what they make of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.families.composites.formulas import Link, Links, sequential, sequential_backward

Formulas = tuple[Callable[..., Any], Callable[..., dict[str, Ball]]]  # forward and backward of the composite


def causes_of(links: Links, formulas: Formulas) -> Sequence[Cause]:
    """Of each layer without parameters."""
    return tuple(cause for link in links.links if not link.names for cause in _of_a_function(links, link, formulas))


def causes_of_residual(links: Links, formulas: Formulas) -> Sequence[Cause]:
    says = "x is not added: it is f(x) alone, or its gradient"
    return (Cause(says, _by(links, (sequential, sequential_backward))), *causes_of(links, formulas))


def _of_a_function(links: Links, link: Link, formulas: Formulas) -> Iterator[Cause]:
    passed_by = with_formulas(links, link, backward=lambda _, dout, **__: {"dx": dout})
    left_out = with_formulas(links, link, forward=lambda x, **_: x)
    yield Cause(f"the gradient does not pass through {link.place} on its way back", _by(passed_by, formulas))
    yield Cause(f"{link.place} is left out on the way forward", _by(left_out, formulas))


def with_formulas(links: Any, link: Link, **formulas: Any) -> Any:
    """The chain with other formulas of one link."""
    changed = replace(link, pair=replace(link.pair, **formulas))
    return replace(links, links=[changed if other is link else other for other in links.links])


def _by(links: Links, formulas: Formulas) -> Prediction:
    def predict(case: Case, name: str) -> Ball | None:
        x, params = case.exact(case.x), {key: case.exact(value) for key, value in case.params.items()}
        forward, backward = formulas
        y: Ball = forward(links, x, params)
        return y if name == "y" else backward(links, x, case.exact(case.dout), params).get(name)

    return predict
