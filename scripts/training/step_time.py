"""How long a step takes, of each framework apart."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numpy_impl import Network
from numpy_impl.validation import Array
from torch_ref import NumpyTrainer, TorchTrainer
from torch_ref.threads import count_of_threads
from torch_ref.training.trainers import Optimizer

ROUNDS = 7


@dataclass(frozen=True)
class StepTime:
    """Medians of the rounds in µs, and of NumPy's time over PyTorch's in each."""

    numpy: float
    torch: float
    ratio: float
    steps: int

    def line(self, threads: int) -> str:
        how = f"{count_of_threads(threads)} each, measured apart: median of {ROUNDS} rounds, "
        how += f"{self.steps} steps of each in turn"
        times = f"NumPy {self.numpy:.0f} µs, PyTorch {self.torch:.0f} µs, median of the rounds' ratios {self.ratio:.2f}"
        return f"time per step: {times}\n    ({how})"


def step_time(net: Network, optimizer: Callable[[], Optimizer], x: Array, t: Array) -> StepTime:
    """Forward, loss, backward and update of one batch, from these weights, in turns; each has its own optimizer."""
    sides: list[NumpyTrainer | TorchTrainer] = [TorchTrainer(net, optimizer()), NumpyTrainer(net, optimizer())]
    steps = max(1, min(50, int(0.1 / max(seconds(side, x, t, steps=2) for side in sides))))  # a round: 0.1 s or a step
    times = 1e6 * np.array([[seconds(side, x, t, steps) for side in sides] for _ in range(ROUNDS)])
    theirs, ours = np.median(times, axis=0)
    return StepTime(float(ours), float(theirs), float(np.median(times[:, 1] / times[:, 0])), steps)


def seconds(side: NumpyTrainer | TorchTrainer, x: Array, t: Array, steps: int) -> float:
    """The time of a step."""
    start = time.perf_counter()
    for _ in range(steps):
        side.step(x, t)
    return (time.perf_counter() - start) / steps
