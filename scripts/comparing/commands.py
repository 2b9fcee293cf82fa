"""The work of the three commands."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from parts.output import on_terminal
from rich.progress import Progress

from comparing import figures
from comparing.activations import activations, spreads
from comparing.runs import Run, drawn, table
from numpy_impl import SGD, AdaGrad, Adam, Momentum, MultiLayerNet, RMSprop, load_mnist
from numpy_impl.validation import Array
from torch_ref import command_line
from torch_ref.threads import threads

BATCH, UNITS = 128, 100  # the book's
STDS = np.logspace(0, -4, 16)
IMAGES, AN_EPOCH = 1000, 10  # of the training with batch-norm: so many images, in batches of 100


def compare_optimizers(options: argparse.Namespace) -> int:
    optimizers = {
        "SGD": SGD(0.01),
        "Momentum": Momentum(0.01),
        "AdaGrad": AdaGrad(0.01),
        "RMSprop": RMSprop(0.001),
        "Adam": Adam(0.001),
    }
    name = "optimizers.png"
    command_line.make_folder(options.out, [name])
    runs = trained(options, {name: (optimizer, "he") for name, optimizer in optimizers.items()})
    return write(options, {name: lambda: figures.losses(runs, f"Optimizers on MNIST: {described(options)}")})


def compare_first_weights(options: argparse.Namespace) -> int:
    names = ["activations.png", "first_weights.png"]
    command_line.make_folder(options.out, names)
    found = activations(np.random.default_rng(options.seed))
    print(f"{spreads(found)}\n", flush=True)
    weights = {"std 0.01": 0.01, "Xavier": "xavier", "He": "he"}
    runs = trained(options, {name: (SGD(0.01), how) for name, how in weights.items()})
    pictures: list[Callable[[], bytes]] = [
        lambda: figures.histograms(found, "Activations of five layers of 100 units, by activation and first weights"),
        lambda: figures.losses(runs, f"First weights, by SGD on MNIST: {described(options)}"),
    ]
    return write(options, dict(zip(names, pictures, strict=True)))


def trained(options: argparse.Namespace, settings: Mapping[str, tuple[Any, Any]]) -> list[Run]:
    """A training for each optimizer and each way to draw weights, and the table of them."""
    train, test = load_mnist(normalize=False, data_dir=options.data_dir)
    batches = drawn(options.seed, len(train[0]), BATCH, options.iterations)
    runs = []
    with threads(1), progress() as bar:
        for name, (optimizer, weight_init) in settings.items():
            net = MultiLayerNet(784, [UNITS] * 4, 10, weight_init=weight_init, rng=options.seed, dtype=options.dtype)
            runs.append(Run(name, net, optimizer))
            runs[-1].train(train, bar.track(batches, description=name))
    print(table(runs, test), flush=True)
    return runs


def compare_batch_norm(options: argparse.Namespace) -> int:
    name = "batch_norm.png"
    command_line.make_folder(options.out, [name])
    (images, labels), _ = load_mnist(normalize=False, data_dir=options.data_dir)
    split = images[:IMAGES], labels[:IMAGES]
    curves = {}
    print("first     accuracy, batch-norm     accuracy, without")
    print("std          NumPy   PyTorch         NumPy   PyTorch")
    with threads(1), progress() as bar:
        for std in bar.track(STDS, description="sizes of the first weights"):
            with_it, without = (by_epoch(options, split, std, batch_norm=batch_norm) for batch_norm in (True, False))
            curves[f"std {std:.2g}"] = {"batch-norm": with_it, "without": without}
            ends = "".join(f"{ours[-1]:10.4f}{theirs[-1]:10.4f}    " for ours, theirs in (with_it, without))
            bar.console.print(f"{std:<8.2g}{ends.rstrip()}", highlight=False)
    title = f"Accuracy on the {len(split[0])} images of the training, by the standard deviation of the first weights"
    return write(options, {name: lambda: figures.panels(curves, title)})


def by_epoch(
    options: argparse.Namespace, split: tuple[Array, Array], std: float, *, batch_norm: bool
) -> tuple[Array, Array]:
    """The accuracies of NumPy and of PyTorch before the first epoch and after each."""
    net = MultiLayerNet(
        784, [UNITS] * 5, 10, weight_init=float(std), batch_norm=batch_norm, rng=options.seed, dtype=options.dtype
    )
    batches = drawn(options.seed, len(split[0]), min(100, len(split[0])), options.iterations)
    run = Run(f"std {std:.2g}", net, SGD(0.01))
    shares = [run.accuracies(split)]
    for start in range(0, len(batches), AN_EPOCH):
        run.train(split, batches[start : start + AN_EPOCH])
        shares.append(run.accuracies(split))
    ours, theirs = np.transpose(shares)
    return ours, theirs


def described(options: argparse.Namespace) -> str:
    sizes = "-".join(map(str, (784, *[UNITS] * 4, 10)))
    return f"{sizes}, ReLU, {options.dtype}, seed {options.seed}"


def progress() -> Progress:
    return Progress(transient=True, disable=not on_terminal())


def write(options: argparse.Namespace, pictures: Mapping[str, Callable[[], bytes]]) -> int:
    if options.plots:
        command_line.write_files(options.out, {name: draw() for name, draw in pictures.items()})
        print(f"\nresults in {options.out}: {', '.join(pictures)}")
    return 0
