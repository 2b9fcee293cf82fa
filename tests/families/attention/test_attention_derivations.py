"""Each formula of attention.md, by its name: by hand, entry by entry, against what the layers compute."""

from typing import Any

import mpmath
import numpy as np
import pytest

from numpy_impl import Affine, MultiHeadAttention, ScaledDotProductAttention, softmax
from numpy_impl.layers.softmax import softmax_backward
from numpy_impl.validation import Array

U = 2.0**-53
RNG = np.random.default_rng(0)
Q, K, V = (RNG.standard_normal(shape) for shape in ((2, 3, 5), (2, 4, 5), (2, 4, 6)))
DOUT = RNG.standard_normal((2, 3, 6))
D, HEADS = 6, 3
X, DY = RNG.standard_normal((2, 4, D)), RNG.standard_normal((2, 4, D))
PARAMS = [RNG.standard_normal(shape) for shape in ((D, 3 * D), 3 * D, (D, D), D)]


def assert_close(got: Any, expected: Any) -> None:
    """Another order of some hundred terms, of numbers of the size of 1."""
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


def parts() -> tuple[Array, Array, Array]:
    """P, dP and dS, by the formulas."""
    P = softmax(Q @ K.swapaxes(-1, -2) / np.sqrt(5))
    dP = DOUT @ V.swapaxes(-1, -2)
    return P, dP, P * (dP - (P * dP).sum(axis=-1, keepdims=True))


def run(layer: Any) -> tuple[Array, Array, Array]:
    layer.forward(Q, K, V)
    dq, dk, dv = layer.backward(DOUT)
    return dq, dk, dv


def test_y_is_a_mean_of_the_values_by_softmax_of_the_logits() -> None:
    layer = ScaledDotProductAttention()
    y = layer.forward(Q, K, V)
    for n, t in np.ndindex(2, 3):
        e = np.array([np.exp(sum(Q[n, t, i] * K[n, s, i] for i in range(5)) / 5**0.5) for s in range(4)])
        assert_close(layer.weights[n, t], e / e.sum())
        assert_close(y[n, t], sum(e[s] / e.sum() * V[n, s] for s in range(4)))
    assert_close(layer.weights.sum(axis=-1), 1)


def test_the_order_of_the_keys_plays_no_part() -> None:
    order = [2, 0, 3, 1]
    layer = ScaledDotProductAttention()
    assert_close(layer.forward(Q, K[:, order], V[:, order]), layer.forward(Q, K, V))


@pytest.mark.parametrize("d", [4, 400])
def test_the_scale_keeps_the_variance_of_the_logits_at_1(d: int) -> None:
    rng = np.random.default_rng(1)
    q, k = rng.standard_normal((300, d)), rng.standard_normal((300, d))
    layer = ScaledDotProductAttention()
    layer.forward(q, k, np.ones((300, 1)))
    logits = np.log(layer.weights)
    logits -= logits.mean(axis=-1, keepdims=True)
    # Rows and columns have a variance of 1/√300 or so of their own, relatively: some standard errors.
    assert abs(logits.var() - 1) < 0.2


def test_causal_gives_a_query_the_keys_up_to_its_own() -> None:
    layer = ScaledDotProductAttention(causal=True)
    y = layer.forward(Q, K, V)
    for t in range(3):
        alone = ScaledDotProductAttention().forward(Q[:, t : t + 1], K[:, : t + 1], V[:, : t + 1])
        assert_close(y[:, t : t + 1], alone)
        assert not layer.weights[:, t, t + 1 :].any()
    np.testing.assert_array_equal(y[:, 0], V[:, 0])


def test_no_gradient_reaches_a_later_position() -> None:
    layer = MultiHeadAttention(*PARAMS, heads=HEADS, causal=True)
    layer.forward(X)
    dout = DY.copy()
    dout[:, 2:] = 0
    dx = layer.backward(dout)
    assert not dx[:, 2:].any()
    assert dx[:, :2].all()


def test_dv_is_P_transposed_times_dout() -> None:
    P, _, _ = parts()
    expected = [[sum(P[n, t, s] * DOUT[n, t] for t in range(3)) for s in range(4)] for n in range(2)]
    assert_close(run(ScaledDotProductAttention())[2], expected)


