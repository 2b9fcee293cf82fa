"""What belongs to the caller stays the caller's, and any memory layout will do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_cases import LABELS, LOGITS, ROWS, B, W, X, assert_same, each_layer, results

from numpy_impl import Affine, SoftmaxWithLoss
from numpy_impl.checks import Array


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


@pytest.mark.parametrize("t", [LABELS, ROWS])
def test_edits_of_what_the_loss_keeps_do_not_reach_backward(t: Array) -> None:
    layer, handed_in = SoftmaxWithLoss(), t.copy()
    layer.forward(LOGITS, handed_in)
    expected = layer.backward()
    layer.y[...] = 0
    layer.t[...] = 0
    np.testing.assert_array_equal(layer.backward(), expected)
    np.testing.assert_array_equal(handed_in, t)


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
    layout = data.draw(st.sampled_from(list(LAYOUTS.values()))) if leading else np.asarray
    one, other = Affine(layout(W), layout(B)), Affine(W, B)
    y, dx = one.forward(layout(x)), one.backward(layout(dout))
    np.testing.assert_array_equal(y.reshape(-1, 3), other.forward(x.reshape(-1, 2)))
    np.testing.assert_array_equal(dx.reshape(-1, 2), other.backward(dout.reshape(-1, 3)))
    np.testing.assert_array_equal(one.dW, other.dW)
    np.testing.assert_array_equal(one.db, other.db)
    assert (y.shape, dx.shape) == (dout.shape, x.shape)


def test_a_memory_map_is_an_array(tmp_path: Any) -> None:
    mapped = np.memmap(tmp_path / "x", dtype=float, mode="w+", shape=X.shape)
    mapped[...] = X
    np.testing.assert_array_equal(Affine(W, B).forward(mapped), X @ W + B)
