"""The three commands that compare trainings: both frameworks coincide, tables and pictures are there."""

import re
from pathlib import Path
from typing import Any

import compare_batch_norm
import compare_first_weights
import compare_optimizers
import numpy as np
import pytest
from comparing import commands
from comparing.activations import activations, spreads
from comparing.runs import Run, drawn

from numpy_impl import SGD, MultiLayerNet

NUMBER = r" +\d+\.\d{4}"


def numbers(name: str, out: str) -> list[float]:
    """Those of a row of the table."""
    [row] = re.findall(rf"^{re.escape(name)} +(\d.*)$", out, re.MULTILINE)
    return [float(one) for one in row.split()]


def test_optimizers_coincide_and_differ_from_one_another(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--data-dir", str(small_mnist), "--out", str(tmp_path), "--iterations", "20", "--dtype", "float32"]
    assert compare_optimizers.main(options) == 0
    out = capsys.readouterr().out
    losses = []
    for name in ("SGD", "Momentum", "AdaGrad", "RMSprop", "Adam"):
        ours, theirs, *_, drift = numbers(name, out)
        assert ours == pytest.approx(theirs, abs=1e-3)
        # Of a gradient that is 0 but for rounding Adam and RMSprop take a step of lr or 10 lr, this way or that.
        assert 0 < drift < 20 * 2 * 10 * 0.001
        losses.append(ours)
    assert len(set(losses)) == 5
    assert (tmp_path / "optimizers.png").read_bytes().startswith(b"\x89PNG")
    assert f"results in {tmp_path}: optimizers.png" in out


def test_first_weights(small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--data-dir", str(small_mnist), "--out", str(tmp_path), "--iterations", "3", "--seed", "1"]
    assert compare_first_weights.main(options) == 0
    out = capsys.readouterr().out
    assert numbers("He", out)[0] == pytest.approx(numbers("He", out)[1], abs=1e-4)
    assert {file.name for file in tmp_path.iterdir()} == {"activations.png", "first_weights.png"}


def test_activations_vanish_saturate_or_keep_their_spread() -> None:
    found = activations(np.random.default_rng(0))
    assert found["sigmoid, std 1"][-1].std() > 0.35  # at 0 and 1
    assert found["sigmoid, std 0.01"][-1].std() < 0.02  # all alike
    assert found["ReLU, std 0.01"][-1].std() < 1e-4
    # The second moment of what a ReLU gives is that of what came in, if weights have the variance 2 / fan_in.
    moments = [float((layer**2).mean()) for layer in found["ReLU, He"]]
    assert max(moments) < 2 * min(moments)
    assert spreads(found).splitlines()[1].startswith("sigmoid, std 1 ")


def test_batch_norm_with_and_without(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "STDS", np.array([0.1, 0.001]))
    assert compare_batch_norm.main(["--data-dir", str(small_mnist), "--out", str(tmp_path), "--iterations", "100"]) == 0
    out = capsys.readouterr().out
    with_it, with_it_torch, without, without_torch = numbers("0.001", out)
    assert with_it == pytest.approx(with_it_torch, abs=0.02)  # images that rounding decides
    assert without == pytest.approx(without_torch, abs=0.02)
    assert with_it > 2 * without  # which gives all images one class
    assert (tmp_path / "batch_norm.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_alone(small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--data-dir", str(small_mnist), "--out", str(tmp_path), "--iterations", "2", "--no-plots"]
    assert compare_optimizers.main(options) == 0
    assert "results in" not in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_means_of_losses_leave_out_what_is_less_than_a_part() -> None:
    run = Run("one", MultiLayerNet(4, [3], 2, rng=0), SGD(0.1))
    run.losses = [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)]
    at, ours, theirs = run.mean_losses(2)
    assert (at.tolist(), ours.tolist(), theirs.tolist()) == ([2], [2.0], [3.0])


def test_the_same_batches_are_drawn_for_every_training() -> None:
    for one, other in zip(drawn(3, 50, 4, 5), drawn(3, 50, 4, 5), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize("command", [compare_optimizers, compare_first_weights, compare_batch_norm])
def test_what_cannot_be_done_is_one_line(command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing"
    assert command.main(["--data-dir", str(missing), "--out", str(tmp_path), "--iterations", "1", "--no-plots"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(SystemExit):
        command.main(["--help"])
    assert "example: python scripts/compare_" in capsys.readouterr().out