def test_the_backward_of_softmax_is_its_jacobian_row_by_row() -> None:
    P, dP, dS = parts()
    for n, t in np.ndindex(2, 3):
        p = P[n, t]
        jacobian = np.diag(p) - np.outer(p, p)
        assert_close(softmax_backward(dP, P)[n, t], jacobian.T @ dP[n, t])
    assert_close(softmax_backward(dP, P), dS)


def test_rows_of_dS_sum_to_0() -> None:
    P, dP, _ = parts()
    dS = softmax_backward(dP, P)
    assert abs(dS.sum(axis=-1)).max() < 20 * U * abs(dS).max()
    assert abs(dS).min() > 1e-4


def test_a_weight_near_1_keeps_the_digits_of_its_gradient() -> None:
    """Of logits 40 and 0: its complement is 4e-18, less than any difference to 1 has."""
    q, k = np.array([[40.0]]), np.array([[1.0], [0.0]])
    v, dout = np.array([[0.3], [0.7]]), np.array([[1.1]])
    layer = ScaledDotProductAttention()
    layer.forward(q, k, v)
    dq, dk, _ = layer.backward(dout)
    with mpmath.workdps(60):
        p = 1 / (1 + mpmath.exp(-40))
        dS = p * (1 - p) * mpmath.mpf(1.1) * (mpmath.mpf(0.3) - mpmath.mpf(0.7))
        expected = np.array([float(40 * dS), float(-40 * dS)])
    np.testing.assert_allclose(dk[:, 0], expected, rtol=40 * U)  # two exp of 8 u, a sum, and some products
    np.testing.assert_allclose(dq, [[float(dS)]], rtol=40 * U)


def test_dq_and_dk_are_products_with_dS() -> None:
    _, _, dS = parts()
    dq, dk, _ = run(ScaledDotProductAttention())
    for n in range(2):
        assert_close(dq[n], dS[n] @ K[n] / 5**0.5)
        assert_close(dk[n], dS[n].T @ Q[n] / 5**0.5)


def test_heads_are_attentions_of_their_own_features() -> None:
    layer = MultiHeadAttention(*PARAMS, heads=HEADS)
    y = layer.forward(X)
    W_in, b_in, W_out, b_out = PARAMS
    q, k, v = np.split(X @ W_in + b_in, 3, axis=-1)
    a, size = np.empty_like(X), D // HEADS
    for head in range(HEADS):
        own = slice(head * size, (head + 1) * size)
        alone = ScaledDotProductAttention()
        a[..., own] = alone.forward(q[..., own], k[..., own], v[..., own])
        assert_close(layer.weights[:, head], alone.weights)
    assert_close(y, a @ W_out + b_out)


def test_the_gradients_of_heads_are_those_of_two_affine_maps_around_attention() -> None:
    layer = MultiHeadAttention(*PARAMS, heads=1, causal=True)
    layer.forward(X)
    dx = layer.backward(DY)
    before, within, after = Affine(*PARAMS[:2]), ScaledDotProductAttention(causal=True), Affine(*PARAMS[2:])
    after.forward(within.forward(*map(np.copy, np.split(before.forward(X), 3, axis=-1))))
    expected = before.backward(np.concatenate(within.backward(after.backward(DY)), axis=-1))
    assert_close(dx, expected)
    assert_close(layer.dW_in, before.dW)
    assert_close(layer.db_in, before.db)
    assert_close(layer.dW_out, after.dW)
    assert_close(layer.db_out, after.db)


def test_the_gradient_of_the_bias_of_the_keys_is_0() -> None:
    layer = MultiHeadAttention(*PARAMS, heads=HEADS)
    y = layer.forward(X)
    layer.backward(DY)
    of_q, of_k, of_v = np.split(layer.db_in, 3)
    assert abs(of_k).max() < 1e-12 < 1e-2 < min(abs(of_q).max(), abs(of_v).max())
    layer.b_in[D : 2 * D] += 3
    np.testing.assert_allclose(layer.forward(X), y, rtol=1e-11, atol=1e-11)  # logits of up to 100 lose two digits
    layer.b_in[D : 2 * D] -= 3
