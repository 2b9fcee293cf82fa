"""Normalizations and dropouts of somebody else's: their bounds are proven, whatever the twin's options."""

from typing import Any

import numpy as np
import pytest
import slipped_norms as norms
from examining import examined
from torch import nn

from numpy_impl.validation import Array
from torch_ref import candidate
from torch_ref.families.normalization.of_module import formulas_of
from torch_ref.your_layer.text import verdict

INACCURATE = "inaccurate: the variance is taken as mean(x^2) - mean^2, which loses its digits where the mean is large"


class RMSNorm(norms.RMSNorm):
    def backward(self, dout: Array) -> Array:
        d = dout * self.gamma
        self.dgamma = (dout * self.hat).sum(axis=0)
        return (d - self.hat * (d * self.hat).mean(axis=-1, keepdims=True)) / self.std


class GroupNorm(norms.GroupNorm):
    def backward(self, dout: Array) -> Array:
        super().backward(dout)
        d, hat = ((a.reshape(len(dout), 2, -1)) for a in (dout * self.params["gamma"].reshape(1, -1, 1), self.hat))
        dx = (d - d.mean(2, keepdims=True) - hat * (d * hat).mean(2, keepdims=True)) / self.std
        return dx.reshape(dout.shape)


class Plain(norms.BatchNorm):
    """Without gamma and beta."""

    def __init__(self) -> None:
        super().__init__(np.ones(1), np.zeros(1))

    def forward(self, x: Array) -> Array:
        return super().forward(x).astype(x.dtype)

    def backward(self, dout: Array) -> Array:
        return super().backward(dout).astype(dout.dtype)


class BySquares(norms.Norm):
    def forward(self, x: Array) -> Array:
        mean = x.mean(axis=-1, keepdims=True)
        variance = (x * x).mean(axis=-1, keepdims=True) - mean**2
        self.std = self.root(np.maximum(variance, 0))
        self.hat = (x - mean) / self.std
        return self.gamma * self.hat + self.beta


RIGHT: list[tuple[Any, Any, dict[str, Any]]] = [
    (norms.Norm, "LayerNorm(5)", {}),
    (norms.Norm, "LayerNorm", {}),
    (norms.BatchNorm, "BatchNorm1d", {}),
    (norms.BatchNorm, "batch_norm", {}),
    (norms.BatchNorm, nn.BatchNorm1d(5), {}),
    (Plain, "BatchNorm1d(5, affine=False)", {}),
    (RMSNorm, "RMSNorm(5, eps=1e-5)", {}),
    (GroupNorm, "GroupNorm(2, 4)", {"shape": (4, 3)}),
]


@pytest.mark.parametrize(("layer", "like", "given"), RIGHT)
def test_a_right_one_is_right_within_proven_bounds(layer: Any, like: Any, given: Any) -> None:
    found = examined(layer, like, (np.float32, np.float64), skip=("results_are_the_callers",), **given)
    assert verdict(found).startswith("right"), found.problems
    assert candidate(layer, like, **given).basis == "proven rounding bounds"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_variance_of_mean_squares_is_inaccurate_and_not_wrong(dtype: Any) -> None:
    found = examined(BySquares, "LayerNorm", (dtype,), skip=("results_are_the_callers",))
    assert "but inaccurate on" in verdict(found), found.problems
    assert INACCURATE in found.problems[0].sentence


def test_an_eps_of_none_is_that_of_the_dtype() -> None:
    class OfEps(RMSNorm):
        def forward(self, x: Array) -> Array:
            self.std = np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.finfo(x.dtype).eps)
            self.hat = x / self.std
            return self.gamma * self.hat

    assert examined(OfEps, "RMSNorm", (np.float32, np.float64), only=("forward", "input_gradient")).ok


@pytest.mark.parametrize(
    "module",
    [nn.BatchNorm1d(5).eval(), nn.LayerNorm((2, 3)), nn.RMSNorm((2, 3)), nn.InstanceNorm1d(3), nn.Linear(2, 3)],
)
def test_modules_that_are_no_normalization_of_one_axis_are_measured(module: Any) -> None:
    assert formulas_of(module) is None
