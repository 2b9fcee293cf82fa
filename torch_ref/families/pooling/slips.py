"""Slips in poolings and their gradients."""

from typing import Any

import numpy as np

from numpy_impl import AvgPool2d, MaxPool2d
from numpy_impl.layers.convolution import output_sizes, places
from numpy_impl.validation import Array
from torch_ref.slip import slip


class Looped(MaxPool2d):
    """Its dx put together window by window, as in most code written by hand, with the padding cut off at the end."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        x, (PH, PW), (KH, KW), (SH, SW) = cache[0], self.padding, self.size, self.stride
        around = ((0, 0), (0, 0), (PH, PH), (PW, PW))
        inside = np.pad(x, around, constant_values=-np.inf)
        dx = np.zeros_like(inside)
        for o, p in np.ndindex(*dout.shape[2:]):
            at = np.s_[:, :, o * SH : o * SH + KH, p * SW : p * SW + KW]
            self.put(dx[at], self.chosen(inside[at]), dout[:, :, o : o + 1, p : p + 1])
        return self.cut(dx, x.shape), {}

    def chosen(self, window: Array) -> Any:
        """The first maximum of each."""
        flat = window.real.reshape(*window.shape[:2], -1)
        return (np.arange(flat.shape[-1]) == flat.argmax(-1)[..., np.newaxis]).reshape(window.shape)

    def put(self, window: Array, chosen: Any, dout: Array) -> None:
        window += np.where(chosen, dout, 0)

    def cut(self, dx: Array, shape: Any) -> Array:
        (PH, PW), (H, W) = self.padding, shape[2:]
        return dx[:, :, PH : PH + H, PW : PW + W]


def is_maximum(window: Array) -> Any:
    return window == window.max(axis=(2, 3), keepdims=True)


@slip("max_pool2d", cause="of several maxima in a window each gets the whole dout")
class AllTies(Looped):
    """Of several maxima in a window each gets dout: the mask is x == y."""

    def chosen(self, window: Array) -> Any:
        return is_maximum(window)


@slip("max_pool2d", cause="of several maxima in a window the last one gets dout")
class LastTie(Looped):
    """Of several maxima in a window the last one gets dout."""

    def chosen(self, window: Array) -> Any:
        return super().chosen(window[:, :, ::-1, ::-1])[:, :, ::-1, ::-1]


@slip("max_pool2d", cause="several maxima in a window share dout")
class SharedTies(Looped):
    """Several maxima in a window share dout."""

    def put(self, window: Array, chosen: Any, dout: Array) -> None:
        window += np.where(chosen, dout / chosen.sum(axis=(2, 3), keepdims=True).astype(dout.dtype), 0)

    def chosen(self, window: Array) -> Any:
        return is_maximum(window)


@slip("max_pool2d", cause="a later one overwrites what is there")
class WindowsOverwrite(Looped):
    """dx of a window is set, not added, where windows overlap."""

    def put(self, window: Array, chosen: Any, dout: Array) -> None:
        window[...] = np.where(chosen, dout, 0)


@slip("max_pool2d", cause="a later one overwrites what is there")
class MaximaOverwrite(Looped):
    """dx of a maximum is set, not added, where windows overlap."""

    def put(self, window: Array, chosen: Any, dout: Array) -> None:
        window[...] = np.where(chosen, dout, window)


@slip("max_pool2d", cause="only the first one's is there")
class FirstWindowOnly(Looped):
    """A place that is the maximum of several windows gets dout of the first alone."""

    def put(self, window: Array, chosen: Any, dout: Array) -> None:
        window[...] = np.where(chosen & (window == 0), dout, window)


@slip("max_pool2d", cause="it is padded with 0, where it must be -infinity")
class PaddedWithZeros(MaxPool2d):
    """y of a window in the padding is 0 at least."""

    def _forward(self, x: Array) -> Any:
        y, cache = super()._forward(x)
        inside = np.zeros(y.shape[2:], int)
        for windows, _ in places(x.shape[2:], self.size, self.stride, self.padding):
            inside[windows] += 1
        reaches_out = inside < self.size[0] * self.size[1]
        return np.where(reaches_out & (y.real < 0), 0, y), cache


@slip("max_pool2d", cause="the padding is not cut off")
class PaddingKept(Looped):
    """dx has the shape of the padded images."""

    def cut(self, dx: Array, _shape: Any) -> Array:
        return dx


@slip("max_pool2d", cause="the padding is cut off behind alone")
class PaddingCutBehind(Looped):
    """dx begins with the padding."""

    def cut(self, dx: Array, shape: Any) -> Array:
        return dx[:, :, : shape[2], : shape[3]]


@slip("max_pool2d", cause="rows or columns that are left over after the last window are lost")
class RestLost(Looped):
    """dx ends where the last window does."""

    def cut(self, dx: Array, shape: Any) -> Array:
        windows = output_sizes(shape[2:], self.size, self.stride, self.padding)
        ends = zip(windows, self.stride, self.size, self.padding, strict=True)
        rows, columns = ((count - 1) * s + k - p for count, s, k, p in ends)
        return super().cut(dx, shape)[:, :, :rows, :columns]


@slip("max_pool2d")
class RestRefused(MaxPool2d):
    """Images that are not a whole number of windows are refused."""

    def _forward(self, x: Array) -> Any:
        for n, k, s, p in zip(x.shape[2:], self.size, self.stride, self.padding, strict=True):
            if (n + 2 * p - k) % s:
                raise ValueError(f"{type(self).__name__}: images must be a whole number of windows, got {n}")
        return super()._forward(x)


@slip("max_pool2d", cause="the maximum over all channels")
class OverAllChannels(Looped):
    """dout goes to where the maximum over all channels is."""

    def chosen(self, window: Array) -> Any:
        return window == window.max(axis=(1, 2, 3), keepdims=True)


@slip("max_pool2d", cause="every entry of a window gets dout")
class Spread(Looped):
    """Every entry of a window gets dout, as in upsampling."""

    def chosen(self, _window: Array) -> Any:
        return True


@slip("avg_pool2d", cause="it is the sum of the window")
class Sum(AvgPool2d):
    """y is the sum of a window."""

    def _forward(self, x: Array) -> Any:
        y, shape = super()._forward(x)
        return y * (self.size[0] * self.size[1]), shape


@slip("avg_pool2d", cause="dout is not divided by the size of a window")
class NotDivided(AvgPool2d):
    """Each entry of a window gets the whole dout."""

    def _backward(self, dout: Array, shape: Any) -> Any:
        return super()._backward(dout * (self.size[0] * self.size[1]), shape)


@slip("avg_pool2d", cause="the padding is not counted in the size of a window")
class PaddingNotCounted(AvgPool2d):
    """y is the mean of what is no padding."""

    def _forward(self, x: Array) -> Any:
        y, shape = super()._forward(x)
        inside, _ = super()._forward(np.ones_like(x))
        return y / inside, shape


@slip("avg_pool2d", cause="a later one overwrites what is there")
class AverageOverwrites(AvgPool2d):
    """dx of a window is set, not added, where windows overlap."""

    def _backward(self, dout: Array, shape: Any) -> Any:
        (PH, PW), (KH, KW), (SH, SW), (H, W) = self.padding, self.size, self.stride, shape[2:]
        dx = np.zeros((*shape[:2], H + 2 * PH, W + 2 * PW), dout.dtype)
        for o, p in np.ndindex(*dout.shape[2:]):
            dx[:, :, o * SH : o * SH + KH, p * SW : p * SW + KW] = dout[:, :, o : o + 1, p : p + 1] / (KH * KW)
        return dx[:, :, PH : PH + H, PW : PW + W], {}


@slip("avg_pool2d", cause="the stride is left out")
class AverageWithoutStride(AvgPool2d):
    """dx as if windows were one step apart."""

    def _backward(self, dout: Array, shape: Any) -> Any:
        (PH, PW), (KH, KW), (H, W) = self.padding, self.size, shape[2:]
        dx = np.zeros((*shape[:2], H + 2 * PH, W + 2 * PW), dout.dtype)
        for o, p in np.ndindex(*dout.shape[2:]):
            dx[:, :, o : o + KH, p : p + KW] += dout[:, :, o : o + 1, p : p + 1] / (KH * KW)
        return dx[:, :, PH : PH + H, PW : PW + W], {}


@slip("avg_pool2d", cause="dout goes to the maximum alone")
class AsAMaximum(AvgPool2d):
    """dx is that of max-pooling."""

    def _forward(self, x: Array) -> Any:
        _, cache = MaxPool2d(self.size, stride=self.stride, padding=self.padding)._forward(x)
        return super()._forward(x)[0], cache

    def _backward(self, dout: Array, cache: Any) -> Any:
        return MaxPool2d(self.size, stride=self.stride, padding=self.padding)._backward(dout, cache)
