"""What a training depends on: its options, its data, and the versions it runs on; a checkpoint keeps them."""

import argparse
import platform
import zlib
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import safetensors
import torch

from numpy_impl import SGD, AdaGrad, Adam, AdamW, Momentum, MultiLayerNet, Network, RMSprop, TwoLayerNet, load_mnist
from numpy_impl.validation import Array
from torch_ref.training.trainers import Optimizer
from training.checkpoint import check_like

Split: TypeAlias = tuple[Array, Array]
Data: TypeAlias = tuple[Split, Split]

# An example of each; None is that of a number, a word or a flag which may be left out.
EXAMPLES = {
    "iterations": 10_000,
    "epochs": None,
    "batch_size": 100,
    "seed": 0,
    "dtype": "float32",
    "threads": 1,
    "every": None,
    "verify_every": None,
    "compare_dtypes": False,
    "network": "two-layer",
    "hidden": [50],
    "std": None,
    "init": None,
    "activation": None,
    "batch_norm": None,
    "dropout": None,
    "optimizer": "sgd",
    "lr": 0.1,
    "momentum": None,
    "nesterov": None,
    "weight_decay": None,
}
DTYPES = ("float32", "float64")
OPTIMIZERS: dict[str, Any] = {"sgd": SGD, "adagrad": AdaGrad, "rmsprop": RMSprop, "adam": Adam, "adamw": AdamW}
COUNTS = ("iterations", "epochs", "batch_size", "threads", "every")


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(options, name) for name in EXAMPLES}


def check_resumed(
    state: dict[str, Any], parse_again: Callable[[argparse.Namespace], argparse.Namespace]
) -> argparse.Namespace:
    """The options of a checkpoint with those that were given now: no other training, but it may be longer.

    Raises ValueError for another.
    """
    settings = state["settings"]
    check_like(EXAMPLES, settings, "settings")
    for name in COUNTS:
        if settings[name] is not None and settings[name] < 1:
            raise TypeError(f"{name} must be 1 or more, got {settings[name]}")
    if settings["dtype"] not in DTYPES:
        raise TypeError(f"dtype must be one of {', '.join(DTYPES)}, got {settings['dtype']}")
    options = parse_again(argparse.Namespace(**settings))
    for name, value in settings_of(options).items():
        before = settings[name]
        longer = name == ("epochs" if settings["epochs"] else "iterations") and value is not None and value >= before
        if value != before and not longer:
            option = f"--{name.replace('_', '-')}"
            raise ValueError(f"--resume: {option} must be {_said(before)}, as in the checkpoint, got {_said(value)}")
    return options


def _said(value: Any) -> str:
    """As it stands on the command line."""
    if value is None:
        return "left out"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def data_for(options: argparse.Namespace) -> Data:
    if options.lr > float(np.finfo(options.dtype).max):
        raise ValueError(f"--lr must be finite in {options.dtype}, got {options.lr}")
    data = load_mnist(normalize=False, data_dir=options.data_dir)
    if not all(len(images) for images, _ in data):
        raise ValueError(f"{options.data_dir} must hold at least one training and one test image, got none")
    return data


def network(options: argparse.Namespace, dtype: str, rng: np.random.Generator) -> Network:
    """With its first weights."""
    if options.network == "two-layer":
        return TwoLayerNet(784, options.hidden[0], 10, options.std, rng=rng, dtype=dtype)
    return MultiLayerNet(
        784,
        options.hidden,
        10,
        activation=options.activation,
        weight_init=options.init or options.std,
        batch_norm=options.batch_norm,
        dropout=options.dropout,
        rng=rng,
        dtype=dtype,
    )


def optimizer(options: argparse.Namespace) -> Optimizer:
    """With its settings, before any step."""
    decay = {} if options.weight_decay is None else {"weight_decay": options.weight_decay}
    if options.optimizer == "momentum":
        return Momentum(options.lr, options.momentum, nesterov=options.nesterov, **decay)
    return OPTIMIZERS[options.optimizer](options.lr, **decay)


def described(options: argparse.Namespace) -> str:
    """Network, optimizer and seed in a line."""
    parts = ["-".join(map(str, (784, *options.hidden, 10)))]
    if options.network != "two-layer":
        parts += [options.activation, *["batch-norm"] * options.batch_norm]
        parts += [f"dropout {options.dropout}"] * bool(options.dropout)
    if options.optimizer != "sgd":
        parts += [options.optimizer, *["nesterov"] * bool(options.nesterov)]
    parts += [f"weight decay {options.weight_decay}"] * bool(options.weight_decay)
    return ", ".join([*parts, options.dtype, f"batch {options.batch_size}", f"lr {options.lr}", f"seed {options.seed}"])


def fingerprint(data: Data) -> int:
    """A checksum of all images and labels."""
    checksum = 0
    for split in data:
        for array in split:
            checksum = zlib.crc32(np.ascontiguousarray(array).data, checksum)
    return checksum


def versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": str(torch.__version__),
        "safetensors": safetensors.__version__,
        "machine": platform.machine(),
    }
