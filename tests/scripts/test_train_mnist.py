"""scripts/train_mnist.py: what it prints, what it leaves, and how it ends when something is in the way."""

import re
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
from training_runs import PICTURES, RESULTS, files, history, run

from numpy_impl import SGD, TwoLayerNet, load_mnist
from torch_ref import params_of, twin


def test_a_run_prints_its_table_and_leaves_its_results(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    assert (
        run(
            *("--data-dir", small_mnist, "--out", out, "--iterations", 250, "--every", 100, "--lr", 1, "--seed", 3),
            plots=True,
            rounds=7,
        )
        == 0
    )
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    rows = [line for line in lines if re.match(r" +\d+ +\d\.\d", line)]  # and no jump, which another machine may have
    assert [row.split()[0] for row in rows] == ["0", "100", "200", "250"]
    assert captured.err == ""
    assert "\x1b" not in captured.out  # no bar, no colours where there is no terminal
    assert max(map(len, lines[:6])) <= 80
    assert all(row.endswith(" ok") for row in rows)
    names = "summary.json, history.csv, numpy.safetensors, torch.safetensors"
    assert f"results in {out}: {names}, curves.png, weights.png, errors.png, confusion.png" in lines
    assert "test accuracy: NumPy 1.0000, PyTorch 1.0000, 0.00 percentage points apart" in lines
    assert lines[-2].startswith("time per step: NumPy ")
    assert re.fullmatch(
        r" +\(1 thread each, measured apart: median of 7 rounds, \d+ steps of each in turn\)", lines[-1]
    )

    assert files(out) == RESULTS | PICTURES
    for name in PICTURES:
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    records = history(out)
    assert [int(record["iteration"]) for record in records] == list(range(251))
    assert [r["iteration"] for r in records if r["numpy_test_accuracy"]] == ["0", "100", "200", "250"]
    for record in records:
        assert abs(float(record["numpy_loss"]) - float(record["torch_loss"])) < 1e-5
        assert float(record["drift"]) < 1e-5
        assert bool(record["radius_used"]) == (record["iteration"] in ("0", "100", "200", "250"))
        assert record["other_drift"] == ""
    assert float(records[0]["drift"]) == 0
    assert float(records[-1]["numpy_loss"]) < 0.1 < 2 < float(records[0]["numpy_loss"])


def test_the_weights_left_are_those_of_the_last_row(small_mnist: Path, tmp_path: Path) -> None:
    assert (
        run("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 60, "--hidden", 7, "--dtype", "float64") == 0
    )
    net = TwoLayerNet(784, 7, 10, dtype=np.float64)
    for name, value in safetensors.numpy.load_file(tmp_path / "numpy.safetensors").items():
        net.params[name] = value
    module = twin(net)
    module.load_state_dict(safetensors.torch.load_file(tmp_path / "torch.safetensors"))
    apart = max(abs(net.params[name] - value).max() for name, value in params_of(module).items())
    assert apart == float(history(tmp_path)[-1]["drift"])
    assert 0 < apart < 1e-12
    (images, labels), _ = load_mnist(normalize=False, data_dir=small_mnist)
    assert net.accuracy(images / 255, labels) == float(history(tmp_path)[-1]["numpy_train_accuracy"])


def test_a_seed_repeats_a_run_bit_for_bit(small_mnist: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        assert run("--data-dir", small_mnist, "--out", tmp_path / name, "--iterations", 20, "--seed", seed) == 0
    a, b, c = ((tmp_path / name / "history.csv").read_bytes() for name in "abc")
    assert a == b != c


def test_the_first_weights_are_those_of_the_seed(small_mnist: Path, tmp_path: Path) -> None:
    assert (
        run("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 1, "--lr", 0, "--seed", 9, "--std", 0.5) == 0
    )
    saved = safetensors.numpy.load_file(tmp_path / "numpy.safetensors")
    for name, value in TwoLayerNet(784, 50, 10, 0.5, rng=9).params.items():
        np.testing.assert_array_equal(saved[name], value, strict=True)


def test_weights_are_those_of_so_many_steps_and_not_of_one_more(small_mnist: Path, tmp_path: Path) -> None:
    assert run("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 4, "--batch-size", 30, "--hidden", 6) == 0
    (images, labels), _ = load_mnist(normalize=False, data_dir=small_mnist)
    images = images * np.float32(1 / 255)
    rng = np.random.default_rng(0)
    net = TwoLayerNet(784, 6, 10, rng=rng)
    for _ in range(4):
        batch = rng.integers(0, 300, 30)
        SGD(0.1).update(net.params, net.gradient(images[batch], labels[batch]))
    saved = safetensors.numpy.load_file(tmp_path / "numpy.safetensors")
    for name, value in net.params.items():
        np.testing.assert_array_equal(saved[name], value, strict=True)


def test_the_other_dtype_starts_from_the_same_weights_and_takes_the_same_batches(
    small_mnist: Path, tmp_path: Path
) -> None:
    options = ("--data-dir", small_mnist, "--iterations", 20, "--hidden", 7, "--seed", 2)
    assert run(*options, "--compare-dtypes", "--out", tmp_path / "both") == 0
    assert run(*options, "--dtype", "float64", "--out", tmp_path / "wide") == 0
    both, wide = history(tmp_path / "both"), history(tmp_path / "wide")
    assert [record["other_drift"] for record in both] == [record["drift"] for record in wide]
    assert float(wide[-1]["drift"]) > 0


@pytest.mark.parametrize("optimizer", ["momentum", "adamw"])
def test_a_deep_network_is_trained_and_proven(
    optimizer: str, small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = ("--network", "mlp", "--hidden", 9, 8, "--activation", "gelu", "--batch-norm", "--dropout", 0.3)
    options = (
        "--data-dir",
        small_mnist,
        "--out",
        tmp_path,
        "--iterations",
        20,
        "--every",
        10,
        "--optimizer",
        optimizer,
    )
    assert run(*deep, *options, "--dtype", "float64", "--verify-every", 5) == 0
    out = capsys.readouterr().out
    assert "verified on 5 batches" in out
    assert "There is no ReLU that could be open" in out
    assert (tmp_path / "numpy.safetensors").exists()
    ends = history(tmp_path)[-1]
    # 20 steps from the same weights with the same masks: rounding, amplified by batch-norm and by 1/√v.
    assert float(ends["drift"]) < 1e-6
    assert float(ends["numpy_loss"]) == pytest.approx(float(ends["torch_loss"]), abs=1e-6)
