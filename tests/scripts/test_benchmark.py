"""scripts/benchmark.py: fair turns, all contenders on the same step, its tables, and what it leaves."""

import json
import re
from pathlib import Path
from typing import Any

import benchmark
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from timing import benchmarking, contenders, deep
from timing.benchmarking import measure, ratio
from timing.contenders import Size
from timing.figure import draw

from numpy_impl import load_mnist


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes and rounds that take no time."""
    monkeypatch.setattr(benchmarking, "FIRST", (3, 10))
    monkeypatch.setattr(benchmarking, "HIDDEN", [3, 5])
    monkeypatch.setattr(benchmarking, "BATCHES", [4, 10])
    monkeypatch.setattr(benchmarking, "ROUND", 0.001)


def run(data: Path, out: Path, *options: object) -> int:
    return benchmark.main(["--data-dir", str(data), "--out", str(out), "--rounds", "2", *map(str, options)])


def without_a_compiler(*_: Any, **options: Any) -> Any:
    assert options == {"compiled": True, "fused": True}
    raise RuntimeError("no compiler\nand a long story")


def test_the_whole_benchmark_prints_its_tables_and_leaves_its_numbers(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmarking, "sgd_step", without_a_compiler)
    assert run(small_mnist, tmp_path) == 0
    captured = capsys.readouterr()
    out = captured.out
    assert captured.err.count("torch.compile cannot be timed here: no compiler\n") == 2
    number = r"\d+\.\d\d \[\d+\.\d\d \d+\.\d\d\]"
    for name in ("eager", "index_select", "foreach", "fused", "floor"):
        assert len(re.findall(rf"^{name} +{number} +\d+ \[\d+ \d+\]$", out, re.MULTILINE)) == 2
    for size in ("3     10", "5     10", "3      4"):
        assert re.search(rf"^ +{size}( +{number}){{4}}$", out, re.MULTILINE)
    assert re.search(r"^Network.numerical_gradient +\d+\.\d{3} ", out, re.MULTILINE)
    assert "with its defaults: passed" in out
    assert max(map(len, out.splitlines()[:-1])) <= 100
    assert (tmp_path / "benchmark.png").read_bytes().startswith(b"\x89PNG")
    content = json.loads((tmp_path / "benchmark.json").read_text())
    assert [(size["hidden"], size["batch"], size["dtype"]) for size in content["sizes"]][:2] == [
        (3, 10, "float32"),
        (3, 10, "float64"),
    ]
    assert all(len(times) == 2 for size in content["sizes"] for times in size["microseconds"].values())


def test_quick_leaves_out_the_sweep_and_the_compiler(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(small_mnist, tmp_path, "--quick", "--no-plots") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "hidden  batch" not in captured.out
    assert {file.name for file in tmp_path.iterdir()} == {"benchmark.json"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_contender_makes_the_same_step(dtype: str, small_mnist: Path) -> None:
    (images, labels), _ = load_mnist(normalize=False, data_dir=small_mnist)
    steps = contenders.contenders(Size(7, 20, dtype), images, labels)
    rng = np.random.default_rng(0)
    for _ in range(3):
        batch = rng.integers(0, 300, 20)
        losses = {name: step(batch) for name, step in steps.items() if name != "floor"}
        assert len(losses) == 6
        assert losses["bare"] == losses["NumPy"]
        eps = float(np.finfo(dtype).eps)
        assert np.ptp(list(losses.values())) < 100 * eps  # a loss of 2.3 after a few sums of 784 and fewer terms
    products = steps["floor"](batch)
    assert [product.shape for product in products] == [(20, 7), (20, 10), (20, 7), (7, 10), (784, 7)]
    assert {product.dtype for product in products} == {np.dtype(dtype)}


def test_the_deep_network_is_timed_beside_each_adam(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(small_mnist, tmp_path, "--network", "mlp", "--batch-norm", "--dropout", "0.1") == 0
    out = capsys.readouterr().out
    assert "784-100-100-100-10, Adam, batch 10, batch-norm, dropout 0.1, float32, 1 thread, 2 rounds in turn" in out
    for name in ("eager", "index_select", "foreach", "for-loop", "fused", "floor"):
        assert len(re.findall(rf"^{name} ", out, re.MULTILINE)) == 2
    assert json.loads((tmp_path / "benchmark.json").read_text())["network"] == "mlp"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_contender_makes_the_same_steps_of_adam(dtype: str, small_mnist: Path) -> None:
    (images, labels), _ = load_mnist(normalize=False, data_dir=small_mnist)
    options = benchmark.parse(["--network", "mlp", "--batch-norm"])
    steps = deep.contenders(options, dtype, 20, images, labels)
    rng = np.random.default_rng(0)
    for _ in range(3):
        batch = rng.integers(0, 300, 20)
        losses = {name: step(batch) for name, step in steps.items() if name != "floor"}
        # A gradient that is 0 but for rounding, as of a bias before batch-norm, makes Adam step by lr either way, and
        # batch-norm takes such a bias out again.
        assert np.ptp(list(losses.values())) < 1e4 * float(np.finfo(dtype).eps)
    forward, dW, dx = steps["floor"](batch)
    assert [product.shape for product in forward] == [(20, 100)] * 3 + [(20, 10)]
    assert [product.shape for product in dW] == [(784, 100), (100, 100), (100, 100), (100, 10)]
    assert [product.shape for product in dx] == [(20, 100)] * 3


def test_options_of_the_deep_network_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, tmp_path, "--batch-norm") == 2
    assert "--batch-norm and --dropout are for --network mlp, got them with two-layer" in capsys.readouterr().err


def test_contenders_take_turns_and_another_begins_each_round() -> None:
    calls: list[str] = []
    steps = {name: lambda _, name=name: calls.append(name) for name in "abc"}
    times = measure(steps, Size(1, 4, "float32"), 10, rounds=3)  # type: ignore[arg-type] # steps that return nothing
    assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3, "c": 3}
    order = [name for i, name in enumerate(calls) if i == 0 or calls[i - 1] != name]
    assert "".join(order).endswith("abcbcacab")


def test_the_ratio_is_that_of_each_round() -> None:
    times = {"NumPy": np.array([1.0, 4.0, 9.0]), "eager": np.array([2.0, 4.0, 3.0])}
    assert ratio(times, "eager").tolist() == [0.75, 1.0, 2.0]


def test_a_folder_that_cannot_be_written_is_one_line(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benchmark.json").mkdir()
    assert run(small_mnist, tmp_path) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_a_step_that_can_be_compiled_is_timed_too(small_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (images, labels), _ = load_mnist(normalize=False, data_dir=small_mnist)
    size = Size(3, 10, "float32")
    steps: dict[str, contenders.Step] = {}
    monkeypatch.setattr(torch, "compile", lambda function: function)  # which takes half a minute
    benchmarking.add_compiled(steps, size, images, labels)
    batch = np.arange(20, 30)
    other = contenders.sgd_step(size, images, labels)
    other(np.arange(10))  # as it was tried on
    assert steps["compile"](batch) == pytest.approx(other(batch), rel=1e-6)  # a few float32 roundings


def test_the_picture_draws_numpys_time_over_the_others() -> None:
    axes = Figure().subplots()
    times = {"NumPy": np.array([1.0, 2.0, 3.0]), "eager": np.array([4.0, 4.0, 4.0])}
    measured = {Size(50, 100, "float32"): times, Size(100, 100, "float32"): {**times, "eager": np.full(3, 2.0)}}
    measured |= {size._replace(dtype="float64"): times for size in measured}
    draw(axes, measured, "hidden", "eager", "a title", "units")
    lines = {line.get_label(): np.asarray(line.get_xydata()).tolist() for line in axes.get_lines()}
    assert lines["float32"] == [[50, 0.5], [100, 1.0]]
    assert lines["float64"] == [[50, 0.5], [100, 0.5]]
