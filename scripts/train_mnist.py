"""Trains the NumPy network and its PyTorch twin side by side on MNIST: the same first weights, the same batches.

Prints a table with the accuracy of both on all training and test images, the loss of both on the batch that comes next,
and how far losses and weights lie apart. Leaves the history, a picture and the weights of both in a folder. Ctrl-C ends
it early and keeps what was done.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import command_line


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)

    def work() -> int:
        from training import train  # imports PyTorch, which --help and a wrong option need not wait for

        return train(options)

    return command_line.run(work)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line.parser_with_data(
        __doc__, "python scripts/train_mnist.py --dtype float64 --iterations 2000 --out float64"
    )
    count, real = command_line.integer(1), command_line.non_negative
    threads = command_line.integer(1, os.cpu_count() or 1)
    parser.add_argument("--iterations", type=count, default=10_000, metavar="N", help="updates of the weights")
    parser.add_argument(
        "--batch-size", type=count, default=100, metavar="N", help="images in a batch, drawn with replacement"
    )
    parser.add_argument("--hidden", type=count, default=50, metavar="N", help="units of the hidden layer")
    parser.add_argument("--std", type=real, default=0.01, metavar="X", help="standard deviation of the first weights")
    parser.add_argument("--lr", type=real, default=0.1, metavar="X", help="learning rate")
    parser.add_argument(
        "--seed", type=command_line.integer(0), default=0, metavar="N", help="of first weights and batches"
    )
    parser.add_argument(
        "--dtype", choices=["float32", "float64"], default="float32", help="of data, weights and gradients"
    )
    parser.add_argument("--threads", type=threads, default=1, metavar="N", help="for each of the two frameworks")
    parser.add_argument(
        "--every", type=count, default=600, metavar="N", help="iterations from one table row to the next"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("results"), metavar="DIR", help="folder for the results; replaces those in it"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
