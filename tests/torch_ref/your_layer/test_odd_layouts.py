"""Layers in other layouts than PyTorch's: channels last, features first, one sample at a time."""

from typing import Any

import numpy as np
import pytest
from examining import examined

from torch_ref import candidate, parametrize_with_checks
from torch_ref.your_layer.text import verdict


def windows(x: Any, size: int) -> Any:
    """(N, H, W, C) -> (N, H', W', C, size, size)"""
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))


def conv_forward(x: Any, W: Any, b: Any) -> Any:
    """With a kernel (KH, KW, C, F) and a bias (1, 1, 1, F)."""
    kh, kw, c, _ = W.shape
    if x.shape[3] != c or kh != kw:
        raise ValueError("channels must come last")
    return np.einsum("nijchw,hwcf->nijf", windows(x, kh), W) + b, (x.copy(), W.copy())


def conv_backward(dout: Any, cache: Any) -> Any:
    x, W = cache
    size = len(W)
    padded = np.pad(dout, ((0, 0), (size - 1,) * 2, (size - 1,) * 2, (0, 0)))
    dx = np.einsum("nijfhw,hwcf->nijc", windows(padded, size), W[::-1, ::-1])
    dW = np.einsum("nijchw,nijf->hwcf", windows(x, size), dout)
    return dx, dW, dout.sum(axis=(0, 1, 2)).reshape(1, 1, 1, -1)


def of_first_sample_backward(dout: Any, cache: Any) -> Any:
    dx, dW, db = conv_backward(dout, cache)
    return dx, dW, dout[0].sum(axis=(0, 1)).reshape(db.shape)


class ConvLast:
    """Its kernel is drawn inside, (KH, KW, C, F), with a bias (F,)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        self.W, self.b = np.zeros((2, 2, in_channels, out_channels)), np.zeros(out_channels)

    def forward(self, x: Any) -> Any:
        y, self.cache = conv_forward(x, self.W, self.b)
        return y

    def backward(self, dout: Any) -> Any:
        dx, self.dW, db = conv_backward(dout, self.cache)
        self.db = db.ravel()
        return dx


class AveragePoolLast:
    def forward(self, x: Any) -> Any:
        self.shape = n, h, w, c = x.shape
        return x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c).mean(axis=(2, 4))

    def backward(self, dout: Any) -> Any:
        dx = np.zeros(self.shape, dout.dtype)
        spread = (dout / 4).repeat(2, axis=1).repeat(2, axis=2)
        dx[:, : spread.shape[1], : spread.shape[2]] = spread
        return dx


class OneRow:
    """As in tutorials, x is (1, D), and backward takes its own step."""

    def __init__(self, input_size: int, output_size: int) -> None:
        self.weights, self.bias = np.zeros((input_size, output_size)), np.zeros((1, output_size))

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return x @ self.weights + self.bias

    def backward(self, dout: Any, learning_rate: float) -> Any:
        dx = dout @ self.weights.T
        self.weights -= learning_rate * self.x.T @ dout
        self.bias -= learning_rate * dout
        return dx


class OneRowOfTheSign(OneRow):
    def backward(self, dout: Any, learning_rate: float) -> Any:
        return -super().backward(dout, learning_rate)


class OneColumn:
    """x is (D, 1)."""

    def __init__(self, input_size: int, output_size: int) -> None:
        self.W, self.b = np.zeros((output_size, input_size)), np.zeros((output_size, 1))

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return self.W @ x + self.b

    def backward(self, dout: Any, learning_rate: float) -> Any:
        dx = self.W.T @ dout
        self.W -= learning_rate * dout @ self.x.T
        self.b -= learning_rate * dout
        return dx


FEATURES_FIRST = "features come first: x is (D, N), where PyTorch's is (N, D)"
CHANNELS_LAST = "channels come last: x is (N, H, W, C), where PyTorch's is (N, C, H, W)"
ONE_SAMPLE = "it takes one sample at a time: a batch of one is all that it is tried on"
OWN_STEP = "backward takes its own step: the gradients are read off it"


@pytest.mark.parametrize(
    ("layer", "like", "told"),
    [
        ((conv_forward, conv_backward), "Conv2d(3, 4, 2)", {CHANNELS_LAST}),
        (ConvLast, "Conv2d(3, 4, 2)", {CHANNELS_LAST}),
        (AveragePoolLast, "AvgPool2d(2)", {CHANNELS_LAST}),
        (OneRow, "Linear", {ONE_SAMPLE, OWN_STEP}),
        (OneColumn, "Linear", {ONE_SAMPLE, OWN_STEP, FEATURES_FIRST}),
    ],
)
def test_another_layout_is_a_convention(layer: Any, like: Any, told: set[str]) -> None:
    examination = examined(layer, like, (np.float64,))
    assert examination.ok, [problem.sentence for problem in examination.problems]
    assert {problem.sentence for problem in examination.conventions} == told


@pytest.mark.parametrize(
    ("layer", "like", "says"),
    [
        ((conv_forward, of_first_sample_backward), "Conv2d(3, 4, 2)", "WRONG: db"),
        (OneRowOfTheSign, "Linear", "WRONG: dx"),
    ],
)
def test_a_mistake_is_found_in_another_layout(layer: Any, like: Any, says: str) -> None:
    assert verdict(examined(layer, like, (np.float64,))) == says


def test_in_a_test_suite_it_is_so_too() -> None:
    marked: Any = parametrize_with_checks([candidate(OneRow, "Linear")], [np.float64])
    checks = {param.id: param.values for param in marked.args[1]}
    subject, check = checks["OneRow-W_gradient-float64"]
    assert subject.example(subject.pair.ordinary).inputs["x"].shape == (1, 5)
    check(subject)
