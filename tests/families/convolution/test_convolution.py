"""Convolution beyond its pair: each formula of convolution.md by its name, options, refusals.

The data are small integers, of which nothing rounds: equal means equal.
"""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jacobians import jacobian
from torch.nn import functional

from numpy_impl import Affine, Conv2d, Flatten, Network, SoftmaxWithLoss
from numpy_impl.layers.convolution import output_sizes, patches, places
from numpy_impl.validation import Array
from torch_ref import autograd, backprop, twin, verify


def integers(*shape: int) -> Array:
    """Uneven, of both signs, without 0."""
    return np.random.default_rng(sum(shape)).choice([-3.0, -2.0, -1.0, 1.0, 2.0, 5.0], shape)


N, C, H, W, F, KH, KW = 2, 3, 6, 5, 4, 3, 2
X, KERNEL, BIAS = integers(N, C, H, W), integers(F, C, KH, KW), integers(F)


def test_the_figures_of_the_derivation() -> None:
    x = np.arange(1.0, 13).reshape(1, 1, 3, 4)
    found = patches(x, (2, 2), (1, 1))
    np.testing.assert_array_equal(
        found[0], [[1, 2, 3, 5, 6, 7], [2, 3, 4, 6, 7, 8], [5, 6, 7, 9, 10, 11], [6, 7, 8, 10, 11, 12]]
    )
    layer = Conv2d(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.zeros(1))
    np.testing.assert_array_equal(layer.forward(x), [[[[44, 54, 64], [84, 94, 104]]]])
    dx = layer.backward(np.array([[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]]))
    np.testing.assert_array_equal(dx, [[[[1, 2, 0, 0], [3, 5, 2, 0], [0, 3, 4, 0]]]])
    np.testing.assert_array_equal(layer.dW, [[[[7, 9], [15, 17]]]])


@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (3, 2)])
def test_each_patch_is_a_window_laid_out_as_a_column(stride: tuple[int, int]) -> None:
    unfolded = functional.unfold(torch.tensor(X), (KH, KW), stride=stride).numpy()
    np.testing.assert_array_equal(patches(X, (KH, KW), stride), unfolded, strict=True)


def test_y_is_the_kernel_times_the_patches() -> None:
    y = Conv2d(KERNEL, BIAS, stride=(2, 1)).forward(X)
    assert y.shape == (N, F, 2, 4)
    for n, f, o, p in np.ndindex(y.shape):
        window = X[n, :, 2 * o : 2 * o + KH, p : p + KW]
        assert y[n, f, o, p] == np.sum(window * KERNEL[f]) + BIAS[f]


def test_dW_is_dout_times_the_patches_transposed() -> None:
    layer = Conv2d(KERNEL, BIAS)
    dout = integers(*layer.forward(X).shape)
    layer.backward(dout)
    for f, c, i, j in np.ndindex(KERNEL.shape):
        assert layer.dW[f, c, i, j] == np.sum(dout[:, f] * X[:, c, i : i + 4, j : j + 4])


def test_db_is_the_sum_over_samples_and_windows() -> None:
    layer = Conv2d(KERNEL, BIAS)
    dout = integers(*layer.forward(X).shape)
    layer.backward(dout)
    np.testing.assert_array_equal(layer.db, [dout[:, f].sum() for f in range(F)], strict=True)


def test_dx_adds_up_what_a_pixel_has_in_all_windows() -> None:
    layer = Conv2d(KERNEL, BIAS, stride=(1, 2), padding=(0, 1))
    dout = integers(*layer.forward(X).shape)
    module = twin(layer, np.float64)
    J = jacobian(module, X)
    np.testing.assert_array_equal(layer.backward(dout), np.tensordot(dout, J, dout.ndim), strict=True)


def test_a_convolution_is_an_affine_whose_matrix_is_mostly_zeros() -> None:
    module = twin(Conv2d(KERNEL, np.zeros(F)), np.float64)
    T = jacobian(lambda x: module(x).flatten(), X[:1]).reshape(-1, X[0].size)
    assert (T != 0).sum() == 16 * KERNEL.size
    np.testing.assert_array_equal(
        Conv2d(KERNEL, np.zeros(F)).forward(X).reshape(N, -1), X.reshape(N, -1) @ T.T, strict=True
    )


def test_a_kernel_of_one_entry_is_an_affine_of_channels() -> None:
    kernel = integers(F, C, 1, 1)
    y = Conv2d(kernel, BIAS).forward(X)
    each = Affine(kernel[:, :, 0, 0].T.copy(), BIAS).forward(np.moveaxis(X, 1, -1))
    np.testing.assert_array_equal(np.moveaxis(y, 1, -1), each, strict=True)


def test_what_is_left_over_after_the_last_window_has_a_gradient_of_0() -> None:
    layer = Conv2d(KERNEL, BIAS, stride=2)
    dx = layer.backward(np.ones_like(layer.forward(X)))
    assert dx.shape == X.shape
    assert not dx[:, :, 5].any()
    assert not dx[:, :, :, 4].any()
    assert dx[:, :, :5, :4].any(axis=(0, 1)).all()


def test_entries_in_the_padding_are_in_no_place() -> None:
    """A window of 3 over a row of 2 pixels, padded by 1: its first entry lies in window 1 alone, its last in 0."""
    found = [(windows[-1], entries[-1]) for windows, entries in places((1, 2), (1, 3), (1, 1), (0, 1))]
    assert [(range(2)[w], range(2)[e]) for w, e in found] == [
        (range(1, 2), range(1)),
        (range(2), range(2)),
        (range(1), range(1, 2)),
    ]


geometry = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(0, 3))  # along one axis


