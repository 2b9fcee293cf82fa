"""What the layers compute, beyond their pairs with PyTorch: dtypes, the exact loss, digits that must not be lost."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from small_layers import DOUT, LABELS, LOGITS, ROWS, B, W, X, results

from numpy_impl import Affine, ReLU, SoftmaxWithLoss
from numpy_impl.validation import Array


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_the_loss_is_a_scalar_of_the_dtype_of_the_logits(dtype: Any) -> None:
    loss = SoftmaxWithLoss()
    assert type(loss.forward(LOGITS.astype(dtype), LABELS)) is dtype
    assert loss.y.dtype == dtype


@pytest.mark.parametrize(
    ("make", "inputs", "dout"),
    [
        (lambda kind: Affine(W.astype(kind), B.astype(kind)), (X,), DOUT),
        (lambda _: ReLU(), (X,), X[::-1]),
        (lambda _: SoftmaxWithLoss(), (LOGITS, LABELS), 1.7),
        (lambda _: SoftmaxWithLoss(), (LOGITS, ROWS), 1.7),
    ],
)
def test_complex_numbers_without_imaginary_part_change_nothing(
    make: Callable[[Any], Any], inputs: tuple[Array, ...], dout: Any
) -> None:
    wide = tuple(part if part.dtype.kind == "i" else part.astype(complex) for part in inputs)
    wide_dout = dout.astype(complex) if isinstance(dout, np.ndarray) else dout
    real = results(make(float), inputs, dout)
    for got, expected in zip(results(make(complex), wide, wide_dout), real, strict=True):
        # A dozen roundings of numbers up to 30.
        np.testing.assert_allclose(got, expected, rtol=1e-14, atol=1e-15)


def test_a_complex_pre_activation_of_real_part_0_is_closed() -> None:
    relu = ReLU()
    np.testing.assert_array_equal(relu.forward(np.array([1e-200j, 1 + 1e-200j])), [0, 1 + 1e-200j], strict=True)
    np.testing.assert_array_equal(relu.backward(np.array([2 + 0j, 3 + 0j])), [0, 3])


def test_the_loss_keeps_probabilities_targets_and_value() -> None:
    layer = SoftmaxWithLoss()
    loss = layer.forward(LOGITS, LABELS)
    np.testing.assert_allclose(layer.y.sum(axis=1), 1, rtol=1e-15)  # three roundings
    np.testing.assert_array_equal(layer.t, LABELS, strict=True)
    assert (
        layer.loss == loss == pytest.approx(-np.log(layer.y[np.arange(4), LABELS]).mean(), rel=260 * 2.0**-53, abs=0)
    )  # (2C + 20)(1 + |s|) u each


@pytest.mark.parametrize(("margin", "loss"), [(50.0, 1.9287498479639178e-22), (800.0, 0.0)])
def test_a_confident_gradient_keeps_its_digits(margin: float, loss: float) -> None:
    """p_t − 1 would be 0 here, or a multiple of u: the complement has all digits of e^−margin."""
    layer = SoftmaxWithLoss()
    roundings = 20 * 2.0**-53  # 8 each for exp and log1p, and a few more
    assert layer.forward(np.array([[0.0, margin]]), np.array([1])) == pytest.approx(loss, rel=roundings, abs=0)
    np.testing.assert_allclose(layer.backward(), [[loss, -loss]], rtol=roundings)


def test_the_exact_loss_has_neither_epsilon_nor_cap() -> None:
    layer = SoftmaxWithLoss()
    assert layer.forward(np.array([[0.0, 50.0]]), np.array([0])) == 50  # log(p + 1e-7) stops at 16.118
    assert layer.forward(np.array([[0.0, 1e4]]), np.array([0])) == 1e4
    assert layer.forward(np.array([[0.0, 1e4]]), np.array([1])) == 0


def test_soft_targets_are_not_rounded_to_their_largest_entry() -> None:
    layer = SoftmaxWithLoss()
    log_p = np.log(np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True))
    assert layer.forward(LOGITS, ROWS) == pytest.approx(
        -(ROWS * log_p).sum() / 4, rel=260 * 2.0**-53, abs=0
    )  # (2C + 20)(1 + |s|) u each


@pytest.mark.parametrize(
    "dout",
    [
        2,
        2.0,
        *(kind(2) for kind in (np.float64, np.float32, np.float16, np.longdouble, np.int8, np.uint64)),
        np.array(2),
    ],
)
def test_the_loss_takes_any_number_for_dout(dout: Any) -> None:
    layer = SoftmaxWithLoss()
    layer.forward(LOGITS, LABELS)
    np.testing.assert_array_equal(layer.backward(dout), 2 * layer.backward(), strict=True)


@pytest.mark.parametrize("kind", [np.float32, np.float64, bool, int])
def test_real_rows_beside_complex_logits_are_taken_at_their_value(kind: Any) -> None:
    one, other = SoftmaxWithLoss(), SoftmaxWithLoss()
    rows = (4 * ROWS).astype(kind)
    assert one.forward(LOGITS.astype(complex), rows) == other.forward(LOGITS.astype(complex), rows.astype(complex))
    np.testing.assert_array_equal(one.backward(), other.backward(), strict=True)


def test_the_largest_integer_that_fits_is_a_dout() -> None:
    layer = SoftmaxWithLoss()
    layer.forward(LOGITS, LABELS)
    largest = np.finfo(float).max
    np.testing.assert_array_equal(layer.backward(int(largest)), layer.backward(float(largest)), strict=True)


def test_a_complex_loss_takes_a_complex_dout() -> None:
    layer = SoftmaxWithLoss()
    layer.forward(LOGITS.astype(complex), LABELS)
    np.testing.assert_array_equal(layer.backward(2j), 2j * layer.backward(), strict=True)


def test_a_dtype_is_what_it_equals() -> None:
    x = X.astype(np.dtype(float, metadata={"unit": "m"}))
    np.testing.assert_array_equal(Affine(W, B).forward(x), Affine(W, B).forward(X), strict=True)
    assert SoftmaxWithLoss().forward(LOGITS, ROWS.astype(x.dtype)) == SoftmaxWithLoss().forward(LOGITS, ROWS)


def test_infinity_and_nan_pass_without_a_warning() -> None:
    # Warnings are errors in this suite.
    x = np.array([[np.inf, np.nan], [-np.inf, 1e308], [0.0, 1.0], [1.0, 1.0]])
    affine = Affine(np.full((2, 3), 1e308), np.zeros(3))
    assert np.isnan(affine.forward(x)[0]).all()
    assert np.isnan(affine.backward(np.array([[np.inf, -np.inf, 0.0]] * 4))).all()
    affine.backward(np.array([[np.inf, -np.inf, 1e308]] * 4))
    assert np.isnan(affine.dW).any()
    loss = SoftmaxWithLoss()
    loss.forward(LOGITS.astype(np.float32), LABELS)
    assert not np.isfinite(loss.backward(1e300)).any()
    assert np.isnan(SoftmaxWithLoss().forward(np.full((1, 2), np.inf), np.array([0])))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_reaches_the_gradient_of_the_only_class(bad: float) -> None:
    x = np.array([[bad], [1.0]])
    for t in (np.array([0, 0]), np.array([[1.0], [1.0]])):
        loss = SoftmaxWithLoss()
        assert np.isnan(loss.forward(x, t))
        np.testing.assert_array_equal(loss.backward(), [[np.nan], [0]], strict=True)


def test_gradients_are_none_before_the_first_backward() -> None:
    assert (Affine(W, B).dW, Affine(W, B).db, SoftmaxWithLoss().y, SoftmaxWithLoss().t) == (None, None, None, None)


def test_db_of_a_long_batch_is_summed_pairwise() -> None:
    layer, dout = Affine(np.ones((1, 2), np.float32), np.ones(2, np.float32)), np.full((100_000, 2), 0.1, np.float32)
    layer.forward(np.ones((100_000, 1), np.float32))
    layer.backward(dout)
    # Pairwise down to blocks of 128 in 8 rows: 10 levels, 16 + 3 additions in a block. Row by row it is 17,000 u.
    np.testing.assert_allclose(layer.db, dout.sum(0, dtype=float), rtol=29 * 2.0**-24)


def test_arguments_may_be_given_by_name() -> None:
    relu, loss = ReLU(), SoftmaxWithLoss()
    relu.forward(x=np.array([-1.0, 2.0]))
    assert relu.backward(dout=np.array([3.0, 4.0])).tolist() == [0, 4]
    loss.forward(x=np.zeros((1, 2)), t=np.array([1]))
    assert loss.backward(dout=2).tolist() == [[1, -1]]
    assert ReLU.forward.__name__ == "forward"
    with pytest.raises(ValueError, match="ReLU: dout must have the shape of the output"):
        relu.backward(dout=np.ones(3))


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_relu_selects_dout_also_where_a_product_would_be_nan(bad: float) -> None:
    relu = ReLU()
    relu.forward(np.array([-1.0, 0.0, 2.0, np.nan]))
    np.testing.assert_array_equal(relu.backward(np.full(4, bad)), [0, 0, bad, bad], strict=True)


def test_relu_says_which_units_were_open() -> None:
    relu = ReLU()
    relu.forward(np.array([[-1.0, 0.0, 2.0]]))
    np.testing.assert_array_equal(relu.open, [[False, False, True]], strict=True)


def test_a_closed_relu_passes_on_no_negative_zero() -> None:
    relu = ReLU()
    relu.forward(np.array([-1.0, 2.0]))
    assert not np.signbit(relu.backward(np.array([-3.0, 4.0]))).any()


def test_relu_keeps_a_shape_without_axes() -> None:
    relu = ReLU()
    y = relu.forward(np.array(2.0))
    dx = relu.backward(np.array(3.0))
    assert (type(y), type(dx)) == (np.ndarray, np.ndarray)
    assert (y.shape, dx.shape) == ((), ())
    assert relu.open.tolist() is True
    assert ReLU().open is None
    relu.open[...] = False  # a copy
    assert relu.backward(np.array(3.0)) == 3
