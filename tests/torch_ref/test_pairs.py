"""Pairs on data that hypothesis searches for, and at the edges where no bound exists. The rest is in test_battery."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from numpy_impl import Affine, ReLU, SoftmaxWithLoss
from numpy_impl.validation import Array
from torch_ref import autograd, backprop, twin, verify
from torch_ref.bounds import format_of
from torch_ref.diagnosis.finding import Verdict

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def assert_right(layer: Any, *inputs: Array, dout: Any) -> None:
    """But for gradients that happen to be even: hypothesis likes zeros."""
    report = verify(layer, *inputs, dout=dout)
    assert all((row.numpy.ok and row.torch.ok) or row.numpy.verdict is Verdict.EVEN for row in report.rows), report


@both_dtypes
@given(data=st.data())
def test_affine_on_any_numbers(data: st.DataObject, dtype: Any) -> None:
    *lead, d, m = data.draw(array_shapes(min_dims=2, max_dims=4, max_side=5))

    def numbers(*shape: int) -> Array:
        return data.draw(arrays(dtype, shape, elements=st.floats(-(2.0**40), 2.0**40, width=32)))

    layer = Affine(numbers(d, m), numbers(m))
    assert_right(layer, numbers(*lead, d), dout=numbers(*lead, m))


@both_dtypes
@given(data=st.data())
def test_loss_on_any_logits(data: st.DataObject, dtype: Any) -> None:
    n, c = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 6))
    x = data.draw(arrays(dtype, (n, c), elements=st.floats(-1e4, 1e4, width=32)))
    labels = data.draw(arrays(np.int64, n, elements=st.integers(0, c - 1)))
    rows = data.draw(arrays(dtype, (n, c), elements=st.floats(0, 4, width=32)))
    for t in (labels, rows):
        assert_right(SoftmaxWithLoss(), x, t, dout=data.draw(st.floats(-8, 8, width=32)))


@both_dtypes
@pytest.mark.parametrize("shape", [(0, 5), (0, 3, 5)])
def test_an_empty_batch_is_empty_with_zero_gradients(shape: tuple[int, ...], dtype: Any) -> None:
    rng = np.random.default_rng(0)
    layer = Affine(rng.standard_normal((5, 2)).astype(dtype), rng.standard_normal(2).astype(dtype))
    x, dout = np.empty(shape, dtype), np.empty((*shape[:-1], 2), dtype)
    for pair_layer, upstream in ((layer, dout), (ReLU(), x)):
        ours = backprop(pair_layer, x, dout=upstream)
        theirs = autograd(twin(pair_layer, dtype), x, dout=upstream)
        assert list(ours) == list(theirs)
        for name, value in ours.items():
            np.testing.assert_array_equal(value, theirs[name], strict=True)
    assert not layer.dW.any()


# ReLU selects and never rounds: the pair is equal bit for bit, NaN and infinity included.


def assert_relu_equal(x: Array, dout: Array) -> None:
    ours, theirs = backprop(ReLU(), x, dout=dout), autograd(twin(ReLU(), x.dtype), x, dout=dout)
    for name in ("y", "dx"):
        np.testing.assert_array_equal(ours[name], theirs[name], strict=True)


@both_dtypes
def test_relu_equals_pytorch_at_the_edges(dtype: Any) -> None:
    tiny = np.finfo(dtype).smallest_subnormal
    edges = np.array([0.0, -0.0, tiny, -tiny, np.inf, -np.inf, np.nan, 1.0, -1.0], dtype)
    x, dout = np.meshgrid(edges, np.array([3.0, np.inf, -np.inf, np.nan, 0.0], dtype))
    assert_relu_equal(x, dout)


@given(arrays(np.float32, (4, 3)), arrays(np.float32, (4, 3)))
def test_relu_equals_pytorch_on_any_floats(x: Array, dout: Array) -> None:
    assert_relu_equal(x, dout)


def test_relu_of_a_single_number() -> None:
    assert_relu_equal(np.array(-1.5), np.array(2.0))
    assert_relu_equal(np.array(1.5), np.array(2.0))


# SoftmaxWithLoss


def test_integer_and_boolean_rows_are_taken_at_their_value() -> None:
    x, t = np.random.default_rng(0).standard_normal((4, 3)), np.array([0, 2, 1, 2])
    rows = np.eye(3)[t]
    expected = backprop(SoftmaxWithLoss(), x, rows, dout=1)
    for kind in (np.bool_, np.int8, np.uint8, np.int64):
        verify(SoftmaxWithLoss(), x, rows.astype(kind)).check()
        for name, value in backprop(SoftmaxWithLoss(), x, rows.astype(kind), dout=1).items():
            np.testing.assert_array_equal(value, expected[name], strict=True)


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
    ours = backprop(SoftmaxWithLoss(), logits, labels, dout=1)
    theirs = autograd(twin(SoftmaxWithLoss()), logits, labels, dout=1)
    for name in ("loss", "dx"):
        # Where both are finite: two classes, a few roundings of numbers around 1. There is no bound with infinities.
        np.testing.assert_allclose(ours[name], theirs[name], rtol=20 * format_of(np.dtype(dtype)).u)


def test_a_minus_infinite_logit_off_the_label_leaves_the_loss_finite_for_rows_too() -> None:
    # Here PyTorch's own loss is NaN for rows, 0 · −∞, and finite for the same label as an index.
    x = np.array([[1.0, -np.inf, 2.0]])
    rows, index = SoftmaxWithLoss(), SoftmaxWithLoss()
    assert rows.forward(x, np.array([[1.0, 0.0, 0.0]])) == index.forward(x, np.array([0]))
    assert np.isfinite(rows.loss)
    z = np.array([[1.0, -np.inf, 2.0 + 1e-200j]])
    assert rows.forward(z, np.array([[1.0, 0.0, 0.0]], complex)) == index.forward(z, np.array([0]))
    assert np.isfinite(rows.loss)
