"""Each NumPy layer beside its PyTorch twin, with the same weights: outputs, gradients and losses agree."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pair_inputs import both_dtypes, normal, one_hot
from tolerances import affine_radii, assert_within, loss_radii, unit_roundoff

from numpy_impl import Affine, ReLU, SoftmaxWithLoss
from numpy_impl.checks import Array
from torch_ref import (
    autograd_layer,
    autograd_loss,
    backprop_layer,
    backprop_loss,
    twin,
)

# Affine

AFFINE_SHAPES = {  # x, then W
    "every-size-different": ((5, 7), (7, 3)),
    "square": ((4, 4), (4, 4)),  # a missing transpose keeps the shape
    "one-sample": ((1, 6), (6, 4)),
    "one-feature": ((5, 1), (1, 3)),
    "one-output": ((5, 6), (6, 1)),
    "odd-long-batch": ((4097, 3), (3, 2)),
    "vector": ((6,), (6, 4)),
    "three-axes": ((2, 3, 5), (5, 4)),
    "four-axes": ((2, 3, 4, 5), (5, 6)),
    "the-book's": ((100, 784), (784, 50)),
}


def compare_affine(W: Array, b: Array, x: Array, dout: Array) -> None:
    layer = Affine(W, b)
    assert_within(backprop_layer(layer, x, dout), autograd_layer(twin(layer), x, dout), affine_radii(W, b, x, dout))


@both_dtypes
@pytest.mark.parametrize(("x_shape", "W_shape"), AFFINE_SHAPES.values(), ids=AFFINE_SHAPES)
def test_affine_agrees_with_linear(x_shape: tuple[int, ...], W_shape: tuple[int, int], dtype: Any) -> None:
    out = W_shape[1]
    compare_affine(
        W=normal(0, *W_shape, dtype=dtype),
        b=normal(1, out, dtype=dtype),
        x=normal(2, *x_shape, dtype=dtype),
        dout=normal(3, *x_shape[:-1], out, dtype=dtype),
    )


@both_dtypes
def test_affine_agrees_on_mnist(mnist: tuple[Array, Array], dtype: Any) -> None:
    compare_affine(
        W=normal(0, 784, 50, dtype=dtype) * dtype(0.01),
        b=normal(1, 50, dtype=dtype),
        x=mnist[0][:100].astype(dtype),
        dout=normal(3, 100, 50, dtype=dtype) / dtype(100),
    )


@both_dtypes
@pytest.mark.parametrize("leading", [(0,), (0, 3)])
def test_affine_of_an_empty_batch_is_empty_with_zero_gradients(leading: tuple[int, ...], dtype: Any) -> None:
    layer = Affine(normal(0, 5, 2, dtype=dtype), normal(1, 2, dtype=dtype))
    x, dout = np.empty((*leading, 5), dtype), np.empty((*leading, 2), dtype)
    got = backprop_layer(layer, x, dout)
    expected = autograd_layer(twin(layer), x, dout)
    for name in ("y", "dx", "dW", "db"):
        np.testing.assert_array_equal(got[name], expected[name], strict=True)
    assert not got["dW"].any()


@pytest.mark.parametrize(("dtype", "bits"), [(np.float32, 24), (np.float64, 53)])
@pytest.mark.parametrize(("n", "inputs", "outputs"), [(5, 7, 3), (64, 16, 16), (1, 784, 50), (100, 784, 50)])
def test_integers_agree_bit_for_bit(n: int, inputs: int, outputs: int, dtype: Any, bits: int) -> None:
    # With integers below 2^b and at most K + 1 terms, (K + 1) 2^(2b) ≤ 2^bits: no operation rounds, in any order.
    terms = max(n, inputs, outputs) + 1
    b = int((bits - np.ceil(np.log2(terms))) // 2)
    draw = np.random.default_rng(4).integers
    W, bias, x, dout = (
        draw(-(2**b) + 1, 2**b, size).astype(dtype) for size in ((inputs, outputs), outputs, (n, inputs), (n, outputs))
    )
    layer = Affine(W, bias)
    got, expected = backprop_layer(layer, x, dout), autograd_layer(twin(layer), x, dout)
    for name, exact in {"y": x @ W + bias, "dx": dout @ W.T, "dW": x.T @ dout, "db": dout.sum(0)}.items():
        np.testing.assert_array_equal(got[name], expected[name], strict=True)
        np.testing.assert_array_equal(got[name], exact.astype(np.longdouble))


# ReLU: it selects and never rounds, so the pair is equal bit for bit.


def assert_relu_equal(x: Array, dout: Array) -> None:
    layer = ReLU()
    got, expected = backprop_layer(layer, x, dout), autograd_layer(twin(layer), x, dout)
    for name in ("y", "dx"):
        np.testing.assert_array_equal(got[name], expected[name], strict=True)


@both_dtypes
@pytest.mark.parametrize("shape", [(), (7,), (5, 3), (2, 3, 4), (0, 3)])
def test_relu_equals_pytorch(shape: tuple[int, ...], dtype: Any) -> None:
    assert_relu_equal(np.array(normal(0, *shape), dtype=dtype), np.array(normal(1, *shape), dtype=dtype))


@both_dtypes
def test_relu_equals_pytorch_at_the_edges(dtype: Any) -> None:
    tiny = np.finfo(dtype).smallest_subnormal
    edges = np.array([0.0, -0.0, tiny, -tiny, np.inf, -np.inf, np.nan, 1.0, -1.0], dtype)
    x, dout = np.meshgrid(edges, np.array([3.0, np.inf, -np.inf, np.nan, 0.0], dtype))
    assert_relu_equal(x, dout)


@given(arrays(np.float32, (4, 3)), arrays(np.float32, (4, 3)))
def test_relu_equals_pytorch_on_any_floats(x: Array, dout: Array) -> None:
    assert_relu_equal(x, dout)


# SoftmaxWithLoss

LOGITS = {
    "ordinary": normal(0, 6, 5),
    "one-sample": normal(1, 1, 4),
    "square": normal(2, 4, 4),
    "odd-batch": normal(3, 7, 3),
    "two-classes": normal(4, 5, 2),
    "thousand-classes": normal(5, 3, 1000),
    "long-batch": normal(6, 4096, 10),
    "confident": 40 * normal(7, 6, 5),
    "hopeless-and-certain": 1e4 * np.sign(normal(8, 6, 5)),  # ties, exact zeros and ones
    "common-offset": 1e4 + normal(9, 6, 5),
    "all-equal": np.zeros((4, 3)),
}
logits = pytest.mark.parametrize("x", LOGITS.values(), ids=LOGITS)


@both_dtypes
@logits
def test_loss_agrees_for_class_indices(x: Array, dtype: Any) -> None:
    x = x.astype(dtype)
    t = np.random.default_rng(10).integers(0, x.shape[1], (len(x),))
    layer = SoftmaxWithLoss()
    radii = loss_radii(x, one_hot(t, x.shape[1], dtype), dout=1.7)
    assert_within(backprop_loss(layer, x, t, 1.7), autograd_loss(twin(layer), x, t, 1.7), radii)


@both_dtypes
@logits
@pytest.mark.parametrize("kind", ["one-hot", "probabilities", "any-sum"])
def test_loss_agrees_for_rows(x: Array, kind: str, dtype: Any) -> None:
    x = x.astype(dtype)
    n, c = x.shape
    if kind == "one-hot":
        t = one_hot(np.random.default_rng(11).integers(0, c, n), c, dtype)
    else:
        t = np.random.default_rng(12).uniform(0.1, 3, x.shape).astype(dtype)
        if kind == "probabilities":
            t /= t.sum(1, keepdims=True)
    layer = SoftmaxWithLoss()
    got, expected = backprop_loss(layer, x, t, -0.3), autograd_loss(twin(layer), x, t, -0.3)
    assert_within(got, expected, loss_radii(x, t, dout=-0.3))


@both_dtypes
@given(data=st.data())
def test_loss_agrees_on_any_logits(data: st.DataObject, dtype: Any) -> None:
    n, c = data.draw(st.integers(1, 5)), data.draw(st.integers(2, 6))
    finite = st.floats(-1e4, 1e4, width=32)
    x = data.draw(arrays(dtype, (n, c), elements=finite))
    t = data.draw(arrays(np.int64, n, elements=st.integers(0, c - 1)))
    layer = SoftmaxWithLoss()
    got, expected = backprop_loss(layer, x, t), autograd_loss(twin(layer), x, t)
    radii = loss_radii(x, one_hot(t, c, dtype))
    for name in ("loss", "dx"):
        # Where the loss is within rounding of 0 the smallest normal number allows for flushing.
        gap = abs(got[name].astype(float) - expected[name])
        assert (gap <= radii[name] + 10 * np.finfo(dtype).tiny).all()


def test_integer_and_boolean_rows_are_taken_at_their_value() -> None:
    x, t = normal(0, 4, 3), np.array([0, 2, 1, 2])
    rows = one_hot(t, 3, np.float64)
    layer = SoftmaxWithLoss()
    expected = backprop_loss(layer, x, rows)
    for kind in (np.bool_, np.int8, np.uint8, np.int64):
        got = backprop_loss(layer, x, rows.astype(kind))
        np.testing.assert_array_equal(got["loss"], expected["loss"], strict=True)
        np.testing.assert_array_equal(got["dx"], expected["dx"], strict=True)


EDGES = {
    "minus-infinity-off-label": ([[1.0, -np.inf, 2.0]], [0]),
    "minus-infinity-on-label": ([[1.0, -np.inf, 2.0]], [1]),
    "plus-infinity-off-label": ([[1.0, np.inf, 2.0]], [0]),
    "plus-infinity-on-label": ([[1.0, np.inf, 2.0]], [1]),
    "nothing-possible": ([[-np.inf, -np.inf]], [0]),
    "nan-in-one-row": ([[np.nan, 1.0], [1.0, 2.0]], [0, 1]),
}


@both_dtypes
@pytest.mark.parametrize(("x", "t"), EDGES.values(), ids=EDGES)
def test_loss_goes_with_pytorch_at_the_edges(x: list[list[float]], t: list[int], dtype: Any) -> None:
    logits, labels = np.array(x, dtype), np.array(t)
    layer = SoftmaxWithLoss()
    got, expected = backprop_loss(layer, logits, labels), autograd_loss(twin(layer), logits, labels)
    for name in ("loss", "dx"):
        # Where both are finite: two classes, a few roundings of numbers around 1.
        np.testing.assert_allclose(got[name], expected[name], rtol=20 * unit_roundoff(dtype))


def test_a_minus_infinite_logit_off_the_label_leaves_the_loss_finite_for_rows_too() -> None:
    # Here PyTorch's own loss is NaN for rows, 0 · −∞, and finite for the same label as an index.
    x = np.array([[1.0, -np.inf, 2.0]])
    rows, index = SoftmaxWithLoss(), SoftmaxWithLoss()
    assert rows.forward(x, np.array([[1.0, 0.0, 0.0]])) == index.forward(x, np.array([0]))
    assert np.isfinite(rows.loss)
    z = np.array([[1.0, -np.inf, 2.0 + 1e-200j]])
    assert rows.forward(z, np.array([[1.0, 0.0, 0.0]], complex)) == index.forward(z, np.array([0]))
    assert np.isfinite(rows.loss)
