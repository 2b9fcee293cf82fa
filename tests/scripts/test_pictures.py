"""The pictures of a training: what they count and what they draw."""

import io
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from training.figures import curves, draw_accuracy, draw_drift, draw_loss, training_curves
from training.history import HistoryFile, Record
from training.images import confusion, confusions, errors, first_layer
from training.tally import Jump

from numpy_impl import TwoLayerNet
from numpy_impl.validation import Array
from torch_ref import SideBySide, params_of


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
def test_pictures_of_weights(hidden: int) -> None:
    sides = SideBySide(TwoLayerNet(784, hidden, 10, rng=0), 0.1)
    assert pixels_of(first_layer(sides, "a title")) == (620, 1600, 4)
    sides.numpy.net.params["W1"][...] = np.inf
    assert pixels_of(first_layer(sides, "after divergence")) == (620, 1600, 4)


def test_pictures_of_digits_and_confusion() -> None:
    rng = np.random.default_rng(0)
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


def test_the_curves_are_those_of_their_side_and_split(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.start()
    for i in range(3):
        file.append(Record(i, 1.0 + i, 2.0 + i, 0.0, 0, None, None, 0.1, 0.2, 0.3, 0.4))
    file.flush()
    drawn, (loss, accuracy) = curves(file.growing), Figure().subplots(1, 2)
    draw_loss(loss, drawn)
    draw_accuracy(accuracy, drawn.rows)
    lines = {line.get_label(): np.asarray(line.get_ydata()).tolist() for line in loss.get_lines()}
    assert lines == {"NumPy": [1, 2, 3], "PyTorch": [2, 3, 4]}
    shares = [(line.get_label(), np.asarray(line.get_ydata()).tolist()) for line in accuracy.get_lines()]
    assert [values for _, values in shares] == [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4]]
    assert (shares[0][0], shares[2][0]) == ("NumPy, train", "NumPy, test")


def test_the_weights_drawn_are_those_that_differ_most_and_their_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Array] = []
    imshow = Axes.imshow

    def watched(axes: Axes, image: Array, **options: Any) -> Any:
        shown.append(image)
        return imshow(axes, image, **options)

    monkeypatch.setattr(Axes, "imshow", watched)
    sides = SideBySide(TwoLayerNet(784, 12, 10, rng=0), 0.1)
    W1 = sides.numpy.net.params["W1"]
    W1[:, 7] *= 100
    first_layer(sides, "a title")
    assert len(shown) == 30
    theirs = params_of(sides.torch.net)["W1"][:, 7]
    np.testing.assert_array_equal(shown[0].ravel(), W1[:, 7], strict=True)
    np.testing.assert_array_equal(shown[10].ravel(), theirs, strict=True)
    np.testing.assert_array_equal(shown[20].ravel(), W1[:, 7] - theirs, strict=True)


def test_each_confusion_stands_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    titles: list[str] = []
    set_ = Axes.set

    def watched(axes: Axes, **options: Any) -> Any:
        if "title" in options:
            titles.append(options["title"])
            assert (options["xlabel"], options["ylabel"]) == ("predicted class", "true class")
        return set_(axes, **options)

    monkeypatch.setattr(Axes, "set", watched)
    labels = np.array([1, 2, 3, 4])
    confusions(labels, labels, np.array([1, 2, 3, 9]))
    assert titles == ["NumPy: 100.00% right", "PyTorch: 75.00% right"]
