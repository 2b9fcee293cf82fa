"""--resume of scripts/train_mnist.py: whatever ended a run, it ends bit for bit as if nothing had; or says why not."""

import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training import checkpoint
from training_runs import RESULTS, files, history, run

from torch_ref import NumpyTrainer

ENDS = ("history.csv", "numpy.safetensors", "torch.safetensors", "checkpoint.safetensors")
KILLS = 6
DEEP = ("--network", "mlp", "--hidden", 9, 8, "--batch-norm", "--dropout", 0.3, "--optimizer", "adam")


def contents(folder: Path) -> dict[str, Any]:
    """What must be the same bit for bit; of a checkpoint all but the seconds that it took."""
    weights, state = checkpoint.read(folder)
    assert state["tally"]["seconds"] > 0
    state["tally"]["seconds"] = 0
    tensors = {name: value.tobytes() for name, value in weights.items()}
    return {name: (folder / name).read_bytes() for name in ENDS[:3]} | {"state": state, "weights": tensors}


def in_a_process(arguments: list[str]) -> None:
    """The script, in a process that a test kills."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    raise SystemExit(run(*arguments))


def start(*arguments: object) -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["training", "training_runs", "torch._dynamo"]
    )  # PyTorch is imported once, for all of them
    process = context.Process(target=in_a_process, args=([str(argument) for argument in arguments],))
    process.start()
    return process


@pytest.mark.exhaustive
def test_a_run_killed_at_any_moment_ends_bit_for_bit_as_if_it_were_not(
    small_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # the fork server does not take it over by itself
    arguments = ("--data-dir", small_mnist, "--iterations", 400, "--every", 7, "--verify-every", 0, "--seed", 4)
    for _ in range(2):  # the first one starts the server too
        began = time.perf_counter()
        undisturbed = start(*arguments, "--out", tmp_path / "whole")
        undisturbed.join()
        assert undisturbed.exitcode == 0
        duration = time.perf_counter() - began
    wanted = contents(tmp_path / "whole")

    rng, killed = np.random.default_rng(20160924), []
    for i in range(KILLS):
        out = tmp_path / str(i)
        for again in ((), ("--resume",)):  # killed as it runs, and as it goes on
            process = start(*arguments, "--out", out, *again)
            while not (out / checkpoint.NAME).exists():
                assert process.is_alive()
                time.sleep(0.001)
            time.sleep(float(rng.uniform(0, 0.4 * duration)))
            process.kill()
            process.join()
            killed.append(process.exitcode)
            assert process.exitcode in (0, -signal.SIGKILL)
            checkpoint.read(out)  # whole at any moment
        resumed = start("--data-dir", small_mnist, "--out", out, "--resume")
        resumed.join()
        assert resumed.exitcode == 0
        assert contents(out) == wanted
        assert files(out) == RESULTS
    assert killed.count(-signal.SIGKILL) >= KILLS, "too few were killed in time to show anything"


@pytest.mark.parametrize(
    "options",
    [
        ("--epochs", 3, "--batch-size", 70, "--every", 4),
        (*DEEP, "--iterations", 20, "--every", 4, "--verify-every", 0),
        pytest.param(
            ("--iterations", 30, "--dtype", "float64", "--compare-dtypes", "--verify-every", 5, "--every", 10),
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_ctrl_c_and_resume_end_as_an_undisturbed_run(
    options: tuple[object, ...], small_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("--data-dir", small_mnist, *options)
    assert run(*arguments, "--out", tmp_path / "whole") == 0
    out, step, calls = tmp_path / "out", NumpyTrainer.step, []

    def interrupted(self: NumpyTrainer, *batch: Any) -> float:
        calls.append(1)
        if len(calls) in (3, 8):
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, *batch)

    monkeypatch.setattr(NumpyTrainer, "step", interrupted)
    assert run(*arguments, "--out", out) == 130
    assert run(*arguments, "--out", out, "--resume") == 130
    assert run("--data-dir", small_mnist, "--out", out, "--resume") == 0
    assert contents(out) == contents(tmp_path / "whole")


def test_a_run_may_be_made_longer(small_mnist: Path, tmp_path: Path) -> None:
    arguments = ("--data-dir", small_mnist, "--every", 10)
    assert run(*arguments, "--iterations", 25, "--out", tmp_path / "whole") == 0
    assert run(*arguments, "--iterations", 13, "--out", tmp_path / "out") == 0
    assert run(*arguments, "--iterations", 25, "--out", tmp_path / "out", "--resume") == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert run(*arguments, "--iterations", 25, "--out", tmp_path / "out", "--resume") == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_what_was_torn_at_the_end_of_the_history_is_cut_off(small_mnist: Path, tmp_path: Path) -> None:
    arguments = ("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 6)
    assert run(*arguments) == 0
    wanted = contents(tmp_path)
    (tmp_path / "history.csv").rename(tmp_path / "history.csv.part")
    with (tmp_path / "history.csv.part").open("a") as file:
        file.write("7,0.12")
    assert run(*arguments, "--resume") == 0
    assert contents(tmp_path) == wanted
    assert [record["iteration"] for record in history(tmp_path)] == list("0123456")
