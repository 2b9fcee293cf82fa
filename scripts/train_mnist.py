"""Trains the NumPy network and its PyTorch twin side by side on MNIST: the same first weights, the same batches.

Prints a table with the accuracy of both on all training and test images, the loss of both on the batch of that
iteration, and how far losses and weights lie apart; leaves the history, a picture and the weights of both in a folder.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

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


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    return command_line.run(lambda: train(options))


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line.parser(
        __doc__, "python scripts/train_mnist.py --dtype float64 --iterations 2000 --out results/f64"
    )
    count, real = command_line.at_least(1), command_line.non_negative
    parser.add_argument("--iterations", type=count, default=10_000, metavar="N", help="updates of the weights")
    parser.add_argument(
        "--batch-size", type=count, default=100, metavar="N", help="images of an update, drawn anew each"
    )
    parser.add_argument("--hidden", type=count, default=50, metavar="N", help="units of the hidden layer")
    parser.add_argument("--std", type=real, default=0.01, metavar="X", help="standard deviation of the first weights")
    parser.add_argument("--lr", type=real, default=0.1, metavar="X", help="learning rate")
    parser.add_argument("--seed", type=command_line.at_least(0), default=0, metavar="N", help="of weights and batches")
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32", help="of everything computed")
    parser.add_argument("--threads", type=count, default=1, metavar="N", help="for each of the two frameworks")
    parser.add_argument(
        "--every", type=count, default=600, metavar="N", help="iterations from one table row to the next"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="another folder with files named as MNIST's")
    parser.add_argument("--out", type=Path, default=Path("results"), metavar="DIR", help="folder that gets the results")
    return parser.parse_args(argv)


def train(options: argparse.Namespace) -> int:
    command_line.make_folder(options.out)
    data = load_mnist(normalize=False, data_dir=options.data_dir)
    if not all(len(images) for images, _ in data):
        raise ValueError(f"{options.data_dir} must hold at least one training and one test image, got none")
    pixels, rng = data[0][0].shape[1], np.random.default_rng(options.seed)
    net = TwoLayerNet(pixels, options.hidden, 10, options.std, rng=rng, dtype=options.dtype)
    sides = NumpyTrainer(net, options.lr), TorchTrainer(net, options.lr)

    torch.set_num_threads(options.threads)
    with threadpool_limits(options.threads, "blas"):
        history: list[Record] = []
        print(HEADER, flush=True)
        with command_line.Interrupt() as interrupt, progress_bar() as progress:
            steps = run_both(options, data, sides, rng, stop=lambda: interrupt.requested)
            for record in progress.track(steps, total=options.iterations + 1, description="training"):
                history.append(record)
                if record.is_row:
                    print(record.row(), flush=True)
            names = save(options, history, sides)
        print(f"\nresults in {options.out}: {', '.join(names)}")
        end = history[-1]
        if not math.isfinite(end.numpy_loss + end.torch_loss):
            losses = f"NumPy's loss is {end.numpy_loss}, PyTorch's {end.torch_loss}"
            return command_line.fail(f"diverged at iteration {end.iteration}: {losses}; try a smaller --lr", status=1)
        print(accuracies_in_words(end))
        if end.iteration < options.iterations:
            words = f"interrupted after {end.iteration} iterations; the results are those so far"
            return command_line.fail(words, command_line.INTERRUPTED)
        print(time_per_step(options, data[0]))
    return 0


def run_both(
    options: argparse.Namespace,
    data: tuple[Split, Split],
    sides: Sides,
    rng: np.random.Generator,
    stop: Callable[[], bool],
) -> Iterator[Record]:
    """A record for each update, and one of where they end: after the last, when told to stop, or in a loss of NaN."""
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


def accuracies_in_words(end: Record) -> str:
    ours, theirs = end.numpy_test_accuracy or 0, end.torch_test_accuracy or 0
    return (
        f"test accuracy: NumPy {ours:.4f}, PyTorch {theirs:.4f}, {100 * abs(ours - theirs):.2f} percentage points apart"
    )


def time_per_step(options: argparse.Namespace, split: Split, rounds: int = 7, steps: int = 50) -> str:
    """Forward, loss, backward and update of one batch, by fresh networks, each framework apart and in turns."""
    x, t = scaled(split[0][: options.batch_size], options.dtype), split[1][: options.batch_size]
    net = TwoLayerNet(x.shape[1], options.hidden, 10, options.std, rng=options.seed, dtype=options.dtype)
    times = np.empty((rounds, 2))
    sides: list[NumpyTrainer | TorchTrainer] = [NumpyTrainer(net, options.lr), TorchTrainer(net, options.lr)]
    for turn in range(rounds):
        for k, side in enumerate(sides):
            start = time.perf_counter()
            for _ in range(steps):
                side.step(x, t)
            times[turn, k] = (time.perf_counter() - start) / steps * 1e6
    (ours, theirs), ratio = np.median(times, axis=0), np.median(times[:, 0] / times[:, 1])
    threads = f"{options.threads} thread{'s' if options.threads > 1 else ''} each"
    return (
        f"time per step: NumPy {ours:.0f} µs, PyTorch {theirs:.0f} µs, ratio {ratio:.2f} "
        f"({threads}, measured apart: median of {rounds} rounds of {steps} steps in turn)"
    )


def save(options: argparse.Namespace, history: list[Record], sides: Sides) -> list[str]:
    """Writes the weights of both, the history and its picture; returns the names of the files."""
    ours, theirs = sides
    sizes = "-".join(str(size) for size in (*ours.net.params["W1"].shape, ours.net.params["W2"].shape[1]))
    title = f"NumPy and PyTorch side by side: {sizes}, {options.dtype}, lr {options.lr}, seed {options.seed}"
    contents = {
        "history.csv": to_csv(history),
        "numpy.safetensors": safetensors.numpy.save(dict(ours.net.params)),
        "torch.safetensors": safetensors.torch.save(theirs.net.state_dict()),
        "curves.png": training_curves(history, title),
    }
    for name, content in contents.items():
        command_line.write_file(options.out / name, content)
    return list(contents)


def progress_bar() -> Progress:
    """A bar below the table on a terminal, nothing elsewhere."""
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, transient=True, disable=not command_line.on_terminal())


if __name__ == "__main__":
    raise SystemExit(main())
