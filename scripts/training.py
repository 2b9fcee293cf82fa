"""The work of train_mnist.py: both networks over the same batches, what is printed, and what is left."""

import argparse
import math
import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

import command_line
import numpy as np
import safetensors.numpy
import safetensors.torch
import torch
from figures import training_curves
from history import HEADER, Record, to_csv
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from threadpoolctl import threadpool_limits

from numpy_impl import TwoLayerNet, load_mnist
from numpy_impl.checks import Array
from torch_ref import NumpyTrainer, TorchTrainer, drift

Split: TypeAlias = tuple[Array, Array]
Sides: TypeAlias = tuple[NumpyTrainer, TorchTrainer]

RESULTS = ["history.csv", "numpy.safetensors", "torch.safetensors", "curves.png"]


def train(options: argparse.Namespace) -> int:
    if options.lr > float(np.finfo(options.dtype).max):
        raise ValueError(f"--lr must be finite in {options.dtype}, got {options.lr}")
    data = load_mnist(normalize=False, data_dir=options.data_dir)
    if not all(len(images) for images, _ in data):
        raise ValueError(f"{options.data_dir} must hold at least one training and one test image, got none")
    rng = np.random.default_rng(options.seed)
    net = network(options, rng)
    command_line.make_folder(options.out, RESULTS)

    sides = NumpyTrainer(net, options.lr), TorchTrainer(net, options.lr)
    torch.set_num_threads(options.threads)
    with threadpool_limits(options.threads, "blas"):
        history: list[Record] = []
        print(HEADER, flush=True)
        with command_line.Interrupt() as interrupt:
            records = run_both(options, data, sides, rng, stop=lambda: interrupt.signal != 0)
            try:
                follow(records, history, options.iterations)
            except KeyboardInterrupt:
                history.clear()  # in the middle of a step: one side may have made it and the other not
                raise
            finally:
                interrupt.hold_off()
                if history:
                    save(options, history, sides)
                    print(f"\nresults in {options.out}: {', '.join(RESULTS)}", flush=True)
        return conclude(options, history[-1], interrupt.signal, data[0])


def network(options: argparse.Namespace, rng: np.random.Generator) -> TwoLayerNet:
    return TwoLayerNet(784, options.hidden, 10, options.std, rng=rng, dtype=options.dtype)


def run_both(
    options: argparse.Namespace,
    data: tuple[Split, Split],
    sides: Sides,
    rng: np.random.Generator,
    stop: Callable[[], bool],
) -> Iterator[Record]:
    """A record before each update, and one at the end: after the last update, or when told to stop.

    It also ends after an update that started from a loss of NaN or infinity.
    """
    images, labels = data[0]
    for i in range(options.iterations + 1):
        batch = rng.integers(0, len(images), options.batch_size)
        x, t = scaled(images[batch], options.dtype), labels[batch]
        last = i == options.iterations or stop()
        row = last or i % options.every == 0
        accuracies = [share for split in data for share in accuracy(*split, options.dtype, sides)] if row else []
        apart = drift(*sides)
        ours, theirs = (side.loss(x, t) if last else side.step(x, t) for side in sides)
        yield Record(i, ours, theirs, abs(ours - theirs), apart, *accuracies)
        if last or not math.isfinite(ours + theirs):
            return


def follow(records: Iterator[Record], history: list[Record], iterations: int) -> None:
    """Keeps the records and prints the rows; on a terminal a bar below them moves along."""
    columns = TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, transient=True, disable=not command_line.on_terminal()) as progress:
        bar = progress.add_task("training", total=iterations)
        for record in records:
            history.append(record)
            progress.update(bar, completed=record.iteration)
            if record.is_row:
                print(record.row(), flush=True)


def conclude(options: argparse.Namespace, end: Record, signal: int, train_split: Split) -> int:
    if not math.isfinite(end.numpy_loss + end.torch_loss):
        losses = f"NumPy's loss is {end.numpy_loss}, PyTorch's {end.torch_loss}"
        return command_line.fail(
            f"diverged at iteration {end.iteration}: {losses}; try a smaller --lr or --std", status=1
        )
    ours, theirs = float(end.numpy_test_accuracy or 0), float(end.torch_test_accuracy or 0)
    gap = 100 * abs(ours - theirs)
    print(f"test accuracy: NumPy {ours:.4f}, PyTorch {theirs:.4f}, {gap:.2f} percentage points apart")
    if end.iteration < options.iterations:
        words = f"interrupted after {end.iteration} iterations; the results are those so far"
        return command_line.fail(words, 128 + signal)
    print(time_per_step(options, train_split))
    return 0


def scaled(images: Array, dtype: str) -> Array:
    """Bytes from 0 to 255 as numbers from 0 to 1."""
    x = images.astype(dtype)
    x /= 255
    return x


def accuracy(images: Array, labels: Array, dtype: str, sides: Sides) -> list[float]:
    """The share of images that each side gets right; in chunks, for all in floats at once take 188 MB or more."""
    right = np.zeros(len(sides))
    for start in range(0, len(images), 10_000):
        chunk = slice(start, start + 10_000)
        x = scaled(images[chunk], dtype)
        right += [np.count_nonzero(side.predict(x).argmax(axis=1) == labels[chunk]) for side in sides]
    return [float(share) for share in right / len(images)]


def time_per_step(options: argparse.Namespace, split: Split, rounds: int = 7) -> str:
    """Forward, loss, backward and update of one batch, by fresh networks, each framework apart and in turns."""
    batch = np.arange(options.batch_size) % len(split[0])
    x, t = scaled(split[0][batch], options.dtype), split[1][batch]
    net = network(options, np.random.default_rng(options.seed))
    sides: list[NumpyTrainer | TorchTrainer] = [NumpyTrainer(net, options.lr), TorchTrainer(net, options.lr)]
    steps = max(1, min(50, int(0.1 / max(seconds(side, x, t, steps=2) for side in sides))))  # a round: 0.1 s or a step
    times = 1e6 * np.array([[seconds(side, x, t, steps) for side in sides] for _ in range(rounds)])
    (ours, theirs), ratio = np.median(times, axis=0), np.median(times[:, 0] / times[:, 1])
    threads = f"{options.threads} thread{'s' if options.threads > 1 else ''} each"
    return (
        f"time per step: NumPy {ours:.0f} µs, PyTorch {theirs:.0f} µs, ratio {ratio:.2f}\n"
        f"    ({threads}, measured apart: median of {rounds} rounds, {steps} steps of one and of the other in turn)"
    )


def seconds(side: NumpyTrainer | TorchTrainer, x: Array, t: Array, steps: int) -> float:
    """The time of a step."""
    start = time.perf_counter()
    for _ in range(steps):
        side.step(x, t)
    return (time.perf_counter() - start) / steps


def save(options: argparse.Namespace, history: list[Record], sides: Sides) -> None:
    """Writes the history, the weights of both and the picture."""
    ours, theirs = sides
    setting = (
        f"784-{options.hidden}-10, {options.dtype}, batch {options.batch_size}, lr {options.lr}, seed {options.seed}"
    )
    contents = [
        to_csv(history),
        safetensors.numpy.save(dict(ours.net.params)),
        safetensors.torch.save(theirs.net.state_dict()),
        training_curves(history, f"NumPy and PyTorch side by side: {setting}"),
    ]
    command_line.write_files(options.out, dict(zip(RESULTS, contents, strict=True)))
