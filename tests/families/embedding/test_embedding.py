"""Embedding beyond its pair: its formula by its name, ids of any form, what it refuses and in which words."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from numpy_impl import Affine, Embedding, Network, SoftmaxWithLoss
from numpy_impl.chain.own_layer import pure
from torch_ref import verify

W = np.arange(12.0).reshape(4, 3)


def test_each_row_gets_the_sum_of_what_comes_to_its_ids() -> None:
    layer = Embedding(W)
    np.testing.assert_array_equal(layer.forward(np.array([2, 0, 2])), W[[2, 0, 2]], strict=True)
    dx: Any = layer.backward(np.array([[1.0, 2, 3], [10, 20, 30], [100, 200, 300]]))
    assert dx is None
    np.testing.assert_array_equal(layer.dW, [[10, 20, 30], [0, 0, 0], [101, 202, 303], [0, 0, 0]])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=8), st.sampled_from([np.int8, np.uint8, np.int64, np.uint64]))
def test_the_gradient_is_the_transposed_one_hot_rows_times_dout(numbers: list[int], dtype: Any) -> None:
    """y = E W with a row of E for each id, 1 at the id and else 0: whole numbers, so all is exact."""
    ids = np.array(numbers, dtype)
    dout = np.arange(len(ids) * 3.0).reshape(-1, 3) + 1
    layer = Embedding(W)
    np.testing.assert_array_equal(layer.forward(ids), np.eye(4)[ids] @ W, strict=True)
    layer.backward(dout)
    np.testing.assert_array_equal(layer.dW, np.eye(4)[ids].T @ dout, strict=True)


@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 0), (2, 3), (2, 2, 3)])
def test_ids_of_any_shape_are_those_of_pytorch(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    ids, dout = rng.integers(0, 4, shape), rng.integers(-9, 9, (*shape, 3)).astype(float)
    layer, twin = Embedding(W), torch.nn.Embedding(4, 3, _weight=torch.from_numpy(W.copy()))
    y = twin(torch.from_numpy(np.asarray(ids)))
    y.backward(torch.from_numpy(dout))
    np.testing.assert_array_equal(layer.forward(np.asarray(ids)), y.detach().numpy(), strict=True)
    layer.backward(dout)
    assert twin.weight.grad is not None
    np.testing.assert_array_equal(layer.dW, twin.weight.grad.numpy(), strict=True)


def test_y_is_no_view_of_w() -> None:
    layer = Embedding(W.copy())
    layer.forward(np.array(1))[...] = 99
    np.testing.assert_array_equal(layer.W, W)


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([0, 1], TypeError, "Embedding: ids must be a NumPy array, got list"),
        (np.array([0.0]), TypeError, "Embedding: ids must be integers, got float64"),
        (np.array([True]), TypeError, "Embedding: ids must be integers, got bool"),
        (np.array([0, 7, 9]), ValueError, "Embedding: ids must be from 0 to 3, got 7"),
        (np.array([[0], [-1]]), ValueError, "Embedding: ids must be from 0 to 3, got -1"),
        (np.array(4, np.uint8), ValueError, "Embedding: ids must be from 0 to 3, got 4"),
    ],
)
def test_what_is_no_row_is_refused(ids: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        Embedding(W).forward(ids)
    assert str(raised.value) == message


@pytest.mark.parametrize("table", [np.ones(3), np.ones((0, 3)), np.ones((3, 0))])
def test_a_table_must_have_rows_and_columns(table: Any) -> None:
    with pytest.raises(ValueError, match=r"Embedding: W must be a matrix \(ids, features\), neither of them 0, got"):
        Embedding(table)


def test_it_is_the_first_layer_of_a_network() -> None:
    rng = np.random.default_rng(0)
    layers = {"words": Embedding(rng.standard_normal((7, 3))), "end": Affine(rng.standard_normal((3, 4)), np.ones(4))}
    net = Network(layers, SoftmaxWithLoss())
    ids, t = np.array([6, 0, 6, 2]), np.array([0, 1, 2, 3])
    report = verify(net, ids, t)
    assert report.ok, report
    assert pure(layers["words"]).has_gradients
    numerical = net.numerical_gradient(ids, t)
    np.testing.assert_allclose(net.gradient(ids, t)["words.W"], numerical["words.W"], rtol=0, atol=1e-9)  # h = 1e-5
