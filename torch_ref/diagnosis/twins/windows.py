"""The windows of a convolution or a pooling, one axis each: what is written where, and in which order."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class Layout(NamedTuple):
    """Of windows over images; a sequence is an image of one row."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    is_image: bool

    @property
    def overlaps(self) -> bool:
        return any(stride < size for size, stride in zip(self.size, self.stride, strict=True))

    def windows(self, x: Tensor, fill: float = 0.0) -> Tensor:
        """(N, C, OH, OW, KH KW)"""
        (KH, KW), (SH, SW), (PH, PW) = self.size, self.stride, self.padding
        images = x if self.is_image else x.unsqueeze(2)
        found = functional.pad(images, (PW, PW, PH, PH), value=fill).unfold(2, KH, SH).unfold(3, KW, SW)
        return found.reshape(*found.shape[:4], KH * KW)

    def as_output(self, y: Tensor) -> Tensor:
        return y if self.is_image else y.squeeze(2)

    def is_last_write(self, x: Tensor, written: Tensor | None = None) -> Tensor:
        """Where in a window what it writes to x is written last; it writes where `written`, or everywhere."""
        (PH, PW) = self.padding
        images = functional.pad(x if self.is_image else x.unsqueeze(2), (PW, PW, PH, PH))
        numbered = torch.arange(images.numel(), dtype=torch.float64).reshape(images.shape)
        place = self._replace(padding=(0, 0), is_image=True).windows(numbered).long()
        order = torch.arange(place[0, 0, ..., 0].numel()).reshape(*place.shape[2:4], 1).expand(place.shape)
        order = order if written is None else torch.where(written, order, -1)
        last = torch.full((images.numel(),), -1).scatter_reduce(0, place.flatten(), order.flatten(), "amax")
        return (order >= 0) & (order == last[place])


def layout_of(module: Any) -> Layout | None:
    """None where it is another than the plain one: dilated, in groups, rounded up."""
    is_image = type(module).__name__.endswith("2d")

    def pair(value: Any, of_one_row: int) -> tuple[int, int]:
        if is_image:
            return (value, value) if isinstance(value, int) else tuple(value)
        return of_one_row, value if isinstance(value, int) else value[0]

    plain = {"dilation": 1, "groups": 1, "ceil_mode": False, "padding_mode": "zeros", "divisor_override": None}
    for name, value in plain.items():
        own = getattr(module, name, value)
        if own != value and own != (value, value) and own != (value,):
            return None
    if isinstance(module.padding, str):
        return None
    return Layout(pair(module.kernel_size, 1), pair(module.stride, 1), pair(module.padding, 0), is_image)
