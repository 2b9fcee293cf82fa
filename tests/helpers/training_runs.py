"""Runs scripts/train_mnist.py and reads what it left."""

import csv
from pathlib import Path
from unittest.mock import patch

import train_mnist

PICTURES = {"curves.png", "weights.png", "errors.png", "confusion.png"}
RESULTS = {"checkpoint.safetensors", "history.csv", "summary.json", "numpy.safetensors", "torch.safetensors"}


def run(*arguments: object, plots: bool = False, rounds: int = 1) -> int:
    """The exit status; the steps are timed in fewer rounds than a user's, which take a second and a half."""
    options = [] if plots else ["--no-plots"]
    with patch("training.step_time.ROUNDS", rounds):
        return train_mnist.main([*map(str, arguments), *options])


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open() as file:
        return list(csv.DictReader(file))


def one_line(captured: str) -> str:
    assert captured.count("\n") == 1, captured
    return captured
