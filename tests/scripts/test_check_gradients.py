"""scripts/check_gradients.py: it passes on correct layers, fails on a broken one, and says what it found."""

import re
from typing import Any

import check_gradients
import numpy as np
import pytest
from parts import gradient_check

from numpy_impl import Affine, SoftmaxWithLoss, TwoLayerNet
from numpy_impl.validation import Array


def run(*arguments: object) -> int:
    return check_gradients.main(["--hidden", "5", *map(str, arguments)])


def test_correct_layers_pass_within_every_bound(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    out = capsys.readouterr().out
    rows = re.findall(r"^([Wb][12]) (.*)$", out, re.MULTILINE)
    assert [name for name, _ in rows] == ["W1", "b1", "W2", "b2"]
    for name, cells in rows:
        autograd, _, central, _, step, _, published = map(float, cells.split())
        assert autograd < 1e-15
        assert 1e-14 < central < 1e-10
        assert step < 1e-15
        assert published == pytest.approx(gradient_check.PUBLISHED[name], rel=0.05, abs=0)
    assert "all differences are within their bounds" in out


def test_a_wrong_gradient_exits_with_1_and_names_the_parameter(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    backward = Affine.backward

    def broken(self: Affine, dout: Array) -> Any:
        dx = backward(self, dout)
        self.db = self.db * (1 + 1e-11)
        return dx

    monkeypatch.setattr(Affine, "backward", broken)
    assert run() == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert "exceeded: b1 by autograd" in message
    assert "b2 by complex step" in message
    assert "W1" not in message
    assert "b2 by central difference" not in message  # 1e-11 of the gradient is below what differences can see


def test_one_wrong_entry_is_enough(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    backward = Affine.backward

    def broken(self: Affine, dout: Array) -> Any:
        dx = backward(self, dout)
        self.dW[-1, -1] += 3e-13  # the mean over 784 × 5 entries stays below its bound
        return dx

    monkeypatch.setattr(Affine, "backward", broken)
    assert run() == 1
    assert "W1 by complex step: mean 7.7e-17, greatest 3.0e-13" in capsys.readouterr().err


def test_a_gradient_of_zeros_is_no_pass(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*arguments: Any, **options: Any) -> Any:
        made = TwoLayerNet(*arguments, **options)
        if options["dtype"] == np.float64:
            made.params["b1"][...] = -1
        return made

    monkeypatch.setattr(gradient_check, "TwoLayerNet", dead)
    assert run() == 1
    assert "the gradient of W1, b1, W2 is all 0 and shows nothing" in capsys.readouterr().err


def test_the_epsilon_of_the_book_is_seen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class BookLoss(SoftmaxWithLoss):
        def forward(self, x: Array, t: Array) -> Any:  # type: ignore[override] # as Loss does
            exact = super().forward(x, t)
            label = self.y[np.arange(len(t)), t]
            return exact - np.log1p(1e-7 / label).mean()

    class BookNet(TwoLayerNet):
        def __init__(self, *sizes: int, **options: Any) -> None:
            super().__init__(*sizes, **options)
            self.last_layer = BookLoss()

    monkeypatch.setattr(gradient_check, "TwoLayerNet", BookNet)
    assert run() == 1
    assert "b2 by central difference: mean 1.4e-07" in capsys.readouterr().err


def test_a_kink_within_the_step_is_flagged(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_check, "distance_to_kink", lambda *_: 5e-6)
    monkeypatch.setattr(gradient_check, "BOUNDS", dict.fromkeys(gradient_check.BOUNDS, 1e-13))
    assert run() == 1
    captured = capsys.readouterr()
    assert "so a ReLU may change sides" in captured.out
    assert "try another --seed" in captured.err


def test_too_many_images_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--images", 60001) == 2
    assert "--images: there are 60000 training images, got 60001" in capsys.readouterr().err


def test_a_wrong_folder_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--data-dir", "nowhere") == 2
    assert capsys.readouterr().err.count("\n") == 1
