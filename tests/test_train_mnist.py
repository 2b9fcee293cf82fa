"""scripts/train_mnist.py: what it prints, what it leaves, and how it ends when something is in the way."""

import csv
import gzip
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import train_mnist

from numpy_impl import TwoLayerNet, load_mnist
from numpy_impl.checks import Array
from torch_ref import NumpyTrainer, params_of, twin


@pytest.fixture(scope="session")
def small_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 training and 100 test images whose class is the row that is lit."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for split, n in (("train", 300), ("t10k", 100)):
        labels = rng.integers(0, 10, n)
        images = rng.integers(0, 60, (n, 28, 28))
        images[np.arange(n), 2 * labels] += 195
        for kind, head, body in (("images-idx3", (0x803, n, 28, 28), images), ("labels-idx1", (0x801, n), labels)):
            content = struct.pack(f">{len(head)}I", *head) + body.astype(np.uint8).tobytes()
            (folder / f"{split}-{kind}-ubyte.gz").write_bytes(gzip.compress(content))
    return folder


def run(*arguments: object) -> int:
    return train_mnist.main([str(argument) for argument in arguments])


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_run_prints_its_table_and_leaves_its_results(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    assert (
        run("--data-dir", small_mnist, "--out", out, "--iterations", 250, "--every", 100, "--lr", 1, "--seed", 3) == 0
    )
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert [line.split()[0] for line in lines[2:6]] == ["0", "100", "200", "250"]
    assert captured.err == ""
    assert "\x1b" not in captured.out  # no bar, no colours where there is no terminal
    assert max(map(len, lines[:6])) <= 80
    assert f"results in {out}: history.csv, numpy.safetensors, torch.safetensors, curves.png" in lines
    assert "test accuracy: NumPy 1.0000, PyTorch 1.0000, 0.00 percentage points apart" in lines
    assert lines[-1].startswith("time per step: NumPy ")
    assert "1 thread each, measured apart: median of 7 rounds of 50 steps in turn" in lines[-1]

    assert {file.name for file in out.iterdir()} == {
        "history.csv",
        "numpy.safetensors",
        "torch.safetensors",
        "curves.png",
    }
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    records = history(out)
    assert [int(record["iteration"]) for record in records] == list(range(251))
    assert [r["iteration"] for r in records if r["numpy_test_accuracy"]] == ["0", "100", "200", "250"]
    for record in records:
        assert abs(float(record["numpy_loss"]) - float(record["torch_loss"])) == float(record["loss_difference"]) < 1e-5
        assert float(record["weight_difference"]) < 1e-5
    assert float(records[0]["weight_difference"]) == 0
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
    assert apart == float(history(tmp_path)[-1]["weight_difference"])
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


def test_ctrl_c_ends_between_two_steps_and_keeps_what_was_done(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    step, calls = NumpyTrainer.step, []

    def interrupted(self: NumpyTrainer, x: Array, t: Array) -> float:
        calls.append(1)
        if len(calls) == 7:
            os.kill(os.getpid(), signal.SIGINT)  # while the NumPy side has stepped and the PyTorch side has not
        return step(self, x, t)

    monkeypatch.setattr(NumpyTrainer, "step", interrupted)
    assert run("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 5000, "--dtype", "float64") == 130
    captured = capsys.readouterr()
    assert "interrupted after 7 iterations; the results are those so far" in captured.err
    assert f"results in {tmp_path}" in captured.out
    assert "time per step" not in captured.out
    records = history(tmp_path)
    assert len(records) == 8
    assert records[-1]["numpy_test_accuracy"]
    assert float(records[-1]["weight_difference"]) < 1e-15  # both have made all seven steps
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_stops_at_once(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def impatient(*_: object) -> float:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return 1.0

    monkeypatch.setattr(NumpyTrainer, "step", impatient)
    assert run("--data-dir", small_mnist, "--out", tmp_path) == 130
    assert "interrupted" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_diverging_run_says_so(small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--data-dir", small_mnist, "--out", tmp_path, "--lr", 1e30, "--iterations", 500) == 1
    captured = capsys.readouterr()
    assert "diverged at iteration" in captured.err
    assert "try a smaller --lr" in captured.err
    assert len(history(tmp_path)) < 500


def one_line(captured: str) -> str:
    assert captured.count("\n") == 1, captured
    return captured


def test_a_wrong_data_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--data-dir", tmp_path / "nowhere", "--out", tmp_path) == 2
    assert "nowhere must have a file train-images-idx3-ubyte.gz" in one_line(capsys.readouterr().err)


def test_a_split_without_images_is_one_line(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in small_mnist.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(struct.pack(">4I", 0x803, 0, 28, 28)))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(struct.pack(">2I", 0x801, 0)))
    assert run("--data-dir", tmp_path, "--out", tmp_path / "out") == 2
    assert "must hold at least one training and one test image" in one_line(capsys.readouterr().err)


def test_an_output_that_is_no_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("kept")
    assert run("--out", tmp_path / "file" / "results") == 2
    assert "results" in one_line(capsys.readouterr().err)
    assert (tmp_path / "file").read_text() == "kept"


def test_a_disk_that_fills_up_leaves_the_older_results_whole(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 5)
    assert run(*arguments) == 0
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    capsys.readouterr()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert run(*arguments, "--seed", 1) == 2
    assert "No space left on device" in one_line(capsys.readouterr().err)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--iterations", "0"], "argument --iterations: must be an integer of 1 or more, got '0'"),
        (["--batch-size", "ten"], "argument --batch-size: must be an integer of 1 or more, got 'ten'"),
        (["--hidden", "-5"], "argument --hidden: must be an integer of 1 or more, got '-5'"),
        (["--lr", "nan"], "argument --lr: must be a number of 0 or more, got 'nan'"),
        (["--lr", "fast"], "argument --lr: must be a number of 0 or more, got 'fast'"),
        (["--std", "-1"], "argument --std: must be a number of 0 or more, got '-1'"),
        (["--seed", "-1"], "argument --seed: must be an integer of 0 or more, got '-1'"),
        (["--threads", "0"], "argument --threads: must be an integer of 1 or more, got '0'"),
        (["--dtype", "float16"], "argument --dtype: invalid choice: 'float16'"),
        (["--iter", "5"], "unrecognized arguments: --iter 5"),
    ],
)
def test_nonsense_is_refused_in_one_clear_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_help_names_every_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("--help")
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for default in ("10000", "100", "50", "0.01", "0.1", "float32", "600", "results"):
        assert f"(default: {default})" in text
    assert "example: python scripts/train_mnist.py" in text


def test_a_reader_that_leaves_is_no_error_of_ours(small_mnist: Path, tmp_path: Path) -> None:
    script = Path(train_mnist.__file__)
    command = [sys.executable, str(script), "--data-dir", str(small_mnist), "--out", str(tmp_path), "--every", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
