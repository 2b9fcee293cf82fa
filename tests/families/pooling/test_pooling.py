"""Pooling beyond its pairs: each formula of pooling.md by its name, ties, padding, NaN, refusals."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from numpy_impl import AvgPool2d, MaxPool2d
from numpy_impl.layers.convolution import output_sizes
from numpy_impl.validation import Array
from torch_ref import autograd, backprop, twin

NAN, INF = np.nan, np.inf


def image(*rows: list[float]) -> Array:
    return np.array([[rows]], float)


def backward(layer: Any, x: Array, dout: Array) -> Array:
    layer.forward(x)
    return layer.backward(dout)


def test_dx_of_a_maximum_is_dout_where_it_was() -> None:
    x = image([1, 7, 2, 0], [3, 4, 9, 8])
    np.testing.assert_array_equal(MaxPool2d(2).forward(x), image([7, 9]))
    np.testing.assert_array_equal(backward(MaxPool2d(2), x, image([5, 6.0])), image([0, 5, 0, 0], [0, 0, 6, 0]))


def test_of_several_maxima_the_first_gets_all() -> None:
    x = image([1, 2, 2], [2, 2, 1])
    np.testing.assert_array_equal(backward(MaxPool2d((2, 3)), x, image([5.0])), image([0, 5, 0], [0, 0, 0]))


def test_where_windows_overlap_a_maximum_gets_the_sum() -> None:
    x = image([1, 9, 1, 2])
    dx = backward(MaxPool2d((1, 2), stride=1), x, image([3.0, 4, 5]))
    np.testing.assert_array_equal(dx, image([0, 7, 0, 5]))


def test_padding_is_never_the_maximum() -> None:
    x = image([-1, -2], [-3, -4])
    np.testing.assert_array_equal(MaxPool2d(2, padding=1).forward(x), x)
    nothing = np.full((1, 1, 2, 2), -INF)  # as little as the padding, and yet it is what was chosen
    np.testing.assert_array_equal(backward(MaxPool2d(2, padding=1), nothing, x), x)


def test_dx_of_an_average_is_an_equal_share_for_each() -> None:
    dx = backward(AvgPool2d(2, stride=(2, 1)), np.zeros((1, 1, 2, 3)), image([4, 8.0]))
    np.testing.assert_array_equal(dx, image([1, 3, 2], [1, 3, 2]))


def test_the_padding_counts_in_an_average() -> None:
    np.testing.assert_array_equal(AvgPool2d(2, padding=1).forward(image([4, 8.0])), image([1, 2]))


@pytest.mark.parametrize("layer", [MaxPool2d(2), AvgPool2d(2)])
def test_what_is_left_over_has_a_gradient_of_0(layer: Any) -> None:
    dx = backward(layer, np.ones((1, 1, 3, 5)), np.ones((1, 1, 1, 2)))
    assert dx.shape == (1, 1, 3, 5)
    assert not dx[..., 2:, :].any()
    assert not dx[..., 4:].any()
    assert dx[..., :2, :4].any()


# Windows of NaN, of one and of several, of -inf, of both zeros.
ODD = [[1, NAN, NAN, 2], [NAN, 1, 3, 5], [-INF] * 4, [NAN] * 4, [INF, 2, INF, 1], [0.0, -0.0, -0.0, -1]]


@pytest.mark.parametrize("window", ODD)
@pytest.mark.parametrize("given", [2, {"kernel_size": 3, "stride": 1, "padding": 1}])
def test_nan_and_infinity_are_as_in_pytorch(window: list[float], given: Any) -> None:
    options = {"size": given, "stride": None, "padding": 0} if isinstance(given, int) else {"size": 3, **given}
    layer = MaxPool2d(options["size"], stride=options["stride"], padding=options["padding"])
    x = np.array(window).reshape(1, 1, 2, 2)
    module = nn.MaxPool2d(given) if isinstance(given, int) else nn.MaxPool2d(**given)
    tensor = torch.tensor(x, requires_grad=True)
    theirs = module(tensor)
    theirs.backward(torch.tensor(np.arange(1.0, theirs.numel() + 1)).reshape(theirs.shape))
    y = layer.forward(x)
    np.testing.assert_array_equal(y, theirs.detach().numpy(), strict=True)
    dx = layer.backward(np.arange(1.0, y.size + 1).reshape(y.shape))
    np.testing.assert_array_equal(dx, np.asarray(tensor.grad), strict=True)


def test_an_infinite_dout_is_selected() -> None:
    dx = backward(MaxPool2d((1, 2)), image([1.0, 2]), image([INF]))
    np.testing.assert_array_equal(dx, image([0, INF]))


def test_the_real_part_decides() -> None:
    x = image([1, 1, 0]) + 1j * image([1, 9, 99])
    layer = MaxPool2d((1, 3))
    np.testing.assert_array_equal(layer.forward(x), [[[[1 + 1j]]]], strict=True)
    np.testing.assert_array_equal(layer.backward(np.array([[[[2j]]]])), [[[[2j, 0, 0]]]], strict=True)
    x[..., 1] = NAN
    assert np.isnan(layer.forward(x)).all()


geometry = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(0, 2), st.integers(0, 4))  # along one axis


@settings(max_examples=60, deadline=None)
@given(cls=st.sampled_from([MaxPool2d, AvgPool2d]), rows=geometry, columns=geometry, seed=st.integers(0, 1000))
def test_any_options_are_as_in_pytorch(cls: Any, rows: Any, columns: Any, seed: int) -> None:
    """Of whole numbers of shares, of which nothing rounds; many of them alike."""
    (KH, SH, PH, more), (KW, SW, PW, wider) = rows, columns
    padding = min(PH, KH // 2), min(PW, KW // 2)
    rng = np.random.default_rng(seed)
    image = max(KH - 2 * padding[0], 1) + more, max(KW - 2 * padding[1], 1) + wider
    x = KH * KW * rng.integers(-2, 2, (2, 3, *image)).astype(float)
    layer = cls((KH, KW), stride=(SH, SW), padding=padding)
    dout = KH * KW * rng.integers(-3, 4, (2, 3, *output_sizes(image, (KH, KW), (SH, SW), padding))).astype(float)
    theirs = autograd(twin(layer, np.float64), x, dout=dout, names={})
    for name, value in backprop(layer, x, dout=dout).items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name, strict=True)


@pytest.mark.parametrize("cls", [MaxPool2d, AvgPool2d])
def test_an_empty_batch_gives_empty_results(cls: Any) -> None:
    layer = cls(2)
    y = layer.forward(np.empty((0, 3, 4, 5), np.float32))
    assert (y.shape, y.dtype) == ((0, 3, 2, 2), np.float32)
    assert layer.backward(y).shape == (0, 3, 4, 5)


@pytest.mark.parametrize("cls", [MaxPool2d, AvgPool2d])
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda cls: cls(0), ValueError, "size must be 1 or more, got 0"),
        (lambda cls: cls(None), TypeError, "size must be an integer or a pair of them, got None"),
        (lambda cls: cls(2, stride=(2, 0)), ValueError, r"stride must be 1 or more, got \(2, 0\)"),
        (lambda cls: cls(2, padding=-1), ValueError, "padding must be 0 or more, got -1"),
        (
            lambda cls: cls(3, padding=2), ValueError,
            r"padding must be at most half of the window \(3, 3\), got \(2, 2\)",
        ),
        (
            lambda cls: cls(3).forward(np.ones((1, 1, 3, 2))), ValueError,
            r"images must, once padded, be no smaller than the window \(3, 3\), got \(3, 2\)",
        ),
        (
            lambda cls: cls(2).forward(np.ones((1, 4, 4))), ValueError,
            r"x must be images \(N, C, H, W\), none of C, H, W 0, got shape \(1, 4, 4\)",
        ),
        (lambda cls: cls(2, padding=1).forward(np.ones((1, 1, 0, 4))), ValueError, r"x must be .*\(1, 1, 0, 4\)"),
    ],
)  # fmt: skip
def test_what_is_refused(cls: Any, call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{cls.__name__}: {message}$"):
        call(cls)


def test_the_stride_is_the_size_unless_it_is_given() -> None:
    assert MaxPool2d((3, 2)).stride == (3, 2)
    assert AvgPool2d(3, stride=1).stride == (1, 1)
