"""`verify` on networks whose passes depend on a state: dropout's generator, running statistics."""

from typing import Any

import numpy as np
import pytest

from numpy_impl import Affine, BatchNorm, Dropout, MultiLayerNet, Network, ReLU, Residual, SoftmaxWithLoss
from numpy_impl.validation import Array
from torch_ref import verify

X = np.random.default_rng(1).standard_normal((20, 4))
T = np.random.default_rng(2).integers(0, 3, 20)


def deep(dtype: Any, **options: Any) -> MultiLayerNet:
    return MultiLayerNet(4, [30, 30, 30], 3, batch_norm=True, dropout=0.5, rng=0, dtype=dtype, **options)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("training", [True, False])
def test_a_deep_network_is_right_in_both_modes_and_left_as_it_was(dtype: Any, training: bool) -> None:
    net, other = deep(dtype), deep(dtype)
    net.training = other.training = training
    report = verify(net, X.astype(dtype), T)
    assert not [row for row in report.rows if row.numpy.is_wrong or row.torch.is_wrong], report
    assert {"Affine1.dW", "BatchNorm2.running_var", "Dropout3.dx", "last_layer.loss", "dAffine1.W"} <= {
        row.name for row in report.rows
    }
    np.testing.assert_array_equal(net.predict(X.astype(dtype)), other.predict(X.astype(dtype)), strict=True)


class Forgetful(Network):
    """A network that loses a factor on its way back to the first layer."""

    def _gradients(self, dout: Array, tape: Any) -> Any:
        found = super()._gradients(dout, tape)
        return found | {"Affine1.W": found["Affine1.W"] * np.float32(1.001)}


def test_where_the_bounds_of_the_whole_are_wide_those_of_the_layers_hold() -> None:
    """Composed through batch-norm in float32 they are wider than the gradients themselves."""
    net = deep(np.float32)
    wrong = Forgetful(net.layers, SoftmaxWithLoss())
    report = verify(wrong, X.astype(np.float32), T)
    assert [row.name for row in report.rows if row.at_fault == "NumPy"] == ["dAffine1.W"], report


def test_the_states_of_layers_inside_of_layers_are_kept_too() -> None:
    rng = np.random.default_rng(0)
    block = Residual(
        Affine(rng.standard_normal((4, 4)), np.zeros(4)),
        BatchNorm(np.ones(4), np.zeros(4)),
        ReLU(),
        Dropout(0.5, rng=1),
    )
    net = Network({"Block1": block, "Affine1": Affine(rng.standard_normal((4, 3)), np.zeros(3))}, SoftmaxWithLoss())
    first = net.state
    report = verify(net, X, T)
    assert report.ok, report
    assert "Block1.Dropout1.dx" in {row.name for row in report.rows}
    assert repr(net.state) == repr(first)


def test_a_layer_of_its_own_is_left_as_it_was() -> None:
    layer = BatchNorm(np.ones(4), np.zeros(4))
    verify(layer, X).check()
    np.testing.assert_array_equal(layer.running_mean, np.zeros(4), strict=True)
