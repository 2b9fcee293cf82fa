"""A twin for dropout: nn.Dropout with the mask that the user's layer draws, which is read off its forward of ones.

Every forward draws from the same random state, so that the mask depends on the shape alone. Two choices of others are
conventions: p as the share that is kept, and no division in training ("not inverted").
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, where
from torch_ref.checks.check_error import CheckError
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause
from torch_ref.diagnosis.factors import times
from torch_ref.diagnosis.severity import Severity
from torch_ref.families.normalization.of_module import Formulas
from torch_ref.pair import Pair
from torch_ref.your_layer.build import name_of
from torch_ref.your_layer.known_formulas import by_formulas
from torch_ref.your_layer.maker import Maker
from torch_ref.your_layer.measured import like_module
from torch_ref.your_layer.options import options_from
from torch_ref.your_layer.twins import Twin

P = 0.3  # where nobody says it: at a half, the share that is kept is the one that is dropped
MANY = (100, 100)  # entries, of which the share is counted that are kept
KEEPS = "its p is the share that is kept, where PyTorch's is the one that is dropped"
NOT_INVERTED = "it is not inverted: it multiplies in evaluation, where PyTorch divides in training"


class GivenMask(nn.Module):
    """y = x · mask · scale, in evaluation x · scale · kept; each mean is that of x."""

    def __init__(self, p: float, factors: "Factors", mask_of: Callable[[tuple[int, ...]], Array]) -> None:
        super().__init__()
        self.p, self.factors, self.mask_of = p, factors, mask_of

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x * self.factors.in_evaluation
        return x * torch.from_numpy(self.mask_of(tuple(x.shape))).to(x.dtype) * self.factors.in_training


class Factors(NamedTuple):
    """Of the entries that are kept, and of all of them in evaluation."""

    in_training: float
    in_evaluation: float


def like_dropout(maker: Maker, p: float | None) -> tuple[Pair, Callable[..., Any]]:
    """As `like_module`. Raises ValueError where forward is no product with a mask."""
    p = P if p is None else p
    maker = replace(maker, options=options_from(nn.Dropout(p), maker.cls) | dict(maker.options or {}))
    interface = maker.interface._replace(draws=True)
    maker = replace(maker, interface=interface)

    def of_ones(shape: tuple[int, ...]) -> Array:
        layer: Any = maker.made({"in": shape[-1], "out": shape[-1]}, {}, {})
        found: Array = layer.forward(np.ones(shape))
        return found

    def mask_of(shape: tuple[int, ...]) -> Array:
        return of_ones(shape) != 0

    def kept(x: Ball) -> Any:
        """Three roundings: of 1 − p, of the quotient, and of the product."""
        return where(mask_of(x.shape), x.scaled(x.format.wide.type(factors.in_training), 3), 0.0)

    try:
        factors = _judged(maker, of_ones(MANY), p)
    except CheckError as error:
        raise ValueError(f"{name_of(maker.cls)}: its mask cannot be read off: {error.sentence}") from error
    twin = Twin(f"nn.Dropout({p:g})", lambda _: GivenMask(p, factors, mask_of))
    pair, factory = like_module(maker, twin, _causes(p, factors))
    return by_formulas(pair, Formulas(kept, lambda _, dout: {"dx": kept(dout)})), factory


def _causes(p: float, factors: Factors) -> list[Cause]:
    def without_mask(case: Case, name: str) -> Ball | None:
        return case.exact(case.dout).scaled(factors.in_training, 2) if name == "dx" else None

    by_p = Cause("it is divided by p, where it must be by 1 - p", times(lambda _: (1 - p) / p))
    return [by_p, Cause("the mask is left out", without_mask)]


def _judged(maker: Maker, of_ones: Array, p: float) -> Factors:
    """The factors that are right for the mask, by the share that it keeps; other choices are noted."""
    kept, scale = np.count_nonzero(of_ones) / of_ones.size, float(of_ones.max(initial=0))
    error = 5 * np.sqrt(p * (1 - p) / np.prod(MANY))  # five standard deviations: one right layer in two million
    keeps = 1 - p
    if abs(kept - p) <= error < abs(kept - keeps):
        keeps = p
        maker.notes[KEEPS] = Severity.CONVENTION
    elif abs(kept - keeps) > error:
        told = f"it keeps {kept:.1%} of the entries for a p of {p:g}, where it must be {1 - p:.1%}"
        maker.notes[told] = Severity.WRONG
    if abs(scale - 1) < 1e-6 < abs(1 / keeps - 1):
        maker.notes[NOT_INVERTED] = Severity.CONVENTION
        return Factors(1.0, keeps)
    return Factors(1 / keeps, 1.0)
