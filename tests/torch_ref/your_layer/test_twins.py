"""The twin by an expression: its sizes, its options, and the shape of images."""

from typing import Any

import forms
import numpy as np
import own_layers
import pytest
import torch
from examining import examined
from torch import nn

from torch_ref import PAIRS, candidate, examine, text_of
from torch_ref.scenarios import Data
from torch_ref.your_layer.options import options_from
from torch_ref.your_layer.text import verdict
from torch_ref.your_layer.twins import shape_for, twin_like


def test_an_expression_fixes_sizes_and_keeps_a_proven_pair_where_there_are_sizes_alone() -> None:
    twin = twin_like("nn.Linear(5, 3)")
    assert (twin.pair and twin.pair.name, dict(twin.sizes)) == ("affine", {"in": 5, "out": 3})
    twin = twin_like("torch.nn.Linear(5, 3, bias=False)")
    assert (twin.pair, dict(twin.sizes)) == (None, {"in": 5, "out": 3})
    assert dict(twin_like("LayerNorm(7)").sizes) == {"in": 7}
    assert dict(twin_like(nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))).sizes) == {"in": 4, "out": 2}
    assert dict(twin_like("Softmax(dim=1)").sizes) == {}


@pytest.mark.parametrize(
    ("like", "message"),
    [
        (
            "Softmax(dim=one)",
            r"like: it must be a module with literal arguments, as Softmax\(dim=1\), got 'Softmax\(dim=o",
        ),
        ("Softmax(dim", r"like: it must be a module with literal arguments"),
        (
            "Sofmax(1)",
            r"a function of torch.nn.functional such as gelu, or a callable, got 'Sofmax\(1\)'",
        ),
        ("Linear(5, 3, 4, 5, 6, 7)", "the twin cannot be made"),
    ],
)
def test_what_is_no_expression_is_told(like: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        candidate(own_layers.Affine, like)


def test_sizes_that_are_given_must_be_those_of_the_twin() -> None:
    assert examined(own_layers.Affine, "Linear(5, 3)", inputs=5, outputs=3).ok
    with pytest.raises(ValueError, match=r"Linear\(5, 3\): its size 'in' is 5, got 6"):
        candidate(own_layers.Affine, "Linear(5, 3)", inputs=6)


class Softmax:
    """Its sum over the other outputs is left out where it is the slip."""

    is_slip = False

    def forward(self, x: Any) -> Any:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y.copy()

    def backward(self, dout: Any) -> Any:
        return self.y * (dout - (not self.is_slip) * (dout * self.y).sum(axis=1, keepdims=True))


class OfTheDiagonal(Softmax):
    def backward(self, dout: Any) -> Any:
        return dout * self.y * (1 - self.y)


def test_a_softmax_is_right_or_told_that_it_has_the_diagonal_alone() -> None:
    assert verdict(examined(Softmax, "Softmax(dim=1)")) == "right"
    (problem,) = examined(OfTheDiagonal, "Softmax(dim=1)").problems
    says = "dx: only the diagonal of the Jacobian is used: the sum over the other outputs is missing"
    assert problem.sentence == says


class ThreeTimes(nn.Module):
    def forward(self, x: Any) -> Any:
        return 3 * x


class AQuarterOfIt:
    def forward(self, x: Any) -> Any:
        return 3 * x

    def backward(self, dout: Any) -> Any:
        return x if (x := 0.75 * dout).dtype == dout.dtype else None


def test_a_factor_that_stands_for_nothing_is_said_as_a_number() -> None:
    (problem,) = examined(AQuarterOfIt, ThreeTimes).problems
    assert problem.sentence == "dx: it is 0.25 times what it must be"


class Softplus:
    """The exact function, or, with a threshold, PyTorch's."""

    threshold = np.inf

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return np.where(x > self.threshold, x, np.logaddexp(x, x.dtype.type(0)))

    def backward(self, dout: Any) -> Any:
        e = np.exp(-abs(self.x))
        return dout * np.where(self.x > self.threshold, 1, np.where(self.x >= 0, 1, e) / (1 + e)).astype(dout.dtype)


class SoftplusAsInPyTorch(Softplus):
    threshold = 20.0


class SoftplusFromTen(Softplus):
    threshold = 10.0


def test_the_exact_softplus_is_as_right_as_pytorchs_and_no_coarser_one_is() -> None:
    for right in (Softplus, SoftplusAsInPyTorch):
        assert verdict(examined(right, "Softplus", (np.float64,))) == "right"
    assert not examined(SoftplusFromTen, "Softplus", (np.float64,)).ok


class Conv:
    """As a course writes it: options in a dict, loops over the windows."""

    def __init__(self, w: Any, b: Any, conv_param: Any) -> None:
        self.w, self.b, self.stride, self.pad = w, b, conv_param["stride"], conv_param["pad"]

    def windows(self, x: Any) -> Any:
        x = np.pad(x, ((0, 0), (0, 0), (self.pad, self.pad), (self.pad, self.pad)))
        _, _, h, w = self.w.shape
        return np.lib.stride_tricks.sliding_window_view(x, (h, w), axis=(2, 3))[:, :, :: self.stride, :: self.stride]

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return np.einsum("ncijhw,fchw->nfij", self.windows(x), self.w) + self.b[:, np.newaxis, np.newaxis]

    def backward(self, dout: Any) -> Any:
        self.dw = np.einsum("nfij,ncijhw->fchw", dout, self.windows(self.x))
        self.db = dout.sum(axis=(0, 2, 3))
        n, c, h, w = self.x.shape
        dx = np.zeros((n, c, h + 2 * self.pad, w + 2 * self.pad), dout.dtype)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                top, left = i * self.stride, j * self.stride
                part = np.einsum("nf,fchw->nchw", dout[:, :, i, j], self.w)
                dx[:, :, top : top + self.w.shape[2], left : left + self.w.shape[3]] += part
        return dx[:, :, self.pad : h + self.pad, self.pad : w + self.pad]


def test_a_convolution_gets_images_that_are_not_square_and_its_options_from_the_twin() -> None:
    found = examined(Conv, "Conv2d(3, 4, 3, stride=2, padding=1)", (np.float64,))
    assert verdict(found) == "right", text_of(found)


def test_options_are_told_by_their_names() -> None:
    def make(eps: float, axis: int, conv_param: Any, pool_size: int, other: int) -> None: ...

    norm, softmax = nn.LayerNorm(4, eps=1e-3), nn.Softmax(dim=1)
    assert options_from(norm, make)["eps"] == 1e-3
    assert options_from(softmax, make) == {"axis": 1, "conv_param": {"mode": "train"}}
    conv = options_from(nn.Conv2d(1, 1, (2, 3), stride=2), make)
    assert conv == {"conv_param": {"mode": "train", "stride": 2, "pad": 0}}
    assert options_from(nn.MaxPool2d(2), make)["pool_size"] == 2


def test_the_shape_of_a_sample_is_that_of_the_twin() -> None:
    assert shape_for(nn.Conv2d(5, 4, 3)) == (5, 7, 6)
    assert shape_for(nn.Sequential(nn.MaxPool2d(2), nn.Flatten())) == (3, 7, 6)
    assert shape_for(nn.Conv1d(2, 4, 3)) == (2, 7)
    assert shape_for(nn.BatchNorm1d(5)) == shape_for(nn.Linear(2, 3)) == ()


def test_a_class_is_examined_in_a_notebook_without_a_candidate() -> None:
    assert examine(forms.GradsByOrder, [np.float64], like="Linear").ok
    with pytest.raises(ValueError, match="examine: like must be the twin of a class or function, got none"):
        examine(forms.GradsByOrder)


def test_no_random_number_of_pytorch_is_drawn_for_a_twin() -> None:
    before = torch.random.get_rng_state()
    examine(forms.GradsByOrder, [np.float64], like="Linear(5, 3, bias=True)")
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_pair_is_the_twin_of_a_module_that_does_the_same_alone() -> None:
    for like, name in (
        ("GELU('tanh')", "gelu"), ("SiLU", "silu"), ("Softmax(-1)", "softmax"), ("Softmax", "softmax"), ("ELU", "elu"),
        ("mse_loss", "mean_squared_error"), ("BCEWithLogitsLoss", "sigmoid_with_loss"), ("HuberLoss", "huber_loss"),
    ):  # fmt: skip
        assert twin_like(like).pair is PAIRS[name], like
    for like in ("GELU", "gelu", "Softplus", "softplus", "Softmax(1)", "MSELoss(reduction='sum')",
                 "CrossEntropyLoss(ignore_index=1)"):  # fmt: skip
        assert twin_like(like).pair is None, like


def test_a_pair_takes_the_options_of_the_module() -> None:
    for like, option, value in (
        ("ELU(0.5)", "alpha", 0.5), ("HuberLoss(delta=0.25)", "delta", 0.25),
        ("LeakyReLU(0.2)", "negative_slope", 0.2), ("CrossEntropyLoss(label_smoothing=0.3)", "label_smoothing", 0.3),
    ):  # fmt: skip
        pair = twin_like(like).pair
        assert pair is not None
        layer = pair.example(pair.layer, Data(pair.ordinary, np.float64)).layer
        assert getattr(layer, option) == value
        assert vars(pair.module(layer))[option] == value
