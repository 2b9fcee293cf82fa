"""The option for the folder of the data."""

import argparse
from pathlib import Path

from torch_ref import command_line


def parser_with_data(description: str | None, example: str) -> argparse.ArgumentParser:
    """A parser with it."""
    made = command_line.parser(description, example)
    made.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="folder with four files named as MNIST's, e.g. Fashion-MNIST (default: the MNIST of this package)",
    )
    return made
