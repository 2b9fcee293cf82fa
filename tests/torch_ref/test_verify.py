"""verify: right layers pass, wrong ones are named with their tensor, and it is said which side is at fault."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from numpy_impl import Affine, Layer, ReLU, Sigmoid, SoftmaxWithLoss, TwoLayerNet
from numpy_impl.validation import Array
from torch_ref import PAIRS, verify
from torch_ref.diagnosis.finding import Finding, Verdict
from torch_ref.diagnosis.report import Row

EVEN, VACUOUS = Verdict.EVEN.value, Verdict.VACUOUS.value

RNG = np.random.default_rng(0)
W, B, X = RNG.standard_normal((4, 3)), RNG.standard_normal(3), RNG.standard_normal((6, 4))
LOGITS, LABELS = RNG.standard_normal((6, 4)), np.array([0, 3, 1, 1, 2, 0])


def affine(dtype: Any = np.float64) -> Affine:
    return Affine(W.astype(dtype), B.astype(dtype))


# Reports


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_right_layers_are_right(dtype: Any) -> None:
    x, logits = X.astype(dtype), LOGITS.astype(dtype)
    for report, names in (
        (verify(affine(dtype), x), ["y", "dx", "dW", "db"]),
        (verify(ReLU(), x), ["y", "dx"]),
        (verify(SoftmaxWithLoss(), logits, LABELS), ["loss", "dx"]),
        (verify(SoftmaxWithLoss(), logits, abs(logits)), ["loss", "dx"]),
    ):
        report.check()
        assert report.ok
        assert [row.name for row in report.rows] == names
        for row in report.rows:
            assert row.at_fault == ""
            for side in (row.numpy, row.torch):
                assert side.verdict is Verdict.WITHIN
                assert side.share == (side.distance / side.radius if side.distance else 0)
                assert side.distance == pytest.approx(abs(side.value - side.centre), rel=1e-3, abs=1e-15)


class WrongDW(Affine):
    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.dW = self.dW.copy()
        self.dW[2, 1] *= 1 + 1e-7
        return dx


def test_a_wrong_entry_is_named_with_its_numbers_and_numpy_is_at_fault() -> None:
    report = verify(WrongDW(W, B), X)
    assert not report.ok
    (row,) = report.failures
    assert (row.name, row.at_fault) == ("dW", "NumPy")
    assert str(row.numpy) == "OUTSIDE in 1 of 12"
    assert row.numpy.entry == (2, 1)
    assert row.numpy.distance == pytest.approx(1e-7 * abs(row.numpy.centre), rel=1e-5)
    assert row.numpy.share > 1e6
    text = str(report)
    assert text.startswith("WrongDW and its twin, float64: WRONG. At fault, dW: NumPy\n")
    (line,) = [line for line in text.splitlines() if "OUTSIDE" in line]
    for part in ("dW", "NumPy", "(2, 1)", f"{row.numpy.value:.9g}", f"{row.numpy.centre:.9g}", "OUTSIDE in 1 of 12"):
        assert part in line
    with pytest.raises(AssertionError, match=r"WRONG\. At fault, dW: NumPy"):
        report.check()
    assert repr(report) == text


def test_the_table_of_a_right_layer_has_two_lines_for_each_tensor() -> None:
    lines = str(verify(ReLU(), np.array([[1.0, -2.0]]))).splitlines()
    assert lines[0] == "ReLU and its twin, float64: right"
    assert lines[1].split() == ["tensor", "by", "entry", "value", "centre", "distance", "radius", "share", "verdict"]
    assert [line.split()[0] for line in lines[3:]] == ["y", "PyTorch", "dx", "PyTorch"]


def test_pytorch_may_be_at_fault() -> None:
    class Leaky(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.leaky_relu(x)

    object.__setattr__(PAIRS["relu"], "module", lambda _: Leaky())
    try:
        assert {row.at_fault for row in verify(ReLU(), X).rows} == {"PyTorch"}
    finally:
        object.__setattr__(PAIRS["relu"], "module", lambda _: nn.ReLU())


def test_both_may_be_at_fault() -> None:
    wrong, right = Finding(Verdict.OUTSIDE), Finding(Verdict.WITHIN)
    assert Row("y", wrong, wrong).at_fault == "NumPy and PyTorch"
    assert Row("y", right, wrong).at_fault == "PyTorch"
    assert Row("y", right, right).at_fault == ""


@pytest.mark.parametrize("nothing", [Verdict.VACUOUS, Verdict.EVEN])
def test_a_side_that_is_wrong_is_at_fault_where_the_other_shows_nothing(nothing: Verdict) -> None:
    wrong, other = Finding(Verdict.OTHER_DTYPE, "float64, not float32"), Finding(nothing)
    assert Row("y", wrong, other).at_fault == "NumPy"
    assert Row("y", other, wrong).at_fault == "PyTorch"
    assert Row("y", other, other).at_fault == f"neither: {nothing.value}"


def test_dout_is_uneven_by_default_and_may_be_given() -> None:
    seen = []

    class Watched(Affine):
        def backward(self, dout: Array) -> Any:
            seen.append(dout)
            return super().backward(dout)

    dout = np.arange(18.0).reshape(6, 3)
    verify(Watched(W, B), X).check()
    verify(Watched(W, B), X, dout=dout).check()
    assert np.ptp(seen[0]) > 1
    np.testing.assert_array_equal(seen[1], dout, strict=True)
    report = verify(SoftmaxWithLoss(), LOGITS, LABELS, dout=-3)
    report.check()
    assert report.rows[1].numpy.value * verify(SoftmaxWithLoss(), LOGITS, LABELS, dout=3).rows[1].numpy.value < 0


def test_an_even_upstream_gradient_shows_nothing_and_does_not_pass() -> None:
    report = verify(ReLU(), abs(X), dout=np.ones_like(X))
    assert not report.ok
    assert [row.at_fault for row in report.rows] == ["", f"neither: {EVEN}"]


def test_overflow_leaves_no_bound_and_does_not_pass() -> None:
    report = verify(affine(np.float32), np.full((1, 4), 3e38, np.float32), dout=np.ones((1, 3), np.float32))
    assert report.rows[0].at_fault == f"neither: {VACUOUS}"


def test_a_layer_that_changes_its_weights_or_its_input_cannot_hide_it() -> None:
    class Decays(Affine):
        def forward(self, x: Array) -> Array:
            y = super().forward(x)
            self.W *= 0.5
            x *= 0.5
            return y

    for dout in (None, np.arange(18.0).reshape(6, 3)):
        report = verify(Decays(W.copy(), B), X.copy(), dout=dout)
        assert [row.name for row in report.failures] == ["dx"]


def test_a_layer_that_is_not_registered_is_refused() -> None:
    class Other(Layer):
        def forward(self, x: Array) -> Array:
            return x

        def backward(self, dout: Array) -> Array:
            return dout

    with pytest.raises(TypeError, match="pairs: the layer must be registered, with its PyTorch twin, got Other"):
        verify(Other(), X)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: verify(ReLU()), TypeError, "verify: x must be a NumPy array, got None"),
        (lambda: verify(ReLU(), [1.0]), TypeError, "verify: x must be a NumPy array, got list"),  # type: ignore[arg-type]
        (lambda: verify(ReLU(), np.array([1, 2])), TypeError, "verify: x must be of a native floating-point dtype"),
        (lambda: verify(ReLU(), X.astype(complex)), TypeError, "verify: x must be float32 or float64, got complex128"),
        (lambda: verify(affine(), X[:, :3]), ValueError, "Affine: x must have 4 features in its last axis"),
        (lambda: verify(affine(), X, dout=X), ValueError, "Affine: dout must have the shape of the output"),
        (lambda: verify(affine(), X.astype(np.float32)), TypeError, "Affine: x must be float64, got float32"),
        (lambda: verify(SoftmaxWithLoss(), LOGITS, LABELS - 1), ValueError, "SoftmaxWithLoss: class indices in t"),
        (lambda: verify(TwoLayerNet(4, 3, 2), X.astype(np.float32), LABELS), ValueError, "TwoLayerNet: class indices"),
    ],
)
def test_wrong_arguments_are_refused_in_plain_words(
    call: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_network_is_verified_layer_by_layer_and_as_a_whole() -> None:
    class Skips(TwoLayerNet):
        def gradient(self, x: Array, t: Array) -> dict[str, Array]:
            return {key: 1.5 * grad for key, grad in super().gradient(x, t).items()}

    net = Skips(4, 3, 4, 1.0, rng=0, dtype=np.float64)
    assert [row.name for row in verify(net, X, LABELS).failures] == ["dW1", "db1", "dW2", "db2"]  # each layer is right
    wrong = TwoLayerNet(4, 3, 4, 1.0, rng=0, dtype=np.float64)
    wrong.layers["Affine2"] = WrongDW(*wrong.layers["Affine2"].params.values())
    assert [row.name for row in verify(wrong, X, LABELS).failures] == ["Affine2.dW", "dW2"]


ARGUMENTS: dict[str, Callable[[], Any]] = {"affine": affine, "relu": ReLU}


@pytest.mark.parametrize("make", ARGUMENTS.values(), ids=ARGUMENTS)
def test_verify_leaves_arguments_alone(make: Callable[[], Any]) -> None:
    x, layer = X.copy(), make()
    verify(layer, x)
    np.testing.assert_array_equal(x, X, strict=True)


def test_nan_lets_dout_through_the_relu_of_both_sides() -> None:
    rows = {row.name: row for row in verify(ReLU(), np.array([[np.nan, 1.0, -2.0]])).rows}
    assert rows["dx"].at_fault == ""
    assert rows["y"].at_fault == f"neither: {VACUOUS}"


def test_an_empty_batch_shows_nothing() -> None:
    report = verify(Affine(W, B), X[:0])
    assert {row.name: row.at_fault for row in report.rows} == dict.fromkeys(("dW", "db"), f"neither: {EVEN}") | {
        "y": "",
        "dx": "",
    }
    assert not report.ok
    assert str(report).startswith(f"Affine and its twin, float64: UNDECIDED, dW: {EVEN}; db: {EVEN}\n")


def test_a_single_gradient_of_zero_shows_nothing() -> None:
    assert verify(ReLU(), np.array([1.0])).ok
    assert [row.at_fault for row in verify(ReLU(), np.array([-1.0])).rows] == ["", f"neither: {EVEN}"]


def test_numbers_are_arrays_too() -> None:
    assert verify(Sigmoid(), np.array(0.3)).ok
    x, t = np.random.default_rng(0).standard_normal((5, 3)), np.array([0, 1, 2, 0, 1])
    assert verify(SoftmaxWithLoss(), x, t, dout=np.array(2.0)).ok


def test_a_network_takes_no_dout() -> None:
    x, t = np.random.default_rng(0).standard_normal((5, 4)), np.array([0, 1, 2, 0, 1])
    with pytest.raises(TypeError, match="verify: dout is for a layer or a loss, got one for TwoLayerNet"):
        verify(TwoLayerNet(4, 3, 3, dtype=np.float64), x, t, dout=1.0)
