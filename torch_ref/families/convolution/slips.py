"""Slips in a convolution and its gradients."""

from typing import Any

import numpy as np

from numpy_impl import Conv2d
from numpy_impl.layers.affine import column_sums
from numpy_impl.layers.convolution import columns_of, output_sizes, padded, patches, places, rows
from numpy_impl.validation import Array
from torch_ref.slip import slip


class Looped(Conv2d):
    """Its dx put together window by window, as in most code written by hand, with the padding cut off at the end."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        shape, (KH, KW), (SH, SW) = cache[1], self.W.shape[2:], self.stride
        dx = padded(np.zeros(shape, dout.dtype), self.padding)
        for o, p in np.ndindex(*dout.shape[2:]):
            self.put(dx[:, :, o * SH : o * SH + KH, p * SW : p * SW + KW], dout[:, :, o, p])
        return self.cut(dx, shape), self._gradients(dout, cache)

    def put(self, window: Array, dout: Array) -> None:
        window += np.tensordot(dout, self.W, 1)

    def cut(self, dx: Array, shape: Any) -> Array:
        (PH, PW), (H, W) = self.padding, shape[2:]
        return dx[:, :, PH : PH + H, PW : PW + W]


@slip("conv2d", cause="a later one overwrites what is there")
class WindowsOverwrite(Looped):
    """dx of a window is set, not added, where windows overlap."""

    def put(self, window: Array, dout: Array) -> None:
        window[...] = np.tensordot(dout, self.W, 1)


@slip("conv2d", cause="later windows and filters overwrite what is there")
class FiltersOverwrite(Looped):
    """dx of a window is set by each filter, not added."""

    def put(self, window: Array, dout: Array) -> None:
        window[...] = dout[:, -1, np.newaxis, np.newaxis, np.newaxis] * self.W[-1]


@slip("conv2d", cause="the padding is not cut off")
class PaddingKept(Looped):
    """dx has the shape of the padded images."""

    def cut(self, dx: Array, _shape: Any) -> Array:
        return dx


@slip("conv2d", cause="the padding is cut off behind alone")
class PaddingCutBehind(Looped):
    """dx begins with the padding."""

    def cut(self, dx: Array, shape: Any) -> Array:
        return dx[:, :, : shape[2], : shape[3]]


@slip("conv2d", cause="rows or columns that are left over after the last window are lost")
class RestLost(Looped):
    """dx ends where the last window does."""

    def cut(self, dx: Array, shape: Any) -> Array:
        windows = output_sizes(shape[2:], self.W.shape[2:], self.stride, self.padding)
        ends = zip(windows, self.stride, self.W.shape[2:], self.padding, shape[2:], strict=True)
        rows, columns = (min(n, (count - 1) * s + k - p) for count, s, k, p, n in ends)
        return super().cut(dx, shape)[:, :, :rows, :columns]


@slip("conv2d", cause="the stride is left out")
class DxWithoutStride(Looped):
    """dx as if windows were one step apart."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        shape, (KH, KW) = cache[1], self.W.shape[2:]
        dx = padded(np.zeros(shape, dout.dtype), self.padding)
        for o, p in np.ndindex(*dout.shape[2:]):
            self.put(dx[:, :, o : o + KH, p : p + KW], dout[:, :, o, p])
        return self.cut(dx, shape), self._gradients(dout, cache)


@slip("conv2d", cause="the kernel is turned by half a turn")
class KernelFlipped(Conv2d):
    """y is a convolution as mathematicians define it, with the kernel flipped."""

    def _forward(self, x: Array) -> Any:
        y, cache = super()._forward(x)
        flipped = rows(self.W[:, :, ::-1, ::-1]) @ cache[0] + self.b[:, np.newaxis]
        return flipped.reshape(y.shape), cache


@slip("conv2d", cause="the kernel is turned by half a turn")
class DxNotFlipped(Looped):
    """dx is taken as the correlation of the padded dout with W, which must be flipped for that."""

    def put(self, window: Array, dout: Array) -> None:
        window += np.tensordot(dout, self.W[:, :, ::-1, ::-1], 1)


@slip("conv2d", cause="its last two axes run backwards")
class DWFlipped(Conv2d):
    """dW runs backwards in both axes of the kernel."""

    def _gradients(self, dout: Array, cache: Any) -> Any:
        grads = super()._gradients(dout, cache)
        return grads | {"W": grads["W"][:, :, ::-1, ::-1]}


@slip("conv2d", cause="channels and filters are exchanged")
class DxExchanged(Looped):
    """dx takes channels for filters, where there are as many."""

    def put(self, window: Array, dout: Array) -> None:
        F, C = self.W.shape[:2]
        window += np.tensordot(dout, self.W.transpose(1, 0, 2, 3) if F == C else self.W, 1)


