"""Trainings of both frameworks on the same data: what the curves are made of."""

from collections.abc import Iterable, Sequence

import numpy as np
from training.evaluation import accuracies, scaled

from numpy_impl import MultiLayerNet
from numpy_impl.validation import Array
from torch_ref import SideBySide
from torch_ref.training.trainers import Optimizer

Split = tuple[Array, Array]  # images as bytes, and labels


class Run:
    """A training of both sides under a name, and its losses, batch by batch."""

    def __init__(self, name: str, net: MultiLayerNet, optimizer: Optimizer) -> None:
        self.name, self.sides = name, SideBySide(net, optimizer=optimizer)
        self.dtype = str(net.params["Affine1.W"].dtype)
        self.losses: list[tuple[float, float]] = []  # NumPy's and PyTorch's

    def train(self, split: Split, batches: Iterable[Array]) -> None:
        """`batches` are the indices of their images."""
        images, labels = split
        for batch in batches:
            step = self.sides.step(scaled(images.take(batch, axis=0), self.dtype), labels[batch])
            self.losses.append((step.numpy_loss, step.torch_loss))

    def accuracies(self, split: Split) -> list[float]:
        """The shares of images that NumPy and PyTorch get right."""
        return accuracies(self.sides, *split, self.dtype)

    def mean_losses(self, batches: int) -> tuple[Array, Array, Array]:
        """At which iteration, and the mean loss of so many batches before it, of NumPy and of PyTorch."""
        whole = len(self.losses) // batches * batches
        ours, theirs = np.array(self.losses[:whole]).reshape(-1, batches, 2).mean(axis=1).T
        return batches * np.arange(1, len(ours) + 1), ours, theirs


def drawn(seed: int, images: int, size: int, iterations: int) -> Sequence[Array]:
    """Batches as the book draws them, with replacement; the same ones for the same seed."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, images, size) for _ in range(iterations)]


def table(runs: Sequence[Run], split: Split) -> str:
    """Of each training the mean loss of the last batches and the accuracy, of both sides, and how far they drifted."""
    last = min(100, len(runs[0].losses))
    lines = [
        f"{'':10}  mean loss of the last {last:<3d}   accuracy on test images     drift",
        f"{'':10}       NumPy     PyTorch         NumPy     PyTorch   max|ΔW|",
    ]
    for run in runs:
        losses = "".join(f"{value:12.4f}" for value in np.mean(run.losses[-last:], axis=0))
        shares = "".join(f"{value:12.4f}" for value in run.accuracies(split))
        lines.append(f"{run.name:10}{losses}  {shares}{run.sides.drift():10.1e}")
    return "\n".join(lines)
