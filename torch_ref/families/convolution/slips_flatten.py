"""Slips in Flatten."""

from typing import Any

import numpy as np

from numpy_impl import Flatten
from numpy_impl.validation import Array
from torch_ref.slip import slip


@slip("flatten", cause="its shape is changed in Fortran's order")
class DxInAnotherOrder(Flatten):
    """dx has its entries in Fortran's order."""

    def _backward(self, dout: Array, shape: Any) -> Any:
        return dout.reshape(shape, order="F"), {}


@slip("flatten")
class ChannelsLast(Flatten):
    """y has the channels of a pixel side by side, as they lie in an image of (N, H, W, C)."""

    def _forward(self, x: Array) -> Any:
        return np.moveaxis(x, 1, -1).reshape(len(x), -1), x.shape


@slip("flatten", cause="its shape is changed in Fortran's order")
class YInAnotherOrder(Flatten):
    """y has its entries in Fortran's order."""

    def _forward(self, x: Array) -> Any:
        return x.reshape(len(x), -1, order="F"), x.shape


@slip("flatten")
class DxLeftFlat(Flatten):
    """dx is dout as it is, in two axes."""

    def _backward(self, dout: Array, _shape: Any) -> Any:
        return dout, {}