@slip("conv2d", cause="channels and filters are exchanged")
class DWExchanged(Conv2d):
    """dW comes as (C, F, KH, KW)."""

    def _gradients(self, dout: Array, cache: Any) -> Any:
        grads = super()._gradients(dout, cache)
        return grads | {"W": grads["W"].transpose(1, 0, 2, 3)}


@slip("conv2d", cause="summed over all axes but the first")
class DbOverTheWrongAxes(Conv2d):
    """db is a sum over filters and places, for each sample."""

    def _gradients(self, dout: Array, cache: Any) -> Any:
        return super()._gradients(dout, cache) | {"b": dout.sum(axis=(1, 2, 3))}


@slip("conv2d", cause="summed over its first axis alone")
class DbOfEachPlace(Conv2d):
    """db is summed over the batch, and not over places."""

    def _gradients(self, dout: Array, cache: Any) -> Any:
        return super()._gradients(dout, cache) | {"b": dout.sum(axis=0)}


@slip("conv2d", cause="summed over its places alone, and not over the batch")
class DbOfEachSample(Conv2d):
    """db is summed over places, and not over the batch."""

    def _gradients(self, dout: Array, cache: Any) -> Any:
        return super()._gradients(dout, cache) | {"b": dout.sum(axis=(2, 3))}


@slip("conv2d", cause="divided by the number of windows, once too often")
class DbMeanOverPlaces(Conv2d):
    """db is the mean over places."""

    def _gradients(self, dout: Array, cache: Any) -> Any:
        return super()._gradients(dout, cache) | {"b": column_sums(dout.mean(axis=(2, 3)))}


@slip("conv2d", cause="divided by the length of the batch, once too often")
class DWMean(Conv2d):
    """dW is the mean over the batch."""

    def _gradients(self, dout: Array, cache: Any) -> Any:
        dW = (columns_of(dout) @ cache[0].transpose(0, 2, 1)).mean(axis=0)
        return super()._gradients(dout, cache) | {"W": dW.reshape(self.W.shape)}


@slip("conv2d", cause="it is that of the last window alone")
class DWOfTheLastWindow(Conv2d):
    """dW is set by each window, not added."""

    def _gradients(self, dout: Array, cache: Any) -> Any:
        dW = np.tensordot(columns_of(dout)[..., -1], cache[0][..., -1], (0, 0))
        return super()._gradients(dout, cache) | {"W": dW.reshape(self.W.shape)}


@slip("conv2d", cause="the stride is left out")
class DWWithoutStride(Conv2d):
    """dW by windows that are one step apart."""

    def _forward(self, x: Array) -> Any:
        y, (_, shape) = super()._forward(x)
        return y, (padded(x, self.padding), shape)

    def _gradients(self, dout: Array, cache: Any) -> Any:
        (OH, OW), (KH, KW), (x, shape) = dout.shape[2:], self.W.shape[2:], cache
        columns = patches(x[:, :, : OH + KH - 1, : OW + KW - 1], (KH, KW), (1, 1))
        return super()._gradients(dout, (columns, shape))


@slip("conv2d", cause="b is left out")
class BiasForgotten(Conv2d):
    """y = W ⋆ x."""

    def _forward(self, x: Array) -> Any:
        y, cache = super()._forward(x)
        return (rows(self.W) @ cache[0]).reshape(y.shape), cache


@slip("conv2d", cause="the padding is left out")
class PaddingForgotten(Conv2d):
    """y of the images as they are, where the kernel fits."""

    def _forward(self, x: Array) -> Any:
        y, cache = super()._forward(x)
        windows = output_sizes(x.shape[2:], self.W.shape[2:], self.stride, (0, 0))
        if min(windows) < 1:
            return y, cache
        columns = patches(x, self.W.shape[2:], self.stride)
        smaller = rows(self.W) @ columns + self.b[:, np.newaxis]
        return smaller.reshape(*y.shape[:2], *windows), cache

    def _check_dout(self, dout: Any, *_: Any) -> None:
        """That of the right y."""


@slip("conv2d")
class OffByOne(Conv2d):
    """The last window of each row is left out of dx."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        dout = np.where(np.arange(dout.shape[-1]) < dout.shape[-1] - 1, dout, 0)
        dx = np.zeros(cache[1], dout.dtype)
        _, C, KH, KW = self.W.shape
        dpatches = (rows(self.W).T @ columns_of(dout)).reshape(len(dout), C, KH * KW, *dout.shape[2:])
        for k, (windows, entries) in enumerate(places(cache[1][2:], (KH, KW), self.stride, self.padding)):
            dx[entries] += dpatches[:, :, k][windows]
        return dx, self._gradients(dout, cache)
