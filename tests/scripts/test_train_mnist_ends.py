"""How scripts/train_mnist.py ends when something is in the way: what is said, and that nothing is lost."""

import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import train_mnist
from parts.interrupt import Interrupt
from training import result_files
from training_runs import RESULTS, files, history, one_line, run

from numpy_impl.validation import Array
from torch_ref import NumpyTrainer


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
    assert "interrupted after 7 iterations; the results are those so far, --resume goes on" in captured.err
    assert f"results in {tmp_path}" in captured.out
    assert "time per step" not in captured.out
    records = history(tmp_path)
    assert len(records) == 8
    assert records[-1]["numpy_test_accuracy"]
    assert float(records[-1]["drift"]) < 1e-15  # both have made all seven steps
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(("presses", "kept"), [(2, True), (3, False)])
def test_the_third_ctrl_c_gives_up_at_once(
    presses: int,
    kept: bool,
    small_mnist: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step, calls = NumpyTrainer.step, []

    def impatient(self: NumpyTrainer, x: Array, t: Array) -> float:
        calls.append(1)
        if len(calls) == 7:
            for _ in range(presses):
                os.kill(os.getpid(), signal.SIGINT)
        return step(self, x, t)

    monkeypatch.setattr(NumpyTrainer, "step", impatient)
    assert run("--data-dir", small_mnist, "--out", tmp_path, "--dtype", "float64") == 130
    captured = capsys.readouterr()
    assert "interrupted" in captured.err
    assert files(tmp_path) == (RESULTS if kept else {"checkpoint.safetensors", "history.csv.part"})
    if kept:
        assert float(history(tmp_path)[-1]["drift"]) < 1e-15  # both sides made the step


def test_nothing_interrupts_the_saving(small_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync, write = os.fsync, result_files.write

    def disturbed(file: int) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        fsync(file)

    def disturbed_write(*arguments: Any) -> list[str]:
        monkeypatch.setattr(os, "fsync", disturbed)
        return write(*arguments)

    monkeypatch.setattr(result_files, "write", disturbed_write)
    assert run("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 3) == 0
    assert files(tmp_path) == RESULTS


def test_a_folder_that_was_removed_meanwhile_is_one_line(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, out = NumpyTrainer.loss, tmp_path / "out"

    def removing(self: NumpyTrainer, x: Array, t: Array) -> float:
        shutil.rmtree(out)
        return loss(self, x, t)

    monkeypatch.setattr(NumpyTrainer, "loss", removing)  # which the last row alone asks for
    assert run("--data-dir", small_mnist, "--out", out, "--iterations", 3) == 2
    assert "history.csv.part" in one_line(capsys.readouterr().err)


def test_output_may_be_redirected_or_closed(small_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 1)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert run(*arguments) == 0
    assert "time per step" in out.getvalue()
    monkeypatch.setattr(sys, "stdout", None)
    assert run(*arguments) == 0


def test_it_runs_in_a_thread_too(small_mnist: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run, "--data-dir", small_mnist, "--out", tmp_path, "--iterations", 1).result() == 0


def script(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    """The script in a process of its own, with a row an iteration, its first row already printed."""
    command = [sys.executable, train_mnist.__file__, "--no-plots", "--every", "1", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.exhaustive
def test_a_signal_to_end_keeps_what_was_done(number: signal.Signals, small_mnist: Path, tmp_path: Path) -> None:
    with script("--data-dir", small_mnist, "--out", tmp_path) as process:
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    first, *_, last = errors.decode().strip().splitlines()
    assert first == "stopping after this step, to save what was done (Ctrl-C twice more gives it up)"
    assert re.fullmatch(
        r"train_mnist.py: interrupted after \d+ iterations; the results are those so far, --resume goes on", last
    )
    assert files(tmp_path) == RESULTS


@pytest.mark.exhaustive
def test_a_reader_that_leaves_is_no_error_and_costs_no_result(small_mnist: Path, tmp_path: Path) -> None:
    with script("--data-dir", small_mnist, "--out", tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
    assert files(tmp_path) == RESULTS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.exhaustive
def test_a_full_standard_output_ends_no_training(small_mnist: Path, tmp_path: Path) -> None:
    arguments = ("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 2)
    command = [sys.executable, train_mnist.__file__, "--no-plots", *map(str, arguments)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert ended.returncode == 1
    words = "standard output: No space left on device; the training went on, its results are in"
    assert ended.stderr.decode() == f"train_mnist.py: {words} {tmp_path}\n"
    assert files(tmp_path) == RESULTS


def test_a_link_among_the_results_is_replaced_not_followed(small_mnist: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    out.mkdir()
    other.mkdir()
    (tmp_path / "kept").write_text("kept")
    for name in ("history.csv.part", "numpy.safetensors"):
        (out / name).symlink_to(tmp_path / "kept")
    (out / "summary.json").symlink_to(other)
    assert run("--data-dir", small_mnist, "--out", out, "--iterations", 2) == 0
    assert (tmp_path / "kept").read_text() == "kept"
    assert not any(other.iterdir())
    assert not any(file.is_symlink() for file in out.iterdir())


@pytest.mark.exhaustive
def test_a_code_page_without_greek_is_no_obstacle(small_mnist: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    with script("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 2, env=environment) as process:
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")
    assert b"time per step" in out


def test_where_ctrl_c_is_ignored_it_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupt() as interrupt:
            os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.signal == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_diverging_run_says_so(small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--data-dir", small_mnist, "--out", tmp_path, "--lr", 1e30, "--iterations", 500) == 1
    captured = capsys.readouterr()
    assert "diverged at iteration" in captured.err
    assert "try a smaller --lr" in captured.err
    assert len(history(tmp_path)) < 500


@pytest.mark.parametrize("fits", range(9))
def test_a_disk_that_fills_up_leaves_the_older_results_whole(
    fits: int, small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 5)
    assert run(*arguments) == 0
    older = RESULTS - {"checkpoint.safetensors"}
    before = {name: (tmp_path / name).read_bytes() for name in older}
    capsys.readouterr()
    written = []

    def full(_: int) -> None:
        written.append(1)
        if len(written) > fits:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert run(*arguments, "--seed", 1) == 2
    assert "No space left on device" in one_line(capsys.readouterr().err)
    assert {name: (tmp_path / name).read_bytes() for name in older} == before
    assert files(tmp_path) <= RESULTS | {"history.csv.part"}  # none of what was begun and not finished
