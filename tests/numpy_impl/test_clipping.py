"""clip_grad_norm: in place, beside PyTorch's, at all sizes of numbers."""

from typing import Any

import numpy as np
import pytest
import torch

from numpy_impl import TwoLayerNet, clip_grad_norm
from numpy_impl.validation import Array

INF, NAN = np.inf, np.nan
U = 2.0**-53


def gradients(scale: float = 1.0, dtype: Any = np.float64) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    return {key: (scale * rng.standard_normal(shape)).astype(dtype) for key, shape in {"W": (4, 3), "b": (3,)}.items()}


def norm_of(grads: dict[str, Array]) -> float:
    return float(np.sqrt(sum((np.asarray(g, np.longdouble) ** 2).sum() for g in grads.values())))


@pytest.mark.parametrize("max_norm", [0.5, 2, np.float32(0.25), 100.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_that_of_pytorch_but_for_1e_6(dtype: Any, max_norm: Any) -> None:
    ours = gradients(dtype=dtype)
    tensors = [torch.nn.Parameter(torch.tensor(g)) for g in ours.values()]
    for tensor in tensors:
        tensor.grad = tensor.detach().clone()
    theirs = torch.nn.utils.clip_grad_norm_(tensors, float(max_norm))
    before = norm_of(ours)
    norm = clip_grad_norm(ours, max_norm)
    assert type(norm) is float
    u = np.finfo(dtype).eps / 2
    assert norm == pytest.approx(float(theirs), rel=20 * u)  # a sum of 15 squares, a root
    assert norm == pytest.approx(before, rel=20 * U)
    for g, tensor in zip(ours.values(), tensors, strict=True):
        assert tensor.grad is not None
        assert g.dtype == dtype
        np.testing.assert_allclose(g, tensor.grad.numpy(), rtol=1e-6 / before + 30 * u)
    assert norm_of(ours) == pytest.approx(min(before, float(max_norm)), rel=30 * u)


def test_what_is_no_longer_than_max_norm_is_left_alone() -> None:
    grads = {"a": np.array([3.0]), "b": np.array([-4.0])}
    for max_norm in (5, 5.0, 6, INF):
        assert clip_grad_norm(grads, max_norm) == 5
        assert (float(grads["a"][0]), float(grads["b"][0])) == (3, -4)  # where PyTorch multiplies with 5 / (5 + 1e-6)


@pytest.mark.parametrize(
    ("scale", "dtype"), [(1e300, np.float64), (1e-300, np.float64), (1e37, np.float32), (1e-38, np.float32)]
)
def test_squares_neither_overflow_nor_underflow(scale: float, dtype: Any) -> None:
    grads, right = gradients(scale, dtype), gradients(scale, dtype)
    assert clip_grad_norm(grads, scale) == pytest.approx(norm_of(right), rel=1e-14)
    assert norm_of(grads) == pytest.approx(scale, rel=1e-6 if dtype == np.float32 else 1e-14)


@pytest.mark.parametrize(
    ("largest", "max_norm", "dtype"),
    [(1.5e308, 1.0, np.float64), (1.5e308, 1e-300, np.float64), (3e38, 1e-3, np.float32), (3e38, 1.0, np.float32)],
)
def test_a_factor_that_is_no_normal_number_loses_no_digits(largest: float, max_norm: float, dtype: Any) -> None:
    """Also where the norm itself, √8 of the entries, is no number of the format."""
    grads = {"a": np.full(8, largest, dtype), "b": np.full(1, 0, dtype)}
    norm = clip_grad_norm(grads, max_norm)
    assert norm == (INF if dtype == np.float64 else pytest.approx(np.sqrt(8) * largest, rel=1e-6))
    np.testing.assert_allclose(grads["a"], max_norm / np.sqrt(8), rtol=1e-6)
    assert grads["b"] == 0


@pytest.mark.parametrize("special", [NAN, INF, -INF])
def test_nan_and_infinity_are_those_of_pytorch(special: float) -> None:
    ours = {"a": np.array([special, 1.0, -2.0]), "b": np.ones(2)}
    tensors = [torch.nn.Parameter(torch.tensor(g)) for g in ours.values()]
    for tensor in tensors:
        tensor.grad = tensor.detach().clone()
    theirs = float(torch.nn.utils.clip_grad_norm_(tensors, 1.0))
    np.testing.assert_equal(clip_grad_norm(ours, 1.0), theirs)
    for g, tensor in zip(ours.values(), tensors, strict=True):
        assert tensor.grad is not None
        np.testing.assert_array_equal(g, tensor.grad.numpy())


def test_nan_is_not_hidden_by_infinity_in_another_array() -> None:
    for keys in ("ab", "ba"):
        grads = {keys[0]: np.array([NAN]), keys[1]: np.array([INF])}
        assert np.isnan(clip_grad_norm(grads, 1.0))


def test_complex_gradients_views_empty_ones_and_none() -> None:
    whole = np.zeros((4, 2), complex)
    grads = {"a": whole[::-2, 1], "b": np.ones((0, 3))}
    whole[::2, 1] = 9
    grads["a"][...] = [3j, 4]
    assert clip_grad_norm(grads, 2.5) == 5
    np.testing.assert_array_equal(whole[::-2, 1], [1.5j, 2])
    np.testing.assert_array_equal(whole[:, 0], 0)
    assert clip_grad_norm({}, 1.0) == clip_grad_norm({"b": np.zeros(3)}, 0) == 0
    grads = {"a": np.array([2.0])}
    assert clip_grad_norm(grads, 0) == 2
    assert grads["a"] == 0


def test_it_clips_what_a_network_returns() -> None:
    net = TwoLayerNet(4, 3, 2, 1.0, rng=0)
    grads = net.gradient(np.ones((5, 4), np.float32), np.array([0, 1, 1, 0, 1]))
    norm = clip_grad_norm(grads, 1e-3)
    assert norm > 1e-3
    assert norm_of(grads) == pytest.approx(1e-3, rel=1e-5)


READ_ONLY = np.ones(2)
READ_ONLY.setflags(write=False)


@pytest.mark.parametrize(
    ("grads", "max_norm", "error", "message"),
    [
        ([np.ones(2)], 1, TypeError, "grads must be a mapping of arrays, got list"),
        (None, 1, TypeError, "grads must be a mapping of arrays, got None"),
        ({"b": [1.0]}, 1, TypeError, r"grads\['b'\] must be a NumPy array, got list"),
        ({"b": np.ones(2, int)}, 1, TypeError, r"grads\['b'\] must be of a native floating-point dtype"),
        ({"b": READ_ONLY}, 1, ValueError, r"grads\['b'\] must be writeable, got a read-only array"),
        ({}, -1, ValueError, "max_norm must be from 0 to .*, got -1"),
        ({}, NAN, ValueError, "max_norm must be from 0 to .*, got nan"),
        ({}, "1", TypeError, "max_norm must be a real number, got '1'"),
        ({}, None, TypeError, "max_norm must be a real number, got None"),
        ({}, True, TypeError, "max_norm must be a real number, got True"),
    ],
)
def test_bad_arguments_are_refused_before_anything_changes(
    grads: Any, max_norm: Any, error: type[Exception], message: str
) -> None:
    first = np.full(2, 9.0)
    with pytest.raises(error, match=f"^clip_grad_norm: {message}"):
        clip_grad_norm({"a": first, **grads} if isinstance(grads, dict) else grads, max_norm)
    np.testing.assert_array_equal(first, 9)
