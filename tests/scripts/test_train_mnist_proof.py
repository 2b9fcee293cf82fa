"""The proof in each row of scripts/train_mnist.py, what becomes of a violation, and the options around them."""

import json
import webbrowser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import replay
import safetensors.numpy
from training.proof import Proof, prove
from training_runs import history, run

from numpy_impl import SGD, Affine, TwoLayerNet
from numpy_impl.validation import Array
from torch_ref import NumpyTrainer, Report, SideBySide, TorchTrainer
from torch_ref.diagnosis.finding import Finding, Verdict
from torch_ref.diagnosis.report import Row


def break_from(iteration: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From this call of the backward of Affine1 on, dW has one wrong entry."""
    backward, calls = Affine.backward, []

    def broken(layer: Affine, dout: Array) -> Any:
        dx = backward(layer, dout)
        if len(layer.W) == 784:
            calls.append(1)
            if len(calls) > iteration:
                layer.dW[5, 3] += 1e-3
        return dx

    monkeypatch.setattr(Affine, "backward", broken)


def test_a_violation_stops_the_run_names_the_place_and_is_replayed(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        break_from(30, patched)  # 20 updates, and five backwards for each of the proofs of rows 0 and 10
        options = ("--iterations", 50, "--every", 10, "--hidden", 7)
        assert run("--data-dir", small_mnist, "--out", tmp_path, *options) == 1
        captured = capsys.readouterr()
        file = tmp_path / "violation.safetensors"
        assert captured.err.count("\n") == 1
        for words in (
            "iteration 20: Affine1.dW of NumPy, on NumPy's weights, is OUTSIDE in 1 of 5488: its worst entry, (5, 3), ",
            f"to run it again: python scripts/replay.py {file}",
        ):
            assert words in captured.err
        assert captured.out.splitlines()[4].endswith("WRONG")
        assert [record["iteration"] for record in history(tmp_path)][-1] == "20"
        verified = json.loads((tmp_path / "summary.json").read_text())["verified"]
        assert (verified["batches"], verified["violations"]) == (3, 1)

        assert replay.main([str(file)]) == 1
        captured = capsys.readouterr()
        assert "iteration 20, iterations 50" in captured.out
        assert "Affine1.dW" in captured.out
        assert "Affine1.dW of NumPy, on NumPy's weights, is OUTSIDE in 1 of 5488" in captured.err
    assert replay.main([str(file)]) == 0  # the code is whole again
    assert "right" in capsys.readouterr().out
    assert run("--data-dir", small_mnist, "--out", tmp_path, "--resume") == 0  # and the run goes on
    assert "if the fault came in mid-run, the weights were trained with it: start anew" in capsys.readouterr().err
    assert not file.exists()


@pytest.mark.parametrize(("dtype", "std"), [("float32", 1e19), ("float32", 1e37), ("float64", 1e160)])
def test_an_overflow_is_a_divergence_and_no_violation(
    dtype: str, std: float, small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--iterations", 3, "--every", 1, "--dtype", dtype, "--std", std)
    assert run("--data-dir", small_mnist, "--out", tmp_path, *options) == 1
    captured = capsys.readouterr()
    assert "diverged at iteration 0" in captured.err
    assert "vacuous" in captured.out
    assert "WRONG" not in captured.out


def test_a_new_run_does_not_leave_an_older_violation(small_mnist: Path, tmp_path: Path) -> None:
    (tmp_path / "violation.safetensors").write_bytes(b"older")
    assert run("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 1) == 0
    assert not (tmp_path / "violation.safetensors").exists()


@pytest.mark.parametrize(
    ("options", "verified"),
    [
        ((), ["0", "10", "12"]),
        (("--verify-every", 0), []),
        (("--verify-every", 4), ["0", "4", "8", "10", "12"]),
    ],
)
def test_so_often_is_verified(
    options: tuple[object, ...],
    verified: list[str],
    small_mnist: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 12, "--every", 10, "--hidden", 7)
    assert run(*arguments, *options) == 0
    assert [record["iteration"] for record in history(tmp_path) if record["radius_used"]] == verified
    out = capsys.readouterr().out
    assert (f"verified on {len(verified)} batches, on the weights of each side: NumPy" in out) == bool(verified)
    assert out.splitlines()[2].endswith(" ok" if verified else " –")


def test_a_proof_says_whose_it_is_and_what_shows_nothing() -> None:
    right, vacuous, even = (
        Finding(Verdict.WITHIN, share=0.25),
        Finding(Verdict.VACUOUS),
        Finding(Verdict.EVEN),
    )
    outside = Finding(Verdict.OUTSIDE, "OUTSIDE in 1 of 4", (2,), 1.0, 2.0, 1.0, 0.5, 2.0)

    def proof(*rows: Row) -> Proof:
        return Proof({"on paper": Report("a title", rows)})

    ok = proof(Row("y", right, right))
    assert (ok.word, ok.violation, ok.radius_used) == ("25% ok", "", 0.25)
    for finding, word in ((vacuous, "vacuous"), (even, "even")):
        nothing = proof(Row("y", right, right), Row("dx", finding, finding))
        assert (nothing.word, nothing.violation) == (word, "")
    wrong = proof(Row("y", right, right), Row("db", right, outside))
    assert wrong.word == "WRONG"
    assert wrong.violation.startswith("db of PyTorch, on paper, is OUTSIDE in 1 of 4: its worst entry, (2), is 1, and")
    assert wrong.radius_used == 2.0


def test_a_network_whose_gradient_is_0_is_no_violation() -> None:
    net = TwoLayerNet(4, 3, 2, rng=0)
    net.params["b1"][...] = -100  # no unit is ever open
    proof = prove(SideBySide(net, 0.1), np.ones((5, 4), np.float32), np.array([0, 1, 1, 0, 1]))
    assert (proof.word, proof.violation) == ("even", "")


@pytest.mark.parametrize("content", [b"nonsense", safetensors.numpy.save({"W1": np.ones((2, 2))}), None])
def test_replay_refuses_another_file_in_one_line(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file.safetensors"
    if content is not None:
        file.write_bytes(content)
    assert replay.main([str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert f"{file} must be" in captured.err


def test_quiet_prints_nothing_but_what_goes_wrong(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--data-dir", small_mnist, "--out", tmp_path, "--quiet")
    assert run(*arguments, "--iterations", 2) == 0
    assert tuple(capsys.readouterr()) == ("", "")
    assert run(*arguments, "--lr", 1e30) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "diverged at iteration" in captured.err


@pytest.mark.exhaustive
@pytest.mark.parametrize("found", [True, False])
def test_show_opens_the_pictures_or_says_that_it_cannot(
    found: bool, small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def browser(address: str) -> bool:
        opened.append(address)
        return found

    monkeypatch.setattr(webbrowser, "open", browser)
    arguments = ("--data-dir", small_mnist, "--out", tmp_path, "--iterations", 1, "--show")
    assert run(*arguments, plots=True) == 0
    assert [address.rsplit("/", 1)[1] for address in opened] == [
        "curves.png",
        "weights.png",
        "errors.png",
        "confusion.png",
    ]
    assert all(address.startswith("file:///") for address in opened)
    assert ("--show: found nothing to open" in capsys.readouterr().err) != found


def test_the_summary_has_every_setting_version_and_verdict(small_mnist: Path, tmp_path: Path) -> None:
    options = ("--epochs", 2, "--batch-size", 128, "--hidden", 7, "--compare-dtypes")
    assert run("--data-dir", small_mnist, "--out", tmp_path, *options) == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["settings"]["batch_size"] == 128
    assert summary["settings"]["every"] == 3  # an epoch
    assert summary["batches"] == "an epoch visits every image once, shuffled"
    assert (summary["iterations"], summary["complete"]) == (6, True)
    assert summary["versions"]["numpy"] == np.__version__
    assert summary["verified"]["batches"] == 3
    assert 0 < summary["verified"]["radius_used"] <= 1
    assert summary["end"]["numpy_test_accuracy"] == float(history(tmp_path)[-1]["numpy_test_accuracy"])
    assert 0 < float(history(tmp_path)[-1]["other_drift"]) < 1e-14 < summary["end"]["drift"]
    assert summary["step"]["ratio"] > 0


@pytest.mark.parametrize(("side", "words"), [("NumPy", "W1 of NumPy"), ("PyTorch", "W1 of PyTorch")])
def test_a_side_that_steps_too_far_is_found_in_its_update(
    side: str,
    words: str,
    small_mnist: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trainer: Any = NumpyTrainer if side == "NumPy" else TorchTrainer
    make = trainer.__init__
    options = ("--iterations", 30, "--every", 10, "--hidden", 7, "--dtype", "float64")
    with monkeypatch.context() as patched:
        patched.setattr(trainer, "__init__", lambda self, net, sgd: make(self, net, SGD(1.001 * sgd.lr)))
        assert run("--data-dir", small_mnist, "--out", tmp_path, *options) == 1
        captured = capsys.readouterr()
        assert f"iteration 0: {words}, after the update, is OUTSIDE in " in captured.err
        assert "verified on" not in captured.out  # which would say the opposite
        assert replay.main([str(tmp_path / "violation.safetensors")]) == 1
        assert f"{words}, after the update, is OUTSIDE in" in capsys.readouterr().err
    assert replay.main([str(tmp_path / "violation.safetensors")]) == 0


def test_a_side_whose_gradient_is_wrong_on_its_own_weights_alone_is_found(small_mnist: Path, tmp_path: Path) -> None:
    """The trainer's own twin, not the one that a proof makes."""
    step = TorchTrainer.step

    def stale(self: TorchTrainer, x: Array, t: Array) -> float:
        return step(self, x[::-1].copy(), t)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TorchTrainer, "step", stale)
        options = ("--iterations", 30, "--every", 10, "--hidden", 7, "--dtype", "float64")
        assert run("--data-dir", small_mnist, "--out", tmp_path, *options) == 1


def test_a_proof_of_another_shape_names_no_entry() -> None:
    row = Row("dW", Finding(Verdict.OTHER_SHAPE, "shape (2,), not (3,)"), Finding(Verdict.WITHIN, share=0.5))
    proof = Proof({"on paper": Report("a title", (row,))})
    assert proof.violation == "dW of NumPy, on paper, is shape (2,), not (3,)"
