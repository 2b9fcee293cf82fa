"""What the layers refuse, in which words. That it leaves no trace is checked of every pair in test_battery."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
import pytest
from small_layers import DOUT, LABELS, LOGITS, ROWS, B, W, X, assert_same, results

from numpy_impl import Affine, ReLU, SoftmaxWithLoss
from numpy_impl.validation import Array

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
# A call with an argument, by its layer and name.
TAKES_AN_ARRAY: dict[str, Callable[[Any], object]] = {
    "Affine: W": lambda value: Affine(value, B),
    "Affine: b": lambda value: Affine(W, value),
    "Affine: x": lambda value: affine().forward(value),
    "Affine: dout": lambda value: forwarded(affine(), X).backward(value),
    "ReLU: x": lambda value: ReLU().forward(value),
    "ReLU: dout": lambda value: forwarded(ReLU(), X).backward(value),
    "SoftmaxWithLoss: x": lambda value: SoftmaxWithLoss().forward(value, LABELS),
    "SoftmaxWithLoss: t": lambda value: SoftmaxWithLoss().forward(LOGITS, value),
}
ANY_FLOAT = "of a native floating-point dtype, float32 or wider"
TAKES_FLOATS = {"Affine: W": ANY_FLOAT, "Affine: x": "float64", "ReLU: x": ANY_FLOAT, "SoftmaxWithLoss: x": ANY_FLOAT}

REFUSALS: list[Refusal] = [
    *(
        (partial(call, value), TypeError, f"{what} must be a NumPy array, {got}")
        for what, call in TAKES_AN_ARRAY.items()
        for value, got in JUNK
    ),
    *(
        (partial(TAKES_AN_ARRAY[what], value), TypeError, f"{what} must be {kind}, {got}")
        for what, kind in TAKES_FLOATS.items()
        for value, got in NOT_FLOATS
    ),
    # Affine
    (lambda: Affine(B, B), ValueError, r"Affine: W must be a matrix \(in, out\), neither of them 0, got shape \(3,\)"),
    (lambda: Affine(W[None], B), ValueError, r"Affine: W must be a matrix .*, got shape \(1, \d, 3\)"),
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
    (lambda: SoftmaxWithLoss().forward(LOGITS, np.array([0, 2, 5, 1])), ValueError, "must be 0 to 2, got 5"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, np.array([0, 7, 5, -1])), ValueError, "must be 0 to 2, got 7"),
    (lambda: SoftmaxWithLoss().forward(np.ones((1, 4)), np.array([4])), ValueError, "must be 0 to 3, got 4"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, np.full(4, -100)), ValueError, "must be 0 to 2, got -100"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, LABELS.astype(float)), TypeError, "t must be integer class indices"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, LABELS > 1), TypeError, "t must be integer class indices, .* got bool"),
    (lambda: SoftmaxWithLoss().forward(LOGITS, LABELS[:, None].astype(object)), TypeError, "t must be .* got object"),
    (
        lambda: SoftmaxWithLoss().forward(LOGITS, ROWS[None]),
        ValueError,
        r"t must have shape \(4,\) or \(4, 3\), got \(1, 4, 3\)",
    ),
    (lambda: SoftmaxWithLoss().forward(LOGITS, np.array(1.0)), ValueError, r"t must have shape .*, got \(\)"),
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
            (np.complex128(1), TypeError, "must be float64, got complex"),
            (np.bool_(1), TypeError, "must be a number, got bool"),
            (np.array("1"), TypeError, "must be a number, got <U1"),
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


def state_of(layer: Any) -> dict[str, Any]:
    """All that can be read of a layer, as copies."""
    names = ("W", "b", "dW", "db", "open", "loss", "y", "t", "params")
    return {name: deepcopy(getattr(layer, name)) for name in names if hasattr(layer, name)}


@pytest.mark.parametrize(
    ("layer", "inputs", "dout", "bad_inputs", "bad_dout"),
    [
        (affine(), (X,), DOUT, (X.T,), DOUT[:1]),
        (ReLU(), (X,), X[::-1], (X > 0,), X[:1]),
        (SoftmaxWithLoss(), (LOGITS, LABELS), 1.7, (LOGITS, LABELS + 1), None),
    ],
)
def test_a_refused_call_leaves_all_that_can_be_read_of_a_layer(
    layer: Any, inputs: Any, dout: Any, bad_inputs: Any, bad_dout: Any
) -> None:
    results(layer, inputs, dout)
    before = state_of(layer)
    for call, arguments in ((layer.forward, bad_inputs), (layer.backward, (bad_dout,))):
        with pytest.raises((TypeError, ValueError)):
            call(*arguments)
        np.testing.assert_equal(state_of(layer), before)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.uint32, np.uint64])
def test_labels_may_be_of_any_integer_dtype(kind: Any) -> None:
    of_kind = results(SoftmaxWithLoss(), (LOGITS, LABELS.astype(kind)), 1.7)
    assert_same(of_kind, results(SoftmaxWithLoss(), (LOGITS, LABELS), 1.7))


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