@settings(max_examples=60, deadline=None)
@given(rows=geometry, columns=geometry, seed=st.integers(0, 1000))
def test_any_stride_and_padding_is_as_in_pytorch(rows: Any, columns: Any, seed: int) -> None:
    (KH, SH, PH, more), (KW, SW, PW, wider) = rows, columns
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 4, (2, 2, max(KH - 2 * PH, 0) + 1 + more, max(KW - 2 * PW, 0) + 1 + wider)).astype(float)
    kernel, bias = (rng.integers(-3, 4, shape).astype(float) for shape in ((3, 2, KH, KW), (3,)))
    layer = Conv2d(kernel, bias, stride=(SH, SW), padding=(PH, PW))
    dout = rng.integers(-3, 4, (2, 3, *output_sizes(x.shape[2:], (KH, KW), (SH, SW), (PH, PW)))).astype(float)
    theirs = autograd(twin(layer, np.float64), x, dout=dout, names={"W": "weight", "b": "bias"})
    for name, value in backprop(layer, x, dout=dout).items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name, strict=True)


def test_an_empty_batch_gives_empty_results_and_zero_gradients() -> None:
    layer = Conv2d(KERNEL, BIAS, padding=1)
    y = layer.forward(X[:0])
    assert y.shape == (0, F, 6, 6)
    assert layer.backward(y).shape == (0, C, H, W)
    assert layer.dW.shape == KERNEL.shape
    assert not layer.dW.any()
    assert layer.db.shape == (F,)
    assert not layer.db.any()
    assert Flatten().forward(X[:0]).shape == (0, C * H * W)


def test_a_network_does_not_compute_the_gradient_of_its_images(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = {"Conv1": Conv2d(KERNEL, BIAS), "Flatten": Flatten(), "Affine1": Affine(integers(64, 3), integers(3))}
    net, t = Network(layers, SoftmaxWithLoss()), np.array([2, 0])
    whole = net.gradient(X, t)
    assert set(whole) == {"Conv1.W", "Conv1.b", "Affine1.W", "Affine1.b"}
    monkeypatch.setattr(Conv2d, "_backward", None)
    for name, gradient in net.gradient(X, t).items():
        np.testing.assert_array_equal(gradient, whole[name], strict=True)


def test_padding_is_0_also_beside_infinity() -> None:
    """0 · ∞ is NaN, where an infinite weight meets the padding, and nowhere else."""
    kernel = np.ones((1, 1, 1, 3))
    kernel[0, 0, 0, 0] = np.inf
    np.testing.assert_array_equal(Conv2d(kernel, np.zeros(1), padding=(0, 1)).forward(np.ones((1, 1, 1, 2))), [[[[
        np.nan, np.inf]]]])  # fmt: skip


def test_verify_takes_any_options() -> None:
    report = verify(Conv2d(KERNEL, BIAS, stride=2, padding=(1, 0)), X)
    assert report.ok, str(report)


def conv(**options: Any) -> Conv2d:
    return Conv2d(KERNEL, BIAS, **options)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: conv(stride=0), ValueError, "Conv2d: stride must be 1 or more, got 0"),
        (lambda: conv(stride=(1, 0)), ValueError, r"Conv2d: stride must be 1 or more, got \(1, 0\)"),
        (lambda: conv(stride=1.0), TypeError, "Conv2d: stride must be an integer or a pair of them, got float"),
        (lambda: conv(stride=True), TypeError, "Conv2d: stride must be an integer or a pair of them, got True"),
        (lambda: conv(stride=(1, None)), TypeError, "Conv2d: stride must be .*, got a pair with None"),
        (lambda: conv(stride=(1, 2, 3)), ValueError, r"Conv2d: stride must be .* pair of them, got \(1, 2, 3\)"),
        (lambda: conv(padding=-1), ValueError, "Conv2d: padding must be 0 or more, got -1"),
        (lambda: conv(padding="same"), TypeError, "Conv2d: padding must be an integer or a pair of them, got 'same'"),
        (
            lambda: Conv2d(KERNEL[0], BIAS), ValueError,
            r"Conv2d: W must be a kernel \(F, C, KH, KW\), none of them 0, got shape \(3, 3, 2\)",
        ),
        (lambda: Conv2d(KERNEL[:, :0], BIAS), ValueError, r"Conv2d: W must be .*, got shape \(4, 0, 3, 2\)"),
        (lambda: Conv2d(KERNEL, BIAS[1:]), ValueError, r"Conv2d: b must have shape \(4,\), got \(3,\)"),
        (lambda: Conv2d(KERNEL, BIAS.astype("f")), TypeError, "Conv2d: b must be float64, got float32"),
        (
            lambda: conv().forward(X[:, 1:]), ValueError,
            r"Conv2d: x must have 3 channels, as \(N, C, H, W\), got shape \(2, 2, 6, 5\)",
        ),
        (
            lambda: conv().forward(X[0]), ValueError,
            r"Conv2d: x must be images \(N, C, H, W\), none of C, H, W 0, got shape \(3, 6, 5\)",
        ),
        (
            lambda: conv(padding=(0, 1)).forward(X[:, :, :2]), ValueError,
            r"Conv2d: images must, once padded, be no smaller than the window \(3, 2\), got \(2, 7\)",
        ),
        (lambda: Flatten().forward(X[0, 0, 0]), ValueError, r"Flatten: x must have an axis of samples .*\(5,\)"),
    ],
)  # fmt: skip
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}$"):
        call()


def test_options_are_kept_as_pairs() -> None:
    layer = conv(stride=np.int64(2), padding=[1, 0])
    assert (layer.stride, layer.padding) == ((2, 2), (1, 0))
