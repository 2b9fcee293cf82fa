"""The pictures of a training: what they count and what they draw."""

import io
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from figures import curves, draw_drift, training_curves
from history import HistoryFile, Record
from images import confusion, confusions, errors, first_layer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tally import Jump

from numpy_impl import TwoLayerNet
from torch_ref import SideBySide


def pixels_of(png: bytes) -> tuple[int, ...]:
    return tuple(matplotlib.image.imread(io.BytesIO(png)).shape)


def history_of(folder: Path, drifts: list[float], other: float | None = None) -> Path:
    file = HistoryFile(folder)
    file.start()
    for i, drift in enumerate(drifts):
        file.append(Record(i, 1.0, 1.0, drift, 0, other, None, 0.5, 0.5, 0.5, 0.5))
    file.flush()
    return file.growing


@pytest.mark.parametrize("drifts", [[0.0], [0.0, 0.0, 0.0], [0.0, 1e-9], [0.0, 1e-9, 1e-6, float("nan")]])
def test_curves_of_the_shortest_the_stillest_and_a_diverging_run(drifts: list[float], tmp_path: Path) -> None:
    png = training_curves(history_of(tmp_path, drifts), [Jump(1, 1, 1e-9, 1e-6)], "float32", "a title")
    assert pixels_of(png) == (560, 1600, 4)


def test_the_drift_is_drawn_by_dtype_with_its_jumps(tmp_path: Path) -> None:
    axes = Figure().subplots()
    drawn = curves(history_of(tmp_path, [0.0, 1e-9, 1e-6, 2e-6], other=1e-16))
    draw_drift(axes, drawn, [Jump(1, 2, 1e-9, 1e-6)], "float32")
    labels = [line.get_label() for line in axes.get_lines()]
    assert labels == ["float32", "float64", "jump: a ReLU opens\non one side only"]
    assert np.asarray(axes.get_lines()[2].get_xydata()).tolist() == [[2, 1e-6]]
    assert axes.get_yscale() == "log"


def test_confusion_counts_rows_of_true_classes() -> None:
    count = confusion(np.array([0, 1, 1, 2, 2, 2]), np.array([0, 1, 2, 2, 2, 0]), classes=3)
    assert count.tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 2]]


@pytest.mark.parametrize("hidden", [3, 20])
def test_pictures_of_weights_digits_and_confusion(hidden: int) -> None:
    rng = np.random.default_rng(0)
    sides = SideBySide(TwoLayerNet(784, hidden, 10, rng=0), 0.1)
    assert pixels_of(first_layer(sides, "a title")) == (620, 1600, 4)
    sides.numpy.net.params["W1"][...] = np.inf
    assert pixels_of(first_layer(sides, "after divergence")) == (620, 1600, 4)
    pixels, labels = rng.integers(0, 256, (90, 784)).astype(np.uint8), rng.integers(0, 10, 90)
    for ours, theirs in ((labels, labels), (labels, 9 - labels), (9 - labels, 9 - labels)):
        assert pixels_of(errors(pixels, labels, ours, theirs)) == (860, 1600, 4)
        assert pixels_of(confusions(labels, ours, theirs)) == (800, 1600, 4)


def test_those_digits_come_first_that_only_one_network_gets_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    titles: list[str] = []
    monkeypatch.setattr(Axes, "set_title", lambda _axes, text, **_: titles.append(text))
    labels = np.array([1, 2, 3, 4])
    errors(np.zeros((4, 784), np.uint8), labels, np.array([1, 7, 8, 4]), np.array([1, 7, 3, 9]))
    assert titles == ["3 → 8, 3", "4 → 4, 9", "2 → 7, 7"]
