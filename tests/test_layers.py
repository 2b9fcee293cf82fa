"""The contract of a layer: what is left alone, what is refused, and how."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numpy_impl import Affine, Layer, ReLU, SoftmaxWithLoss
from numpy_impl.checks import Array

DTYPES = [np.float32, np.float64, np.complex128]
W = np.arange(1.0, 7.0).reshape(2, 3)
B = np.array([0.5, -1.0, 2.0])
X = np.array([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 1.5]])
DOUT = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0], [2.0, 1.0, -1.0], [4.0, 0.25, 1.0]])
LOGITS = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0], [2.0, 2.0, 2.0], [-1.0, 0.5, 0.0]])
LABELS = np.array([1, 2, 0, 1])
ROWS = np.array([[0.2, 0.5, 0.3], [0.0, 0.0, 1.0], [0.7, 0.1, 0.2], [1.0, 0.0, 0.0]])

# Each case: how to make the layer, what forward takes, and an upstream gradient.
Case = tuple[Callable[[], Any], tuple[Array, ...], Any]
CASES: dict[str, Case] = {
    "affine": (lambda: Affine(W.copy(), B.copy()), (X,), DOUT),
    "relu": (ReLU, (X,), X[::-1].copy()),
    "loss-labels": (SoftmaxWithLoss, (LOGITS, LABELS), 1.7),
    "loss-rows": (SoftmaxWithLoss, (LOGITS, ROWS), 1.7),
}
each_layer = pytest.mark.parametrize(("make", "inputs", "dout"), CASES.values(), ids=CASES)


def results(layer: Any, inputs: tuple[Array, ...], dout: Any) -> list[Array]:
    """Everything a layer computes, as copies."""
    y = np.array(layer.forward(*inputs))
    return [y, layer.backward(dout).copy(), *(getattr(layer, n).copy() for n in ("dW", "db") if hasattr(layer, n))]


def assert_same(got: list[Array], expected: list[Array]) -> None:
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b, strict=True)


# Dtypes and values


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_have_the_dtype_of_the_parameters(dtype: Any) -> None:
    affine = Affine(W.astype(dtype), B.astype(dtype))
    loss = SoftmaxWithLoss()
    for got in (
        *results(affine, (X.astype(dtype),), DOUT.astype(dtype)),
        *results(ReLU(), (X.astype(dtype),), X.astype(dtype)),
        *results(loss, (LOGITS.astype(dtype), LABELS), 1),
        *results(loss, (LOGITS.astype(dtype), ROWS.astype(dtype)), 0.5),
        loss.y,
    ):
        assert got.dtype == dtype
    assert type(loss.forward(LOGITS.astype(dtype), LABELS)) is dtype


@each_layer
def test_complex_numbers_without_imaginary_part_change_nothing(
    make: Callable[[], Any], inputs: tuple[Array, ...], dout: Any
) -> None:
    layer = make()
    expected = results(layer, inputs, dout)
    if isinstance(layer, Affine):
        layer = Affine(W.astype(complex), B.astype(complex))
    wide = tuple(part if part.dtype.kind == "i" else part.astype(complex) for part in inputs)
    for got, real in zip(
        results(layer, wide, dout.astype(complex) if isinstance(dout, np.ndarray) else dout), expected, strict=True
    ):
        # A dozen roundings of numbers up to 30.
        np.testing.assert_allclose(got, real, rtol=1e-14, atol=1e-15)


def test_a_complex_pre_activation_of_real_part_0_is_closed() -> None:
    relu = ReLU()
    np.testing.assert_array_equal(relu.forward(np.array([1e-200j, 1 + 1e-200j])), [0, 1 + 1e-200j])
    np.testing.assert_array_equal(relu.backward(np.array([2 + 0j, 3 + 0j])), [0, 3])


def test_the_loss_keeps_probabilities_targets_and_value() -> None:
    layer = SoftmaxWithLoss()
    loss = layer.forward(LOGITS, LABELS)
    np.testing.assert_allclose(layer.y.sum(axis=1), 1, rtol=1e-15)  # three roundings
    np.testing.assert_array_equal(layer.t, LABELS)
    assert layer.loss == loss == pytest.approx(-np.log(layer.y[np.arange(4), LABELS]).mean(), rel=1e-15)


@pytest.mark.parametrize(("margin", "loss"), [(50.0, 1.9287498479639178e-22), (800.0, 0.0)])
def test_a_confident_gradient_keeps_its_digits(margin: float, loss: float) -> None:
    """p_t − 1 would be 0 here, or a multiple of u: the complement has all digits of e^−margin."""
    layer = SoftmaxWithLoss()
    assert layer.forward(np.array([[0.0, margin]]), np.array([1])) == pytest.approx(loss, rel=1e-15)
    np.testing.assert_allclose(layer.backward(), [[loss, -loss]], rtol=1e-15)


def test_the_exact_loss_has_neither_epsilon_nor_cap() -> None:
    layer = SoftmaxWithLoss()
    assert layer.forward(np.array([[0.0, 50.0]]), np.array([0])) == 50  # log(p + 1e-7) stops at 16.118
    assert layer.forward(np.array([[0.0, 1e4]]), np.array([0])) == 1e4
    assert layer.forward(np.array([[0.0, 1e4]]), np.array([1])) == 0


def test_soft_targets_are_not_rounded_to_their_largest_entry() -> None:
    layer = SoftmaxWithLoss()
    log_p = np.log(np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True))
    assert layer.forward(LOGITS, ROWS) == pytest.approx(-(ROWS * log_p).sum() / 4, rel=1e-14)


@pytest.mark.parametrize("dout", [2, 2.0, np.float64(2), np.array(2.0)])
def test_the_loss_takes_any_number_for_dout(dout: Any) -> None:
    layer = SoftmaxWithLoss()
    layer.forward(LOGITS, LABELS)
    np.testing.assert_array_equal(layer.backward(dout), 2 * layer.backward(), strict=True)


def test_infinity_and_nan_pass_without_a_warning() -> None:
    # Warnings are errors in this suite.
    x = np.array([[np.inf, np.nan], [-np.inf, 1e308], [0.0, 1.0], [1.0, 1.0]])
    affine = Affine(np.full((2, 3), 1e308), np.zeros(3))
    assert np.isnan(affine.forward(x)[0]).all()
    assert np.isnan(affine.backward(np.array([[np.inf, -np.inf, 0.0]] * 4))).all()
    affine.backward_params(np.array([[np.inf, -np.inf, 1e308]] * 4))
    assert np.isnan(affine.dW).any()
    loss = SoftmaxWithLoss()
    loss.forward(LOGITS.astype(np.float32), LABELS)
    assert not np.isfinite(loss.backward(1e300)).any()
    assert np.isnan(SoftmaxWithLoss().forward(np.full((1, 2), np.inf), np.array([0])))


# What belongs to the caller


@each_layer
def test_nothing_handed_in_is_modified(make: Callable[[], Any], inputs: tuple[Array, ...], dout: Any) -> None:
    layer = make()
    handed_in = [part.copy() for part in inputs]
    upstream = np.array(dout)
    params = {name: value.copy() for name, value in getattr(layer, "params", {}).items()}
    layer.forward(*handed_in)
    layer.backward(upstream)
    assert_same(handed_in, list(inputs))
    np.testing.assert_array_equal(upstream, dout)
    for name, value in params.items():
        np.testing.assert_array_equal(getattr(layer, name), value)


def test_what_the_loss_keeps_can_be_read_but_not_edited() -> None:
    layer = SoftmaxWithLoss()
    layer.forward(LOGITS, LABELS)
    for kept in (layer.y, layer.t):
        with pytest.raises(ValueError, match="read-only"):
            kept[0] = 0


def test_a_loss_of_0_is_not_minus_0() -> None:
    for t in (np.array([1]), np.array([[0.0, 1.0]])):
        assert not np.signbit(SoftmaxWithLoss().forward(np.array([[-1e4, 1e4]]), t))


@each_layer
def test_edits_of_what_was_handed_in_or_out_reach_no_cache(
    make: Callable[[], Any], inputs: tuple[Array, ...], dout: Any
) -> None:
    layer = make()
    expected = results(layer, inputs, dout)
    handed_in = [part.copy() for part in inputs]
    y = layer.forward(*handed_in)
    for part in handed_in:
        part[...] = 1
    if isinstance(y, np.ndarray):
        y[...] = np.nan
    layer.backward(dout)[...] = np.nan
    assert_same([layer.backward(dout), *(getattr(layer, n) for n in ("dW", "db") if hasattr(layer, n))], expected[1:])


@each_layer
def test_later_calls_leave_earlier_results_alone(make: Callable[[], Any], inputs: tuple[Array, ...], dout: Any) -> None:
    layer = make()
    y, dx = layer.forward(*inputs), layer.backward(dout)
    kept = [np.array(y), dx.copy()]
    grads = [getattr(layer, name) for name in ("dW", "db") if hasattr(layer, name)]
    kept_grads = [grad.copy() for grad in grads]
    layer.forward(inputs[0][:2] * 3, *(part[:2] for part in inputs[1:]))
    layer.backward(dout[:2] if isinstance(dout, np.ndarray) else dout)
    assert_same([np.array(y), dx], kept)
    assert_same(grads, kept_grads)


@each_layer
def test_backward_twice_gives_the_same_twice(make: Callable[[], Any], inputs: tuple[Array, ...], dout: Any) -> None:
    layer = make()
    first = results(layer, inputs, dout)
    layer.backward(dout)
    assert_same([layer.backward(dout), *(getattr(layer, n) for n in ("dW", "db") if hasattr(layer, n))], first[1:])


@each_layer
def test_a_second_batch_has_no_trace_of_the_first(
    make: Callable[[], Any], inputs: tuple[Array, ...], dout: Any
) -> None:
    used = make()
    results(used, tuple(part[::-1][:3] for part in inputs), dout[:3] if isinstance(dout, np.ndarray) else dout)
    assert_same(results(used, inputs, dout), results(make(), inputs, dout))


def test_affine_sees_updates_in_place_and_rebinding() -> None:
    weights, bias = W.copy(), B.copy()
    layer = Affine(weights, bias)
    assert layer.W is weights
    assert layer.b is bias
    weights *= 2
    bias += 1
    np.testing.assert_array_equal(layer.forward(X), X @ (2 * W) + (B + 1))
    layer.W = W
    np.testing.assert_array_equal(layer.forward(X), X @ W + (B + 1))


# Memory layouts

LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "fortran": np.asfortranarray,
    "negative-strides": lambda a: a[::-1].copy()[::-1],
    "every-second": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "unaligned": lambda a: np.frombuffer(b"\0" + a.tobytes(), a.dtype, offset=1).reshape(a.shape),
}


@each_layer
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_any_memory_layout_gives_the_same(
    make: Callable[[], Any], inputs: tuple[Array, ...], dout: Any, layout: Callable[[Array], Array]
) -> None:
    expected = results(make(), inputs, dout)
    layer = make()
    if isinstance(layer, Affine):
        layer = Affine(layout(W), layout(B))
    got = results(layer, tuple(map(layout, inputs)), layout(dout) if isinstance(dout, np.ndarray) else dout)
    for a, b in zip(got, expected, strict=True):
        # Layout decides the order of the sums: 12 terms here, in loss; Affine's are small multiples of 1/4, and exact.
        np.testing.assert_allclose(a, b, rtol=0 if len(inputs) == 1 else 12 * 2**-53)


@given(st.data())
def test_affine_treats_leading_axes_as_one(data: st.DataObject) -> None:
    leading = tuple(data.draw(st.lists(st.integers(0, 4), max_size=3)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x, dout = (rng.integers(-9, 9, (*leading, size)).astype(float) for size in (2, 3))
    one, other = Affine(W, B), Affine(W, B)
    y, dx = one.forward(x), one.backward(dout)
    np.testing.assert_array_equal(y.reshape(-1, 3), other.forward(x.reshape(-1, 2)))
    np.testing.assert_array_equal(dx.reshape(-1, 2), other.backward(dout.reshape(-1, 3)))
    np.testing.assert_array_equal(one.dW, other.dW)
    np.testing.assert_array_equal(one.db, other.db)
    assert (y.shape, dx.shape) == (dout.shape, x.shape)


def test_a_memory_map_is_an_array(tmp_path: Any) -> None:
    mapped = np.memmap(tmp_path / "x", dtype=float, mode="w+", shape=X.shape)
    mapped[...] = X
    np.testing.assert_array_equal(Affine(W, B).forward(mapped), X @ W + B)


# What is refused: with which error, in which words, and without a trace

JUNK: list[tuple[Any, str]] = [
    (None, "got None"),
    ("junk", "got 'junk'"),
    (3, "got int"),
    ([[1.0, 2.0]], "got list"),
    (np.ma.masked_array(X), "got MaskedArray"),
    (X.view(np.matrix), "got matrix"),
]
NOT_FLOATS: list[tuple[Array, str]] = [
    (X.astype(object), "got object"),
    (X.astype(int), "got int64"),
    (X > 0, "got bool"),
    (X.astype(">f8"), "got >f8"),
    (X.astype(np.float16), "got float16"),
]


def forwarded(layer: Any, *inputs: Array) -> Any:
    layer.forward(*inputs)
    return layer


def affine() -> Affine:
    return Affine(W, B)


Refusal = tuple[Callable[[], object], type[Exception], str]
REFUSALS: list[Refusal] = [
    *((lambda j=j: Affine(j, B), TypeError, f"Affine: W must be a NumPy array, {got}") for j, got in JUNK),
    *((lambda j=j: Affine(W, j), TypeError, f"Affine: b must be a NumPy array, {got}") for j, got in JUNK),
    *((lambda j=j: affine().forward(j), TypeError, f"Affine: x must be a NumPy array, {got}") for j, got in JUNK),
    *(
        (lambda j=j: forwarded(affine(), X).backward(j), TypeError, f"Affine: dout must be a NumPy array, {got}")
        for j, got in JUNK
    ),
    *((lambda j=j: ReLU().forward(j), TypeError, f"ReLU: x must be a NumPy array, {got}") for j, got in JUNK),
    *(
        (lambda j=j: forwarded(ReLU(), X).backward(j), TypeError, f"ReLU: dout must be a NumPy array, {got}")
        for j, got in JUNK
    ),
    *(
        (
            lambda j=j: SoftmaxWithLoss().forward(j, LABELS),
            TypeError,
            f"SoftmaxWithLoss: x must be a NumPy array, {got}",
        )
        for j, got in JUNK
    ),
    *(
        (
            lambda j=j: SoftmaxWithLoss().forward(LOGITS, j),
            TypeError,
            f"SoftmaxWithLoss: t must be a NumPy array, {got}",
        )
        for j, got in JUNK
    ),
    *(
        (
            lambda a=a: Affine(a, B),
            TypeError,
            f"Affine: W must be of a native floating-point dtype, float32 or wider, {got}",
        )
        for a, got in NOT_FLOATS
    ),
    *(
        (
            lambda a=a: ReLU().forward(a),
            TypeError,
            f"ReLU: x must be of a native floating-point dtype, float32 or wider, {got}",
        )
        for a, got in NOT_FLOATS
    ),
    *((lambda a=a: affine().forward(a), TypeError, f"Affine: x must be float64, {got}") for a, got in NOT_FLOATS),
    *(
        (
            lambda a=a: SoftmaxWithLoss().forward(a, LABELS),
            TypeError,
            f"x must be of a native floating-point dtype, float32 or wider, {got}",
        )
        for a, got in NOT_FLOATS
    ),
    # Affine
    (lambda: Affine(B, B), ValueError, r"Affine: W must be a matrix \(in, out\), neither of them 0, got shape \(3,\)"),
    (lambda: Affine(W[:0], B), ValueError, r"got shape \(0, 3\)"),
    (lambda: Affine(W, B[:1]), ValueError, r"Affine: b must have shape \(3,\), got \(1,\)"),
    (lambda: Affine(W, B[None]), ValueError, r"Affine: b must have shape \(3,\), got \(1, 3\)"),
    (lambda: Affine(W, B.astype(np.float32)), TypeError, "Affine: b must be float64, got float32"),
    (lambda: affine().forward(X.astype(np.float32)), TypeError, "Affine: x must be float64, got float32"),
    (lambda: affine().forward(X.T), ValueError, r"Affine: x must have 2 features in its last axis, got shape \(2, 4\)"),
    (lambda: affine().forward(X[0, 0:1]), ValueError, r"Affine: x must have 2 features"),
    (lambda: affine().forward(np.array(1.0)), ValueError, r"got shape \(\)"),
    (lambda: affine().backward(DOUT), RuntimeError, "Affine: backward needs a forward before it, got none"),
    (
        lambda: forwarded(affine(), X).backward(DOUT[:1]),
        ValueError,
        r"Affine: dout must have the shape of the output, \(4, 3\), got \(1, 3\)",
    ),
    (lambda: forwarded(affine(), X).backward(DOUT.astype(np.float32)), TypeError, "Affine: dout must be float64, got"),
    # ReLU
    (lambda: ReLU().backward(X), RuntimeError, "ReLU: backward needs a forward before it, got none"),
    (lambda: forwarded(ReLU(), X).backward(X[:, :1]), ValueError, r"ReLU: dout .*, \(4, 2\), got \(4, 1\)"),
    (lambda: forwarded(ReLU(), X).backward(X.astype(np.float32)), TypeError, "ReLU: dout must be float64, got float32"),
    # SoftmaxWithLoss: logits
    (lambda: SoftmaxWithLoss().backward(), RuntimeError, "SoftmaxWithLoss: backward needs a forward before it"),
    *(
        (
            lambda s=s: SoftmaxWithLoss().forward(np.zeros(s), LABELS[:0]),
            ValueError,
            f"SoftmaxWithLoss: x must {wanted}",
        )
        for s, wanted in {
            (): "have at least one class",
            (3,): "be a matrix of one row or more",
            (2, 3, 4): "be a matrix of one row or more",
            (0, 3): "be a matrix of one row or more",
            (3, 0): "have at least one class",
        }.items()
    ),
    # SoftmaxWithLoss: targets
    (
        lambda: SoftmaxWithLoss().forward(LOGITS, LABELS[:3]),
        ValueError,
        r"t must have shape \(4,\) or \(4, 3\), got \(3,\)",
    ),
    (
        lambda: SoftmaxWithLoss().forward(LOGITS, LABELS[:, None]),
        ValueError,
        r"t must have shape \(4, 3\), got \(4, 1\)",
    ),
    (lambda: SoftmaxWithLoss().forward(LOGITS, ROWS[:1]), ValueError, r"t must have shape \(4, 3\), got \(1, 3\)"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, np.array(1)), ValueError, r"got \(\)"),
    (
        lambda: SoftmaxWithLoss().forward(LOGITS, ROWS[None].astype(int)),
        ValueError,
        r"t must have shape .*, got \(1, 4, 3\)",
    ),
    (lambda: SoftmaxWithLoss().forward(LOGITS, LABELS - 2), ValueError, "class indices in t must be 0 to 2, got -1"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, LABELS + 1), ValueError, "class indices in t must be 0 to 2, got 3"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, np.full(4, -100)), ValueError, "must be 0 to 2, got -100"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, LABELS.astype(float)), TypeError, "t must be integer class indices"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, LABELS > 1), TypeError, "t must be integer class indices, .* got bool"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, LABELS[:, None].astype(object)), TypeError, "t must be .* got object"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, ROWS[None]), ValueError, r"t must have shape .*, got \(1, 4, 3\)"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, LABELS.astype(object)), TypeError, "class indices, .* got object"),
    (
        lambda: SoftmaxWithLoss().forward(LOGITS, ROWS.astype(np.float32)),
        TypeError,
        "t must be integer class indices, or rows of float64, integers or booleans, got float32",
    ),
    (
        lambda: SoftmaxWithLoss().forward(LOGITS, ROWS.astype(object)),
        TypeError,
        "t must be integer class indices, .* got object",
    ),
    # SoftmaxWithLoss: dout
    *(
        (
            lambda d=d: forwarded(SoftmaxWithLoss(), LOGITS, LABELS).backward(d),
            error,
            f"SoftmaxWithLoss: dout {message}",
        )
        for d, error, message in (
            (None, TypeError, "must be a number, got None"),
            ("1", TypeError, "must be a number, got '1'"),
            (True, TypeError, "must be a number, got True"),
            ([1.0], TypeError, "must be a number, got list"),
            (1j, TypeError, "must be float64, got complex"),
            (np.float32(1), TypeError, "must be float64, got float32"),
            (np.int64(1), TypeError, "must be float64, got int64"),
            (np.ones(1), ValueError, r"must have the shape of the output, \(\), got \(1,\)"),
            (10**400, ValueError, "must fit into float64, got an integer of 1329 bits"),
        )
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSALS, ids=range(len(REFUSALS)))
def test_bad_input_is_refused_in_our_words(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert type(caught.value) is error


BAD_CALLS: dict[str, tuple[str, list[Callable[[Any], object]]]] = {
    "affine": ("affine", [lambda y: y.forward(X.T), lambda y: y.forward(None), lambda y: y.backward(DOUT[:1])]),
    "relu": ("relu", [lambda y: y.forward(X.astype(int)), lambda y: y.backward(X[:1])]),
    "loss": (
        "loss-labels",
        [
            lambda y: y.forward(LOGITS, LABELS + 5),
            lambda y: y.forward(LOGITS[:2] * 7, LABELS),
            lambda y: y.forward(LOGITS[0], LABELS),
            lambda y: y.backward("one"),
        ],
    ),
}


@pytest.mark.parametrize(("case", "bad_calls"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_refused_call_changes_nothing(case: str, bad_calls: list[Callable[[Any], object]]) -> None:
    make, inputs, dout = CASES[case]
    layer = make()
    expected = results(layer, inputs, dout)
    state = {key: np.array(value) for key, value in vars(layer).items() if isinstance(value, np.ndarray | np.generic)}
    for bad_call in bad_calls:
        with pytest.raises((TypeError, ValueError)):
            bad_call(layer)
        for key, value in state.items():
            np.testing.assert_array_equal(vars(layer)[key], value)
    assert_same([layer.backward(dout), *(getattr(layer, n) for n in ("dW", "db") if hasattr(layer, n))], expected[1:])


def test_gradients_are_none_before_the_first_backward() -> None:
    assert (affine().dW, affine().db, SoftmaxWithLoss().y, SoftmaxWithLoss().t) == (None, None, None, None)


def test_a_layer_must_have_both_methods() -> None:
    class Mute(Layer):
        def backward(self, dout: Array) -> Array:
            return dout

    class OneWay(Layer):
        def forward(self, x: Array) -> Array:
            return x

    with pytest.raises(TypeError, match="backward"):
        OneWay()  # type: ignore[abstract]
    with pytest.raises(TypeError, match="forward"):
        Mute()  # type: ignore[abstract]


def test_db_of_a_long_batch_is_summed_pairwise() -> None:
    layer, dout = Affine(np.ones((1, 2), np.float32), np.ones(2, np.float32)), np.full((100_000, 2), 0.1, np.float32)
    layer.forward(np.ones((100_000, 1), np.float32))
    layer.backward(dout)
    # Pairwise down to blocks of 128 in 8 rows: 10 levels, 16 + 3 additions in a block. Row by row it is 17,000 u.
    np.testing.assert_allclose(layer.db, dout.sum(0, dtype=float), rtol=29 * 2.0**-24)


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("b", B[:1], ValueError, r"Affine: b must have shape \(3,\), got \(1,\)"),
        ("W", W.T, ValueError, r"Affine: W must have shape \(2, 3\), got \(3, 2\)"),
        ("W", W.astype(np.float32), TypeError, "Affine: W must be float64, got float32"),
        ("b", None, TypeError, "Affine: b must be a NumPy array, got None"),
    ],
)
def test_affine_refuses_a_bad_rebinding(name: str, value: Any, error: type[Exception], message: str) -> None:
    layer = affine()
    expected = results(layer, (X,), DOUT)
    with pytest.raises(error, match=message):
        setattr(layer, name, value)
    assert_same(results(layer, (X,), DOUT), expected)


def test_a_subclass_is_named_by_its_own_name() -> None:
    class Dense(Affine):
        pass

    with pytest.raises(TypeError, match="Dense: x must be a NumPy array"):
        Dense(W, B).forward([])  # type: ignore[arg-type]


def test_backward_params_leaves_the_same_gradients_as_backward() -> None:
    one, other = Affine(W, B), Affine(W, B)
    expected = results(one, (X,), DOUT)[2:]
    other.forward(X)
    other.backward_params(DOUT)
    assert_same([other.dW, other.db], expected)
    relu = ReLU()
    relu.forward(X)
    relu.backward_params(X)  # a layer without parameters: nothing to leave, and nothing raised
    with pytest.raises(ValueError, match="ReLU: dout"):
        relu.backward_params(X[:1])
