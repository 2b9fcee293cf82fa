"""Checkpoints of scripts/train_mnist.py: what does not fit is refused in one line, and nothing older stays behind."""

import gzip
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from training import checkpoint
from training_runs import RESULTS, files, history, run


@pytest.fixture
def finished(small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The folder of a run of six iterations."""
    arguments = ("--data-dir", small_mnist, "--out", tmp_path / "out", "--iterations", 6, "--hidden", 7)
    assert run(*arguments) == 0
    capsys.readouterr()
    return tmp_path / "out"


def rewrite(folder: Path, change: Any) -> None:
    """The checkpoint with its weights and state as `change` leaves them."""
    weights, state = checkpoint.read(folder)
    change(weights, state)
    (folder / checkpoint.NAME).write_bytes(checkpoint.to_bytes(weights, state))


def transposed(weights: Any, _: Any) -> None:
    weights["main.numpy.W1"] = weights["main.numpy.W1"].T


def in_float64(weights: Any, _: Any) -> None:
    weights["main.torch.b2"] = weights["main.torch.b2"].astype(np.float64)


def without_a_weight(weights: Any, _: Any) -> None:
    del weights["main.torch.W2"]


def without_an_option(_: Any, state: Any) -> None:
    del state["settings"]["threads"]


def without_settings(_: Any, state: Any) -> None:
    state["settings"] = None


def with_an_empty_tally(_: Any, state: Any) -> None:
    state["tally"] = {}


def without_a_state(_: Any, state: Any) -> None:
    state.clear()


def with_a_longer_history(_: Any, state: Any) -> None:
    state["history"][0] += 1000


def set_to(value: Any, *path: str) -> Any:
    """A forged state: at the end of this path stands this value."""

    def change(_: Any, state: Any) -> None:
        *parents, last = path
        for name in parents:
            state = state[name]
        state[last] = value

    return change


FORGED = {
    "a word for a count": set_to("6", "iteration"),
    "a fraction for a count": set_to(6.5, "iteration"),
    "a number for a list": set_to(1, "tally", "jumps"),
    "a list that is too short": set_to([], "tally", "previous"),
    "a word for a setting": set_to("7", "settings", "hidden"),
    "no rows": set_to(0, "settings", "every"),
    "another dtype": set_to("float16", "settings", "dtype"),
    "no generator": set_to({}, "batches", "rng"),
    "no such image": set_to(10**9, "batches", "start"),
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_forged_checkpoint_is_one_line(
    change: Any, finished: Path, small_mnist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(finished, change)
    assert run("--data-dir", small_mnist, "--out", finished, "--resume") == 2
    assert capsys.readouterr().err.count("\n") == 1


OF_THIS_VERSION = "checkpoint.safetensors must be a checkpoint of this version, got another"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (transposed, "W1 must have shape (784, 7), got (7, 784)"),
        (in_float64, OF_THIS_VERSION),
        (without_a_weight, "must hold the weights of both sides, got none for torch.W2"),
        (without_an_option, OF_THIS_VERSION),
        (without_settings, OF_THIS_VERSION),
        (with_an_empty_tally, OF_THIS_VERSION),
        (without_a_state, OF_THIS_VERSION),
        (with_a_longer_history, "history.csv must begin with the "),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_one_line(
    change: Any, message: str, finished: Path, small_mnist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(finished, change)
    before = {name: (finished / name).read_bytes() for name in files(finished)}
    assert run("--data-dir", small_mnist, "--out", finished, "--resume") == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert {name: (finished / name).read_bytes() for name in files(finished)} == before


def test_other_images_are_refused(finished: Path, small_mnist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = finished.parent / "data"
    shutil.copytree(small_mnist, other)
    labels = other / "train-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(labels.read_bytes()))
    content[-1] = (content[-1] + 1) % 10
    labels.write_bytes(gzip.compress(bytes(content)))
    assert run("--data-dir", other, "--out", finished, "--resume") == 2
    assert "--resume: the images must be those of the checkpoint, got those of" in capsys.readouterr().err


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def one_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)


def another(file: Path) -> None:
    safetensors.numpy.save_file({"W": np.ones(1)}, file)


def nonsense(file: Path) -> None:
    file.write_bytes(b"not a checkpoint")


def absent(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut, "must be a whole safetensors file"),
        (nonsense, "must be a whole safetensors file"),
        (one_bit, "must be as it was written, got a damaged file"),
        (another, "must be the checkpoint of a training, got another file"),
        (absent, "must hold a checkpoint.safetensors of an earlier run, got none"),
    ],
)
def test_a_damaged_checkpoint_is_one_line(
    damage: Any, message: str, finished: Path, small_mnist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(finished / checkpoint.NAME)
    assert run("--data-dir", small_mnist, "--out", finished, "--resume") == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert str(finished) in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--hidden", 60), "--resume: --hidden must be 7, as in the checkpoint, got 60"),
        (("--iterations", 5), "--resume: --iterations must be 6, as in the checkpoint, got 5"),
        (("--batch-size", 10), "--resume: --batch-size must be 100, as in the checkpoint, got 10"),
        (("--epochs", 10), "--resume: --epochs must be left out, as in the checkpoint, got 10"),
        (("--dtype", "float64"), "--resume: --dtype must be float32, as in the checkpoint, got float64"),
    ],
)
def test_a_resumed_run_is_no_other_run(
    options: tuple[object, ...], message: str, finished: Path, small_mnist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--data-dir", small_mnist, "--out", finished, "--resume", *options) == 2
    assert message in capsys.readouterr().err


def test_other_versions_are_noted(finished: Path, small_mnist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(finished, lambda _, state: state["versions"].update(numpy="1.0"))
    assert run("--data-dir", small_mnist, "--out", finished, "--resume") == 0
    assert "the checkpoint was made by other versions; the last bits may differ" in capsys.readouterr().err


def test_an_epoch_run_is_not_made_longer_by_iterations(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--data-dir", small_mnist, "--out", tmp_path, "--hidden", 7)
    assert run(*arguments, "--epochs", 1) == 0
    assert run(*arguments, "--resume", "--iterations", 20_000) == 2
    assert "--resume: --iterations must be 10000, as in the checkpoint, got 20000" in capsys.readouterr().err
    assert run(*arguments, "--resume", "--epochs", 2) == 0
    assert history(tmp_path)[-1]["iteration"] == "6"


def test_a_new_run_does_not_leave_the_checkpoint_of_an_older_one(
    finished: Path, small_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "to_bytes", killed)
    assert run("--data-dir", small_mnist, "--out", finished, "--iterations", 9) == 130
    assert not (finished / checkpoint.NAME).exists()


def test_what_a_killed_run_was_writing_is_removed(finished: Path, small_mnist: Path) -> None:
    (finished / ".writing-abc").mkdir()
    (finished / ".writing-abc" / "history.csv").write_bytes(b"half")
    assert run("--data-dir", small_mnist, "--out", finished, "--resume") == 0
    assert files(finished) == RESULTS


def test_pictures_of_an_older_run_do_not_stay_beside_newer_results(finished: Path, small_mnist: Path) -> None:
    (finished / "curves.png").write_bytes(b"older")
    assert run("--data-dir", small_mnist, "--out", finished, "--iterations", 1) == 0
    assert files(finished) == RESULTS
