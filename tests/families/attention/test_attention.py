"""Attention beyond its pairs: PyTorch's other ways, edges, options, errors, and that the bounds are no idle ones."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from numpy_impl import MultiHeadAttention, Network, ScaledDotProductAttention, Sequential, SoftmaxWithLoss
from torch_ref import PAIRS
from torch_ref.checks.battery import Subject
from torch_ref.diagnosis.finding import finding
from torch_ref.families.networks import pair_of_network
from torch_ref.results import twin_of

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 3, 4))
PARAMS = [RNG.standard_normal(shape) for shape in ((4, 12), 12, (4, 4), 4)]


@pytest.mark.parametrize("name", ["attention", "multi_head_attention"])
@pytest.mark.parametrize("scenario", ["ordinary", "causal"])
def test_a_thousandth_more_is_outside_the_bounds_in_float32(name: str, scenario: str) -> None:
    pair = PAIRS[name]
    (chosen,) = (one for one in pair.data_sets if one.name == scenario)
    subject = Subject(pair, np.float32)
    for tensor, ball in subject.bounds(chosen).items():
        got = subject.results(chosen)[tensor]
        assert finding(got, ball, tensor).ok
        assert finding((got * np.float32(1.001)), ball, tensor).is_wrong, tensor


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("causal", [False, True])
def test_pytorchs_fast_path_is_within_the_bounds(causal: bool, dtype: Any) -> None:
    """In evaluation, and without autograd, PyTorch runs one kernel of all of it."""
    pair = PAIRS["multi_head_attention"]
    (scenario,) = (one for one in pair.data_sets if one.name == f"all-different{'-causal' * causal}")
    subject = Subject(pair, dtype)
    example = subject.example(scenario)
    module = twin_of(pair, example.layer).eval()
    with torch.no_grad():
        y = module(torch.from_numpy(example.inputs["x"])).numpy()
    assert finding(y, subject.bounds(scenario)["y"], "y").ok


def test_leading_axes_may_be_none_or_many() -> None:
    q, k, v, dout = (RNG.standard_normal((2, 3, *shape)) for shape in ((4, 5), (6, 5), (6, 2), (4, 2)))
    layer = ScaledDotProductAttention(causal=True)
    y, gradients = layer.forward(q, k, v), layer.backward(dout)
    for at in np.ndindex(2, 3):
        np.testing.assert_allclose(layer.forward(q[at], k[at], v[at]), y[at], rtol=1e-14)  # the order of 6 terms
        for one, whole in zip(layer.backward(dout[at]), gradients, strict=True):
            np.testing.assert_allclose(one, whole[at], rtol=1e-12, atol=1e-15)


def test_an_empty_batch_gives_empty_results_and_gradients_of_0() -> None:
    layer = ScaledDotProductAttention()
    assert layer.forward(np.ones((0, 2, 3)), np.ones((0, 4, 3)), np.ones((0, 4, 5))).shape == (0, 2, 5)
    assert [d.shape for d in layer.backward(np.ones((0, 2, 5)))] == [(0, 2, 3), (0, 4, 3), (0, 4, 5)]
    without_queries = layer.forward(np.ones((2, 0, 3)), np.ones((2, 4, 3)), np.ones((2, 4, 5)))
    assert without_queries.shape == (2, 0, 5)
    assert not any(d.any() for d in layer.backward(without_queries))
    heads = MultiHeadAttention(*PARAMS, heads=2)
    assert heads.forward(X[:0]).shape == heads.backward(X[:0]).shape == (0, 3, 4)
    assert heads.dW_in.shape == (4, 12)
    assert not any(d.any() for d in (heads.dW_in, heads.db_in, heads.dW_out, heads.db_out))


def test_weights_stay_to_be_read_as_a_copy() -> None:
    layer: Any = MultiHeadAttention(*PARAMS, heads=2, causal=True)
    before = layer.weights
    assert before is None
    layer.forward(X)
    weights = layer.weights
    assert weights.shape == (2, 2, 3, 3)
    expected = layer.backward(X)
    weights[...] = 7
    np.testing.assert_array_equal(layer.backward(X), expected, strict=True)
    assert (layer.weights != 7).all()


def test_a_network_leaves_the_weights_of_its_pass() -> None:
    class LastPosition:
        def forward(self, x: Any) -> Any:
            self.shape = x.shape
            return x[:, -1]

        def backward(self, dout: Any) -> Any:
            dx = np.zeros(self.shape)
            dx[:, -1] = dout
            return dx

    attention = MultiHeadAttention(*PARAMS, heads=2)
    net = Network({"Block": Sequential(attention), "Last": LastPosition()}, SoftmaxWithLoss())
    gradients, differences = net.gradient(X, np.array([1, 3])), net.numerical_gradient(X, np.array([1, 3]))
    assert list(gradients) == [f"Block.MultiHeadAttention1.{name}" for name in ("W_in", "b_in", "W_out", "b_out")]
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, differences[name], rtol=0, atol=1e-8)  # h² f‴ / 6 and u f / h, h = 1e-5
    assert attention.weights.shape == (2, 2, 3, 3)
    with pytest.raises(TypeError, match="the layer must be registered, with its PyTorch twin, got LastPosition"):
        pair_of_network(net)


@settings(max_examples=25)
@given(st.data())
def test_rows_of_weights_sum_to_1_and_gradients_are_those_of_differences(data: Any) -> None:
    size = st.integers(1, 4)
    N, T, S, d, e = (data.draw(size) for _ in range(5))
    causal, seed = data.draw(st.booleans()), data.draw(st.integers(0, 99))
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal((N, *shape)) for shape in ((T, d), (S, d), (S, e))]
    dout, way = rng.standard_normal((N, T, e)), [rng.standard_normal(one.shape) for one in arrays]
    layer = ScaledDotProductAttention(causal=causal)
    layer.forward(*arrays)
    np.testing.assert_allclose(layer.weights.sum(axis=-1), 1, rtol=1e-15 * (S + 10))
    along = sum((gradient * one).sum() for gradient, one in zip(layer.backward(dout), way, strict=True))
    z = [(one + 1e-200j * step) for one, step in zip(arrays, way, strict=True)]
    assert along == pytest.approx((layer.forward(*z).imag * 1e200 * dout).sum(), rel=1e-10, abs=1e-12)


Q, K, V = np.ones((2, 3, 4)), np.ones((2, 5, 4)), np.ones((2, 5, 6))


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ((Q.tolist(), K, V), TypeError, "q must be a NumPy array, got list"),
        ((Q, K.astype(np.float32), V), TypeError, "k must be float64, got float32"),
        ((Q, K, V.astype(np.float32)), TypeError, "v must be float64, got float32"),
        ((Q[0, 0], K, V), ValueError, r"q must be \(..., T, d\) with d of 1 or more, got shape \(4,\)"),
        ((Q, K[..., 1:], V), ValueError, r"k must be \(2, S, 4\) with S of 1 or more, .* got shape \(2, 5, 3\)"),
        ((Q, K[:, :0], V[:, :0]), ValueError, r"k must be \(2, S, 4\) with S of 1 or more, .* got shape \(2, 0, 4\)"),
        ((Q, K[:1], V[:1]), ValueError, r"k must be \(2, S, 4\) .* these leading axes, got shape \(1, 5, 4\)"),
        ((Q, K, V[:, 1:]), ValueError, r"v must be \(2, 5, e\), a row for each key, got shape \(2, 4, 6\)"),
        ((Q, K, V[0]), ValueError, r"v must be \(2, 5, e\), a row for each key, got shape \(5, 6\)"),
    ],
)
def test_what_does_not_fit_is_refused(arrays: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^ScaledDotProductAttention: {message}"):
        ScaledDotProductAttention().forward(*arrays)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"W_in": PARAMS[2]}, ValueError, r"W_in must be a matrix \(D, 3D\), D of 1 or more, got shape \(4, 4\)"),
        ({"W_in": "junk"}, TypeError, "W_in must be a NumPy array, got 'junk'"),
        ({"b_in": PARAMS[1][:4]}, ValueError, r"b_in must have shape \(12,\), got \(4,\)"),
        ({"W_out": PARAMS[0]}, ValueError, r"W_out must have shape \(4, 4\), got \(4, 12\)"),
        ({"b_out": PARAMS[3].astype(np.float32)}, TypeError, "b_out must be float64, got float32"),
        ({"heads": 3}, ValueError, "heads must divide the 4 features, got 3"),
        ({"heads": 0}, ValueError, "heads must be 1 or more, got 0"),
        ({"heads": 2.0}, TypeError, "heads must be an integer, got float"),
        ({"heads": True}, TypeError, "heads must be an integer, got True"),
        ({"causal": None}, TypeError, "causal must be True or False, got None"),
    ],
)
def test_what_cannot_be_heads_is_refused(changed: dict[str, Any], error: type[Exception], message: str) -> None:
    named = dict(zip(("W_in", "b_in", "W_out", "b_out"), PARAMS, strict=True))
    with pytest.raises(error, match=f"^MultiHeadAttention: {message}"):
        MultiHeadAttention(**{**named, "heads": 2, **changed})


def test_one_sequence_without_a_batch_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"MultiHeadAttention: x must be \(N, T, 4\) with T of 1 or more, got shape .3, 4."
    ):
        MultiHeadAttention(*PARAMS, heads=2).forward(X[0])
