"""Runs scripts/train_mnist.py and reads what it left."""

import csv
from pathlib import Path

import train_mnist

RESULTS = {"history.csv", "numpy.safetensors", "torch.safetensors", "curves.png"}


def run(*arguments: object) -> int:
    return train_mnist.main([str(argument) for argument in arguments])


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open() as file:
        return list(csv.DictReader(file))
