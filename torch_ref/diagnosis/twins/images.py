"""Slips of convolution and pooling: overlapping windows, ties, padding, a kernel the wrong way round."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from torch_ref.diagnosis.cause import Cause
from torch_ref.diagnosis.severity import Severity
from torch_ref.diagnosis.twins.changed import Forward, by_forward, changed, passing
from torch_ref.diagnosis.twins.windows import Layout, layout_of

OVERWRITTEN = "where windows overlap, a later one overwrites what is there: it must be added, += for ="


def causes_of(module: Any) -> Iterator[Cause]:
    kinds: dict[tuple[type[nn.Module], ...], Callable[[Any, Layout], Iterator[Cause]]] = {
        (nn.Conv1d, nn.Conv2d): _of_convolution,
        (nn.MaxPool1d, nn.MaxPool2d): _of_max_pool,
        (nn.AvgPool1d, nn.AvgPool2d): _of_average_pool,
    }
    for types, causes in kinds.items():
        layout = layout_of(module) if isinstance(module, types) else None
        if layout:
            yield from causes(module, layout)


# Convolution


def _convolved(module: Any, layout: Layout, windows: Tensor) -> Tensor:
    W = module.weight.reshape(*module.weight.shape[:2], -1)
    y = torch.einsum("ncijk,fck->nfij", windows, W)
    return layout.as_output(y if module.bias is None else y + module.bias.reshape(-1, 1, 1))


def _of_convolution(_: Any, layout: Layout) -> Iterator[Cause]:
    def last_window(module: Any, x: Tensor) -> Tensor:
        windows = layout.windows(x)
        return _convolved(module, layout, torch.where(layout.is_last_write(x), windows, windows.detach()))

    def last_filter(module: Any, x: Tensor) -> Tensor:
        y = last_window(module, x)
        is_last = torch.arange(y.shape[1]).reshape(-1, *[1] * (y.ndim - 2)) == y.shape[1] - 1
        return torch.where(is_last, y, y.detach())

    def turned(module: Any, x: Tensor) -> Tensor:
        W = module.weight.flip(*range(2, module.weight.ndim))
        convolve = torch.conv2d if layout.is_image else torch.conv1d
        return convolve(x, W, module.bias, module.stride, module.padding)

    if layout.overlaps:
        yield by_forward(OVERWRITTEN, last_window, "dx")
    yield by_forward("later windows and filters overwrite what is there: it must be added, += for =", last_filter, "dx")
    yield by_forward("the kernel is turned by half a turn", turned)


# Max-pooling

Selection = Callable[[Tensor], Tensor]  # of the windows: which of their places are chosen


def _all_ties(windows: Tensor) -> Tensor:
    return windows == windows.amax(-1, keepdim=True)


def _first(windows: Tensor) -> Tensor:
    ties = _all_ties(windows)
    return ties & (ties.cumsum(-1) == 1)


def _last(windows: Tensor) -> Tensor:
    return _first(windows.flip(-1)).flip(-1)


def _over(*axes: int) -> Selection:
    """The maximum of the windows of all channels, say."""
    return lambda windows: windows == windows.amax(axes, keepdim=True)


def _max_pool(layout: Layout, selection: Selection, share: Callable[[Tensor], Tensor] = torch.ones_like) -> Forward:
    """The maxima, whose gradient goes to what is chosen."""

    def forward(_: Any, x: Tensor) -> Tensor:
        windows = layout.windows(x, -torch.inf)
        chosen = selection(windows.detach())
        passed = torch.where(chosen, windows, 0) * share(chosen.to(x.dtype))
        return layout.as_output(passing(windows.amax(-1), passed.sum(-1)))

    return forward


def _overwritten(layout: Layout, selection: Selection, *, only_chosen: bool) -> Forward:
    def forward(module: Any, x: Tensor) -> Tensor:
        chosen = selection(layout.windows(x.detach(), -torch.inf))
        kept = chosen & layout.is_last_write(x, chosen if only_chosen else None)
        return _max_pool(layout, lambda _: kept)(module, x)

    return forward


def _of_max_pool(_: Any, layout: Layout) -> Iterator[Cause]:
    def padded_with_zeros(_: Any, x: Tensor) -> Tensor:
        return layout.as_output(layout.windows(x).amax(-1))

    for selection, only_chosen in product((_first, _all_ties), (False, True)) if layout.overlaps else ():
        yield by_forward(OVERWRITTEN, _overwritten(layout, selection, only_chosen=only_chosen), "dx")
    for says, selected in {
        "of several maxima in a window each gets the whole dout": _all_ties,
        "it goes to where the maximum over all channels is, where each channel has its own": _over(1, -1),
        "it goes to where the maximum over batch and channels is, where each has its own": _over(0, 1, -1),
    }.items():
        yield by_forward(says, _max_pool(layout, selected), "dx")
    for says, selected, share in (
        ("of several maxima in a window the last one gets dout, where PyTorch's is the first", _last, torch.ones_like),
        ("several maxima in a window share dout, where PyTorch gives it to the first", _all_ties, _equal_share),
    ):
        yield by_forward(says, _max_pool(layout, selected, share), "dx", severity=Severity.CONVENTION)
    if any(layout.padding):
        yield by_forward("it is padded with 0, where it must be -infinity", padded_with_zeros)


def _equal_share(chosen: Tensor) -> Tensor:
    return 1 / chosen.sum(-1, keepdim=True)


# Average pooling


def _of_average_pool(module: Any, layout: Layout) -> Iterator[Cause]:
    def last_window(_: Any, x: Tensor) -> Tensor:
        windows = layout.windows(x)
        return layout.as_output(torch.where(layout.is_last_write(x), windows, windows.detach()).mean(-1))

    def added(_: Any, x: Tensor) -> Tensor:
        return layout.as_output(layout.windows(x).sum(-1))

    if layout.overlaps:
        yield by_forward(OVERWRITTEN, last_window, "dx")
    yield by_forward("it is the sum of the window, which must be divided by its size", added)
    if any(layout.padding):
        counts = "is not counted" if module.count_include_pad else "is counted"
        yield changed(f"the padding {counts} in the size of a window", _count_otherwise, severity=Severity.CONVENTION)


def _count_otherwise(module: Any) -> None:
    module.count_include_pad = not module.count_include_pad
