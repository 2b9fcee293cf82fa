"""SGD: in place, all or nothing, and clear about what it refuses. Its pair with torch.optim.SGD is in test_pairs."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from numpy_impl import SGD

READ_ONLY = np.ones(2)
READ_ONLY.setflags(write=False)


@pytest.mark.parametrize("lr", [1, 0.5, np.float64(0.5), np.float32(0.5)])
def test_update_is_in_place_and_keeps_the_dtype(lr: Any) -> None:
    p, g = np.array([1.0, 2.0], np.float32), np.array([2.0, -4.0], np.float32)
    SGD(lr).update({"p": p}, {"p": g})
    np.testing.assert_array_equal(p, np.array([1 - lr * 2, 2 + lr * 4], np.float32), strict=True)
    np.testing.assert_array_equal(g, [2, -4])


def test_a_step_in_float32_is_computed_in_float32() -> None:
    start, g = np.float32(0.41163054), np.array([1.0425134], np.float32)  # where float64 would round otherwise
    p = np.array([start])
    SGD(np.float64(0.1)).update({"p": p}, {"p": g})
    assert p[0] == start - np.float32(0.1) * g[0] != np.float32(float(start) - 0.1 * float(g[0]))


def test_a_learning_rate_of_0_changes_nothing() -> None:
    p = np.array([1.0])
    SGD(0).update({"p": p}, {"p": np.array([5.0])})
    assert p == 1


def test_overflow_is_a_value() -> None:
    p = np.array([1e308])
    SGD(10).update({"p": p}, {"p": np.array([-1e308])})
    assert p == np.inf


@pytest.mark.parametrize("order", ["C", "F"])
def test_parameters_may_lie_in_any_order_and_be_complex(order: Any) -> None:
    whole = np.zeros((4, 6), complex, order)
    SGD(0.5).update({"p": whole[::-2, 1::2]}, {"p": np.full((2, 3), 2 - 4j)})
    expected = np.zeros((4, 6), complex)
    expected[::-2, 1::2] = -1 + 2j
    np.testing.assert_array_equal(whole, expected, strict=True)


def test_gradients_that_are_computed_as_they_are_looked_up_are_those_before_the_update() -> None:
    params = {"a": np.ones(2), "b": np.ones(2)}

    class OfTheProduct(Mapping[str, Any]):
        """∂(a b)/∂a = b and ∂(a b)/∂b = a, until somebody has looked three times."""

        looked = 0

        def __iter__(self) -> Iterator[str]:
            return iter(params)

        def __len__(self) -> int:
            return len(params)

        def __getitem__(self, key: str) -> Any:
            self.looked += 1
            return params["b" if key == "a" else "a"].copy() if self.looked < 3 else None

    SGD(0.5).update(params, OfTheProduct())
    assert {key: p.tolist() for key, p in params.items()} == {"a": [0.5, 0.5], "b": [0.5, 0.5]}


@pytest.mark.parametrize(
    ("lr", "error", "message"),
    [
        (-0.1, ValueError, "SGD: lr must be from 0 to .*, got -0.1"),
        (float("nan"), ValueError, "got nan"),
        (float("inf"), ValueError, "got inf"),
        (10**400, ValueError, "SGD: lr must be from 0 to .*, got 1000"),
        (np.longdouble("1e400"), ValueError, "SGD: lr must be from 0 to .*"),
        ("0.1", TypeError, "SGD: lr must be a real number, got '0.1'"),
        (True, TypeError, "got True"),
        (None, TypeError, "got None"),
    ],
)
def test_a_bad_learning_rate_is_refused(lr: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SGD(lr)


@pytest.mark.parametrize(("lr", "error"), [(None, TypeError), (float("nan"), ValueError), ("1", TypeError)])
def test_a_learning_rate_that_was_changed_is_checked_again(lr: Any, error: type[Exception]) -> None:
    optimizer, p = SGD(0.5), np.array([1.0])
    with pytest.raises(error, match="SGD: lr must be"):
        optimizer.lr = lr
    assert optimizer.lr == 0.5
    optimizer.lr = np.float64(0.25)
    optimizer.update({"p": p}, {"p": np.array([2.0])})
    assert p == 0.5


@pytest.mark.parametrize(
    ("params", "grads", "error", "message"),
    [
        ({}, [], TypeError, "SGD: grads must be a mapping of arrays, got list"),
        (None, {}, TypeError, "SGD: params must be a mapping of arrays, got None"),
        ({"b": np.ones(2)}, {}, ValueError, "SGD: grads must have the keys a, b, got none"),
        ({"b": np.ones(2)}, {"a": np.ones(2), "c": np.ones(2)}, ValueError, "the keys a, b, got a, c"),
        (
            {"b": np.ones(2)},
            {"a": np.ones(2), "b": np.ones(1)},
            ValueError,
            r"grads\['b'\] must have shape \(2,\), got \(1,\)",
        ),
        (
            {"b": np.ones((2, 3))},
            {"a": np.ones(2), "b": np.ones(3)},
            ValueError,
            r"grads\['b'\] must have shape \(2, 3\), got \(3,\)",
        ),
        (
            {"b": np.ones(2)},
            {"a": np.ones(2), "b": [1.0, 1.0]},
            TypeError,
            r"grads\['b'\] must be a NumPy array, got list",
        ),
        (
            {"b": np.ones(2, np.float16)},
            {"a": np.ones(2), "b": np.ones(2, np.float16)},
            TypeError,
            r"params\['b'\] must be of a native floating-point dtype",
        ),
        (
            {"b": np.ones(2)},
            {"a": np.ones(2), "b": np.ones(2, np.float32)},
            TypeError,
            r"grads\['b'\] must be float64, got float32",
        ),
        (
            {"b": np.ones(2, np.float32)},
            {"a": np.ones(2), "b": np.ones(2)},
            TypeError,
            r"grads\['b'\] must be float32, got float64",
        ),
        *(
            (
                {"b": p},
                {"a": np.ones(2), "b": g},
                TypeError,
                rf"{name}\['b'\] must be a NumPy array, got MaskedArray",
            )
            for p, g, name in (
                (np.ma.ones(2), np.ones(2), "params"),
                (np.ones(2), np.ma.ones(2), "grads"),
                (np.ma.ones(2), np.ma.ones(2), "params"),
            )
        ),
        (
            {"b": np.ones(2, int)},
            {"a": np.ones(2), "b": np.ones(2, int)},
            TypeError,
            r"params\['b'\] must be of a native floating-point dtype",
        ),
        (
            {"b": READ_ONLY},
            {"a": np.ones(2), "b": np.ones(2)},
            ValueError,
            r"params\['b'\] must be writeable, got a read-only",
        ),
    ],
)
def test_a_bad_update_is_refused_before_anything_changes(
    params: Any, grads: Any, error: type[Exception], message: str
) -> None:
    first = np.ones(2)
    if isinstance(params, dict):
        params = {"a": first, **params}
    with pytest.raises(error, match=message):
        SGD(0.5).update(params, grads)
    np.testing.assert_array_equal(first, 1)
