"""What a training says at the end, what it measures on the way, and of whom."""

import numpy as np
import pytest
from training import step_time
from training.evaluation import accuracies, predictions, scaled
from training.history import Record
from training.step_time import StepTime
from training.tally import Jump, Tally

from numpy_impl import SGD, TwoLayerNet
from torch_ref import NumpyTrainer, SideBySide


def record(iteration: int, drift: float, relus_apart: int = 0) -> Record:
    return Record(iteration, 1.0, 1.0, drift, relus_apart)


def test_a_jump_is_where_the_drift_doubles_after_a_relu_was_open_on_one_side() -> None:
    tally = Tally()
    assert tally.add(record(0, 1e-9)) is None
    assert tally.add(record(1, 1e-8)) is None  # ten times as much, but no ReLU was apart
    assert tally.add(record(2, 1e-8, 3)) is None
    assert tally.add(record(3, 2e-8, 1)) is None  # not more than twice
    jump = tally.add(record(4, 5e-8))
    assert jump == Jump(3, 1, 2e-8, 5e-8)
    assert jump.line(5000) == "        3  ↑ 1 of 5,000 ReLUs open on one side only: drift 2.0e-08 → 5.0e-08"
    assert tally.jumps == [jump]
    assert Tally.of(tally.state) == tally


def test_the_end_says_what_was_seen() -> None:
    tally = Tally()
    tally.add(record(0, 1e-9))
    assert tally.lines(record(0, 1e-9), "W1", 5) == [
        "drift: the weights lie 1.0e-09 apart at most, in W1. No ReLU was ever open on one side only"
    ]
    tally.add(record(1, 1e-9, 2))
    tally.add(record(2, 1e-6, 1))
    tally.proofs, tally.shows_nothing, tally.radius_used = 3, 1, 0.5
    text = "\n".join(tally.lines(record(2, 1e-6), "W1", 5))
    assert "verified on 2 batches (1 more showed nothing), on the weights of each side" in text
    assert "use 50.0% of it at most" in text
    assert "In 2 of 3 batches" in text
    assert "first by a pre-activation within rounding of 0 at iteration 1;" in text
    assert "more than doubled by such a step 1 time (↑)" in text
    tally.violations = 1
    assert tally.lines(record(2, 1e-6), "W1", 5) == []


def test_nothing_that_showed_nothing_counts_as_verified() -> None:
    tally = Tally(proofs=6, shows_nothing=6)
    assert "verified" not in "".join(tally.lines(record(0, 0.0), "W1", 5))


def test_each_side_is_asked_for_its_own_predictions() -> None:
    sides = SideBySide(TwoLayerNet(784, 5, 10, 0.1, rng=0), 0.1)
    sides.numpy.net.params["b2"][...] = np.eye(10, dtype=np.float32)[3] * 100
    sides.torch.net.Affine2.bias.data[8] = 100
    images, labels = np.zeros((12, 784), np.uint8), np.array([3] * 9 + [8] * 3)
    ours, theirs = predictions(sides, images, "float32")
    assert (set(ours), set(theirs)) == ({3}, {8})
    assert accuracies(sides, images, labels, "float32") == [0.75, 0.25]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_images_are_scaled_to_one_by_a_product(dtype: str) -> None:
    images = np.arange(256, dtype=np.uint8)
    x = scaled(images, dtype)
    assert x.dtype == dtype
    assert (x[0], x[255]) == (0, 1)
    exact = images / np.longdouble(255)
    assert (abs(x - exact) <= np.finfo(dtype).eps * exact).all()  # two roundings
    assert images[7] == 7


def test_step_times_are_those_of_each_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds(side: object, *_: object, **__: int) -> float:
        return 0.002 if isinstance(side, NumpyTrainer) else 0.008

    monkeypatch.setattr(step_time, "seconds", seconds)
    x, t = np.ones((2, 4), np.float32), np.array([0, 1])
    time = step_time.step_time(TwoLayerNet(4, 3, 2), lambda: SGD(0.1), x, t)
    assert time == StepTime(2000.0, 8000.0, 0.25, 12)
    assert time.line(2).startswith(
        "time per step: NumPy 2000 µs, PyTorch 8000 µs, median of the rounds' ratios 0.25\n    (2 threads each, "
    )
