"""Somebody's own convolution and pooling, in the forms in which they are written: compared with the proven pairs."""

from typing import Any

import numpy as np
import pytest
import slipped_images as images
from examining import examined
from torch import nn

from torch_ref import PAIRS, candidate
from torch_ref.your_layer.text import verdict

BASIS = "proven rounding bounds"


def conv_forward_naive(x: Any, w: Any, b: Any, conv_param: Any) -> Any:
    """As in CS231n, with loops over all."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, _, H, W), (F, _, HH, WW) = x.shape, w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride), x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        window = padded[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
        out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x.copy(), w.copy(), b.copy(), conv_param)


def conv_backward_naive(dout: Any, cache: Any) -> Any:
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros_like(b)
    for n, f, i, j in np.ndindex(dout.shape):
        at = np.s_[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
        db[f] += dout[n, f, i, j]
        dw[f] += padded[at] * dout[n, f, i, j]
        dx[at] += w[f] * dout[n, f, i, j]
    return dx[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw, db


def without_stride_backward(dout: Any, cache: Any) -> Any:
    x, w, b, conv_param = cache
    dx, _, db = conv_backward_naive(dout, (x, w, b, {"stride": 1, "pad": conv_param["pad"]}))
    return dx, conv_backward_naive(dout, cache)[1], db


class MaxPool:
    """As in Saito's book, on windows as the rows of a matrix; for windows that do not overlap."""

    def __init__(self, pool_h: int, pool_w: int, stride: int = 1, pad: int = 0) -> None:
        self.size, self.stride, self.pad = (pool_h, pool_w), stride, pad

    def rows(self, x: Any) -> Any:
        windows = np.lib.stride_tricks.sliding_window_view(x, self.size, axis=(2, 3))
        windows = windows[:, :, :: self.stride, :: self.stride]
        return windows.reshape(*windows.shape[:4], -1)

    def forward(self, x: Any) -> Any:
        rows = self.rows(x)
        self.shape, self.arg_max = x.shape, rows.argmax(axis=-1)
        return rows.max(axis=-1)

    def backward(self, dout: Any) -> Any:
        dx = np.zeros(self.shape, dout.dtype)
        for n, c, i, j in np.ndindex(dout.shape):
            row, column = divmod(self.arg_max[n, c, i, j], self.size[1])
            dx[n, c, i * self.stride + row, j * self.stride + column] += dout[n, c, i, j]
        return dx


class Flat:
    def forward(self, x: Any) -> Any:
        self.shape = x.shape
        return x.reshape(x.shape[0], -1)

    def backward(self, dout: Any) -> Any:
        return dout.reshape(self.shape)


@pytest.mark.parametrize(
    ("layer", "like"),
    [
        ((conv_forward_naive, conv_backward_naive), "Conv2d(2, 3, 3, stride=2, padding=1)"),
        ((conv_forward_naive, conv_backward_naive), "Conv2d(3, 2, (1, 2))"),
        (images.Conv, "Conv2d(2, 3, 3)"),
        (MaxPool, "MaxPool2d(2)"),
        (MaxPool, "MaxPool2d(3, stride=2)"),
        (Flat, "Flatten"),
        (Flat, "Flatten()"),
    ],
)
def test_a_right_one_is_right_by_proven_bounds(layer: Any, like: str) -> None:
    found = examined(layer, like, (np.float32, np.float64))
    assert verdict(found) == "right", [one.sentence for one in found.problems]
    assert found.basis == BASIS


@pytest.mark.parametrize(
    ("layer", "like", "says"),
    [
        (
            (conv_forward_naive, without_stride_backward), "Conv2d(2, 3, 2, stride=2)",
            "dx: the stride is left out: windows are taken to be one step apart",
        ),
        (images.ConvOverwrites, "Conv2d(3, 4, 3)", "dx: where windows overlap, a later one overwrites what is there"),
        (images.MaxPoolAllTies, "MaxPool2d(3)", "dx: of several maxima in a window each gets the whole dout"),
    ],
)  # fmt: skip
def test_a_wrong_one_is_named(layer: Any, like: str, says: str) -> None:
    found = examined(layer, like, (np.float64,))
    assert verdict(found) == "WRONG: dx"
    assert found.basis == BASIS
    assert [one.sentence[: len(says)] for one in found.problems] == [says]


@pytest.mark.parametrize(
    "module",
    [nn.Conv2d(2, 3, 2, bias=False), nn.Conv2d(2, 4, 2, groups=2), nn.Conv2d(2, 3, 2, padding="same"),
     nn.MaxPool2d(2, ceil_mode=True), nn.AvgPool2d(2, count_include_pad=False), nn.Flatten(2)],
)  # fmt: skip
def test_another_kind_of_module_is_not_the_pairs(module: Any) -> None:
    pair = PAIRS[PAIR_OF[type(module)]]
    assert pair.like is not None
    assert pair.like(module, (), pair.ordinary) is None


PAIR_OF: dict[Any, str] = {
    nn.Conv2d: "conv2d", nn.MaxPool2d: "max_pool2d", nn.AvgPool2d: "avg_pool2d", nn.Flatten: "flatten"
}  # fmt: skip


def test_beside_another_kind_the_bounds_are_measured_and_the_pairs_causes_are_left_out() -> None:
    pair = candidate(MaxPool, nn.MaxPool2d(2, ceil_mode=True)).pair
    assert not pair.is_proven
    assert not pair.causes


def test_the_twin_says_the_options_and_the_user_the_images() -> None:
    pair = candidate(images.Conv, nn.Conv2d(2, 3, 3), shape=(2, 4, 8)).pair
    assert pair.is_proven
    assert {tuple(one.settings["sample"]) for one in pair.data_sets} == {(2, 4, 8)}
    assert {one.settings["size"] for one in pair.data_sets} == {(3, 3)}
    large = candidate(images.Conv, nn.Conv2d(2, 3, 9)).pair
    assert {tuple(one.settings["sample"]) for one in large.data_sets} == {(2, 10, 10)}
