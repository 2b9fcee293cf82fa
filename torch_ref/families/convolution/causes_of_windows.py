"""Slips of all layers that slide a window: the stride, the padding, what is left over, windows that overlap."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, where
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.diagnosis.twins.images import OVERWRITTEN
from torch_ref.families.convolution.windows import Windows

# What goes back into each entry of each window, (N, C, OH, OW, K).
Values: TypeAlias = Callable[[Case], Ball]
# dx, once windows are added up, or with their padding.
Spread: TypeAlias = Callable[[Case, Windows, bool], Ball]

FIRST_WINDOW = "where windows overlap, only the first one's is there: all must be added"
STRIDE = "the stride is left out: windows are taken to be one step apart"
KEPT = "the padding is not cut off"
CUT_BEHIND = "the padding is cut off behind alone, where it must be on all sides: it is shifted"
LEFT_OVER = "rows or columns that are left over after the last window are lost: they must be there, as 0"


def windows_of(case: Case) -> Windows:
    """Those of the layer, as it has its options from the pair."""
    layer = case.layer
    size = case.params["W"].shape[2:] if case.params else layer.size
    return Windows(case.x.shape[2:], size, layer.stride, layer.padding)


def one_apart(windows: Windows) -> Windows:
    """As many windows, without their stride."""
    return replace(windows, stride=(1, 1), counted=windows.count)


def of_dx(spread: Spread) -> tuple[Cause, ...]:
    """By what makes dx of windows."""

    def cause(says: str, predicts: Callable[[Case, Windows], Ball]) -> Cause:
        return Cause(says, lambda case, name: predicts(case, windows_of(case)) if name == "dx" else None)

    def part(padded: Ball, rows: int, columns: int) -> Ball:
        return padded[..., :rows, :columns]

    def without_rest(case: Case, windows: Windows) -> Ball:
        """Up to the last window's end, which may lie in the padding."""
        of_axes = zip(windows.count, windows.stride, windows.size, windows.padding, strict=True)
        rows, columns = ((n - 1) * s + k - p for n, s, k, p in of_axes)
        return part(spread(case, windows, True), rows, columns)

    return (
        cause(STRIDE, lambda case, windows: spread(case, one_apart(windows), True)),
        cause(KEPT, lambda case, windows: spread(case, windows, False)),
        cause(CUT_BEHIND, lambda case, windows: part(spread(case, windows, False), *case.x.shape[2:])),
        cause(LEFT_OVER, without_rest),
    )


def of_overlaps(
    values: Values, is_written: Callable[[Case], Array | bool] = lambda _: True, family: str = ""
) -> tuple[Cause, ...]:
    """`is_written` where a window writes at all: if not everywhere, it leaves the rest as it was."""

    def overwritten(case: Case, windows: Windows, of: Ball) -> Array:
        return windows.is_last_write(np.broadcast_to(is_written(case), of.shape))

    def first(case: Case, windows: Windows, of: Ball) -> Array:
        return windows.is_first_write(np.broadcast_to(is_written(case), of.shape))

    def kept(mask: Callable[[Case, Windows, Ball], Array]) -> Prediction:
        def predict(case: Case, name: str) -> Ball | None:
            if name != "dx":
                return None
            windows, of_windows = windows_of(case), values(case)
            return windows.added_up(where(mask(case, windows, of_windows), of_windows, 0.0))

        return predict

    return Cause(OVERWRITTEN, kept(overwritten), family), Cause(FIRST_WINDOW, kept(first), family)


def added(values: Values) -> Spread:
    """The way of what is added up entry by entry."""
    return lambda case, windows, cut: windows.added_up(values(case), cut=cut)


def forward_with(y: Callable[[Case, Windows], Any], change: Callable[[Windows], Windows]) -> Prediction:
    """y for other windows, where there are any."""

    def predict(case: Case, name: str) -> Ball | None:
        windows = change(windows_of(case))
        return y(case, windows) if name == "y" and min(windows.count) > 0 else None

    return predict


def of_y(y: Callable[[Case, Windows], Any]) -> tuple[Cause, ...]:
    return (
        Cause(STRIDE, forward_with(y, lambda windows: replace(windows, stride=(1, 1)))),
        Cause("the padding is left out", forward_with(y, lambda windows: replace(windows, padding=(0, 0)))),
    )
