"""The options that the three commands share."""

import argparse
from pathlib import Path

from parts.data import parser_with_data

from torch_ref import command_line


def parser(description: str | None, example: str, iterations: int) -> argparse.ArgumentParser:
    made = parser_with_data(description, example)
    made.add_argument(
        "--iterations", type=command_line.integer(1), default=iterations, metavar="N", help="updates of each training"
    )
    made.add_argument("--seed", type=command_line.integer(0), default=0, metavar="N", help="of weights and batches")
    made.add_argument(
        "--dtype",
        choices=["float32", "float64"],
        default="float64",
        help="in float32 roundings part the two frameworks in time",
    )
    made.add_argument("--out", type=Path, default=Path("results"), metavar="DIR", help="folder for the picture")
    made.add_argument("--no-plots", dest="plots", action="store_false", help="the table alone, no picture")
    return made
