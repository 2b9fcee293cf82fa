"""What scripts/train_mnist.py refuses: in one line, before the training where it can be known."""

import gzip
import struct
import sys
from pathlib import Path

import pytest
from parts.folders import alone_in
from training_runs import one_line, run


def test_a_wrong_data_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--data-dir", tmp_path / "nowhere", "--out", tmp_path) == 2
    assert "nowhere must have a file train-images-idx3-ubyte.gz" in one_line(capsys.readouterr().err)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no lock of a folder")
def test_a_folder_that_another_run_writes_to_is_one_line(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 3, "--no-plots")
    assert run(*arguments) == 0
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    capsys.readouterr()
    with alone_in(tmp_path):
        assert run(*arguments) == run(*arguments, "--resume") == 2
    assert capsys.readouterr().err.count("--out: another run is writing to") == 2
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    assert run(*arguments) == 0


def test_a_split_without_images_is_one_line(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in small_mnist.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(struct.pack(">4I", 0x803, 0, 28, 28)))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(struct.pack(">2I", 0x801, 0)))
    assert run("--data-dir", tmp_path, "--out", tmp_path / "out") == 2
    assert "must hold at least one training and one test image" in one_line(capsys.readouterr().err)


def test_an_output_that_is_no_folder_is_one_line(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("kept")
    assert run("--data-dir", small_mnist, "--out", tmp_path / "file" / "results") == 2
    assert f"--out: cannot write to the folder {tmp_path}/file/results" in one_line(capsys.readouterr().err)
    assert (tmp_path / "file").read_text() == "kept"


def test_a_result_that_cannot_be_replaced_is_noticed_before_the_training(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "curves.png").mkdir()
    assert run("--data-dir", small_mnist, "--out", tmp_path, plots=True) == 2
    captured = capsys.readouterr()
    assert f"--out: cannot write {tmp_path}/curves.png: it is a folder" in one_line(captured.err)
    assert captured.out == ""


def test_too_much_memory_is_one_line(small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--data-dir", small_mnist, "--out", tmp_path, "--hidden", 10**12) == 2
    assert "not enough memory" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize(("option", "value"), [("--lr", 1e39), ("--std", 1e39)])
def test_a_number_too_large_for_the_dtype_is_one_line(
    option: str, value: float, small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--data-dir", small_mnist, "--out", tmp_path, option, value) == 2
    assert f"{option.removeprefix('--')}" in one_line(capsys.readouterr().err)
