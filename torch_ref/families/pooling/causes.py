"""Slips that poolings are known for, and what they make of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, format_of, where
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.diagnosis.severity import Severity
from torch_ref.families.convolution.causes_of_windows import added, of_dx, of_overlaps, of_y, windows_of
from torch_ref.families.convolution.windows import Windows
from torch_ref.families.pooling import formulas

Chosen = Callable[[Array], Array]  # of the windows (N, C, OH, OW, K): which of their entries get dout


def _ties(windows: Array) -> Array:
    return np.asarray(windows == windows.max(-1, keepdims=True))


def _first(windows: Array) -> Array:
    ties = _ties(windows)
    return ties & (ties.cumsum(-1) == 1)


def _last(windows: Array) -> Array:
    return _first(windows[..., ::-1])[..., ::-1]


def _over(*axes: int) -> Chosen:
    """The maxima of the windows of all channels, say."""
    return lambda windows: np.asarray(windows == windows.max(axes, keepdims=True))


def _mask(case: Case, chosen: Chosen, fill: float = -np.inf) -> Array:
    return chosen(windows_of(case).of(case.x, fill))


def _given_to(chosen: Chosen, fill: float = -np.inf) -> Callable[[Case], Ball]:
    def values(case: Case) -> Ball:
        mask = _mask(case, chosen, fill)
        return formulas.chosen(case.exact(case.dout), mask, mask)

    return values


def _shared(case: Case) -> Ball:
    """By all that are the maximum; rounded as a factor, or as a quotient."""
    mask = _mask(case, _ties)
    share = format_of(case.dtype).rounded(mask / mask.sum(-1, keepdims=True))
    dout = case.exact(case.dout)
    return where(mask, dout.reshape(*dout.shape, 1) * share, 0.0)


def _dx(values: Callable[[Case], Ball]) -> Prediction:
    return lambda case, name: windows_of(case).added_up(values(case)) if name == "dx" else None


def _y(of: Callable[[Case, Windows], Any]) -> Prediction:
    return lambda case, name: of(case, windows_of(case)) if name == "y" else None


def _maximum(case: Case, windows: Windows) -> Any:
    return windows.of(case.exact(case.x), -np.inf).max(-1)


def _maximum_beside_zeros(case: Case, windows: Windows) -> Any:
    return windows.of(case.exact(case.x)).max(-1)


def _mean(case: Case, windows: Windows) -> Any:
    return windows.of(case.exact(case.x)).mean(-1)


def _sum(case: Case, windows: Windows) -> Any:
    """As a mean that is multiplied again, perhaps."""
    return _mean(case, windows).scaled(np.prod(windows.size), 2)


def _everywhere(windows: Array) -> Array:
    return np.ones(windows.shape, bool)


def _shares(case: Case) -> Ball:
    return formulas.shares(case.exact(case.dout), windows_of(case).size)


def _whole(case: Case) -> Ball:
    """dout; as a share that is multiplied again, perhaps."""
    return _shares(case).scaled(np.prod(windows_of(case).size), 2)


def _inside(case: Case) -> Array:
    """How many entries of each window are no padding, (1, 1, OH, OW, 1)."""
    ones = np.ones((1, 1, *case.x.shape[2:]))
    return np.asarray(windows_of(case).of(ones).sum(-1, keepdims=True))


def _not_counted(case: Case, name: str) -> Ball | None:
    """By the entries that are no padding; as a quotient, or as a product with its reciprocal: two roundings."""
    windows, x = windows_of(case), case.exact(case.x)
    share = format_of(case.dtype).rounded(1 / _inside(case))
    if name == "y":
        return (windows.of(x) * share).sum(-1)
    dout = case.exact(case.dout)
    return windows.added_up((dout.reshape(*dout.shape, 1) * share)[..., np.zeros(np.prod(windows.size), int)])


TIES = "ties"  # the same, where no windows overlap
MAX_POOL = (
    *of_overlaps(_given_to(_first)),
    *of_overlaps(_given_to(_first), lambda case: _mask(case, _first)),
    Cause("of several maxima in a window each gets the whole dout", _dx(_given_to(_ties)), TIES),
    *of_overlaps(_given_to(_ties), family=TIES),
    *of_overlaps(_given_to(_ties), lambda case: _mask(case, _ties), TIES),
    *(
        Cause(says, _dx(_given_to(chosen)))
        for says, chosen in (
            ("it goes to where the maximum over all channels is, where each channel has its own", _over(1, -1)),
            ("it goes to where the maximum over batch and channels is, where each has its own", _over(0, 1, -1)),
            ("every entry of a window gets dout, where the maximum alone must", _everywhere),
        )
    ),
    Cause(
        "of several maxima in a window the last one gets dout, where PyTorch's is the first",
        _dx(_given_to(_last)), severity=Severity.CONVENTION,
    ),
    Cause(
        "several maxima in a window share dout, where PyTorch gives it to the first",
        _dx(_shared), severity=Severity.CONVENTION,
    ),
    Cause("dout is spread over the window, as by an average", _dx(_shares)),
    Cause("it is padded with 0, where it must be -infinity", _y(_maximum_beside_zeros)),
    Cause("it is padded with 0, where it must be -infinity", _dx(_given_to(_first, 0.0))),
    Cause("it is the mean of the window, where it must be the maximum", _y(_mean)),
    *of_y(_maximum),
    *of_dx(added(_given_to(_first))),
)  # fmt: skip
AVERAGE_POOL = (
    *of_overlaps(_shares),
    Cause("it is the sum of the window, which must be divided by its size", _y(_sum)),
    Cause("dout is not divided by the size of a window", _dx(_whole)),
    Cause("the padding is not counted in the size of a window", _not_counted, severity=Severity.CONVENTION),
    Cause("it is the maximum of the window, where it must be the mean", _y(_maximum)),
    Cause("dout goes to the maximum alone, where each entry of a window must have its share", _dx(_given_to(_first))),
    *of_y(_mean),
    *of_dx(added(_shares)),
)
