"""The comparison itself: each kind of wrong result is seen, and two correct ones pass."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tolerances import affine_radii, assert_entries_within, assert_within, loss_radii

from numpy_impl import Affine, SoftmaxWithLoss
from numpy_impl.checks import Array
from torch_ref import autograd_layer, autograd_loss, backprop_layer, backprop_loss, twin

RNG = np.random.default_rng(0)
W, B, X, DOUT = (RNG.standard_normal(shape) for shape in ((4, 4), 4, (6, 4), (6, 4)))  # a square W
LOGITS, LABELS = RNG.standard_normal((6, 4)), np.array([0, 3, 1, 1, 2, 0])


class WrongAffine(Affine):
    """Affine with one result changed after the fact."""

    def __init__(self, name: str, change: Callable[[Array], Array], dtype: Any) -> None:
        super().__init__(W.astype(dtype), B.astype(dtype))
        self.name, self.change = name, change

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return self.change(y) if self.name == "y" else y

    def backward(self, dout: Array) -> Array:
        dx = super().backward(dout)
        if self.name in ("dW", "db"):
            setattr(self, self.name, self.change(getattr(self, self.name)))
        return self.change(dx) if self.name == "dx" else dx


def compare(layer: Affine, dtype: Any) -> None:
    x, dout = X.astype(dtype), DOUT.astype(dtype)
    radii = affine_radii(layer.W, layer.b, x, dout)
    assert_within(backprop_layer(layer, x, dout), autograd_layer(twin(layer), x, dout), radii)


def one_entry(value: Array, entry: float) -> Array:
    value = value.copy()
    value.flat[3] = entry
    return value


SLIPS: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "missing-transpose": ("dW", lambda dW: dW.T.copy()),
    "dx-by-W-not-transposed": ("dx", lambda _: DOUT @ W),
    "bias-left-out": ("y", lambda y: y - B.astype(y.dtype)),
    "db-doubled": ("db", lambda db: 2 * db),
    "sign": ("dx", lambda dx: -dx),
    "nan": ("dW", lambda dW: one_entry(dW, np.nan)),
    "infinity": ("y", lambda y: one_entry(y, np.inf)),
    "zeros": ("dW", np.zeros_like),
    "one-entry-off-by-a-little": ("dW", lambda dW: one_entry(dW, dW.flat[3] * (1 + 1e-4) + 1e-4)),
    "other-dtype": ("db", lambda db: db.astype(np.longdouble)),
    "extra-axis": ("db", lambda db: db[None]),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_correct_layer_passes(dtype: Any) -> None:
    compare(Affine(W.astype(dtype), B.astype(dtype)), dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "change"), SLIPS.values(), ids=SLIPS)
def test_a_slip_in_affine_is_seen_and_named(name: str, change: Callable[[Array], Array], dtype: Any) -> None:
    layer = WrongAffine(name, lambda value: np.asarray(change(value)), dtype)
    with pytest.raises(AssertionError, match=f"^{name}[:[]"):
        compare(layer, dtype)


def test_a_computation_in_float32_is_seen_in_float64() -> None:
    layer = WrongAffine("y", lambda y: y.astype(np.float32).astype(np.float64), np.float64)
    with pytest.raises(AssertionError, match=r"^y\["):
        compare(layer, np.float64)


def wrong_loss(dx: Callable[[Array], Array], loss: float = 0.0) -> None:
    layer = SoftmaxWithLoss()
    got, expected = backprop_loss(layer, LOGITS, LABELS, 1.7), autograd_loss(twin(layer), LOGITS, LABELS, 1.7)
    got = {"loss": got["loss"] + loss, "dx": dx(got["dx"])}
    assert_within(got, expected, loss_radii(LOGITS, np.eye(4)[LABELS], 1.7))


def test_a_slip_in_the_loss_is_seen() -> None:
    wrong_loss(lambda dx: dx)
    with pytest.raises(AssertionError, match=r"^loss"):
        wrong_loss(lambda dx: dx, loss=1e-7)  # an epsilon in the logarithm
    for slip in (lambda dx: dx / 1.7, lambda dx: dx * 6, lambda dx: -dx, lambda dx: dx + 1e-13):
        with pytest.raises(AssertionError, match=r"^dx"):
            wrong_loss(slip)


def test_an_even_gradient_and_a_vacuous_radius_are_no_comparison() -> None:
    with pytest.raises(AssertionError, match="an even gradient shows nothing"):
        assert_entries_within("dx", np.zeros(3), np.zeros(3), np.ones(3))
    with pytest.raises(AssertionError, match="the radius is vacuous"):
        assert_entries_within("y", np.zeros(3), np.zeros(3), np.array([1.0, np.inf, 1.0]))
    with pytest.raises(AssertionError, match="radius of shape"):
        assert_entries_within("y", np.zeros((2, 3)), np.zeros((2, 3)), np.ones(3))
    with pytest.raises(AssertionError):
        assert_within({"y": np.ones(1)}, {"y": np.ones(1), "dx": np.ones(1)}, {"y": np.ones(1)})


def test_the_message_names_the_entry_and_what_was_allowed() -> None:
    with pytest.raises(AssertionError, match=r"y\[1\] is .*2\.5.*, not .*2\.0.*: 0\.5 apart, 0\.1 allowed; 1 of 2"):
        assert_entries_within("y", np.array([1.0, 2.5]), np.array([1.0, 2.0]), 0.1)
