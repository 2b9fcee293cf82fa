"""Trains a NumPy network and its PyTorch twin side by side on MNIST: the same first weights, the same batches.

Prints a table with the accuracy of both on all training and test images, and for the batch that comes next the loss of
both, how many ReLUs are open on one side only, and a proof: what NumPy and PyTorch compute of it on the weights of each
side, and the update that each makes, lies within the proven rounding bounds of the exact result, and uses so much of
their radius ("vacuous": a bound is infinite; "even": all of a gradient is alike, which shows nothing; "–": not
verified). Drift, max |ΔW|, is how far the weights of the two lie apart; a line with ↑ says where it jumps, and why. A
result outside its bound ends the run with exit status 1 and is kept, for replay.py.

Leaves history, summary, pictures and the weights of both in a folder, and a checkpoint with each row. Ctrl-C ends the
run early and keeps what was done; whatever ends it, --resume goes on from the last checkpoint and ends bit for bit as
an uninterrupted run does.

Without --epochs each image of a batch is drawn from all, with replacement, as in the book; with it an epoch visits
every image once, shuffled.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from parts.data import parser_with_data
from training.options import add_options, resolved

from torch_ref import command_line


def main(argv: Sequence[str] | None = None) -> int:
    def work(options: argparse.Namespace) -> int:
        options = options if options.resume else resolved(options)
        from training.run import train  # imports PyTorch, which --help and a wrong option need not wait for

        return train(options, lambda settings: resolved(parse(argv, settings)))

    return command_line.run(work, parse(argv))


def parse(argv: Sequence[str] | None, settings: argparse.Namespace | None = None) -> argparse.Namespace:
    """The options; what the command line leaves out is as in `settings`, or has its default."""
    parser = parser_with_data(__doc__, "python scripts/train_mnist.py --dtype float64 --epochs 3 --out float64")
    count = command_line.integer(1)
    threads = command_line.integer(1, os.cpu_count() or 1)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--iterations", type=count, default=10_000, metavar="N", help="updates of the weights")
    length.add_argument("--epochs", type=count, metavar="N", help="passes over all images, instead")
    parser.add_argument("--batch-size", type=count, default=100, metavar="N", help="images in a batch")
    seed = command_line.integer(0)
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of first weights and batches")
    dtypes = ["float32", "float64"]
    parser.add_argument("--dtype", choices=dtypes, default="float32", help="of data, weights and gradients")
    parser.add_argument("--threads", type=threads, default=1, metavar="N", help="for each of the two frameworks")
    parser.add_argument(
        "--every",
        type=count,
        metavar="N",
        help="iterations from one row, with its checkpoint, to the next (default: 600; with --epochs an epoch)",
    )
    parser.add_argument(
        "--verify-every",
        type=command_line.integer(0),
        metavar="N",
        help="iterations from one proof to the next, besides those of the rows; 0: none at all (default: rows alone)",
    )
    parser.add_argument(
        "--compare-dtypes", action="store_true", help="train in the other dtype too, and draw its drift beside"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("results"), metavar="DIR", help="folder for the results; replaces those in it"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in --out, with its settings; it may be longer"
    )
    parser.add_argument("--no-plots", dest="plots", action="store_false", help="leave out the pictures")
    parser.add_argument("--show", action="store_true", help="open the pictures at the end")
    parser.add_argument("--quiet", action="store_true", help="print nothing but what goes wrong")
    add_options(parser)
    return parser.parse_args(argv, settings)


if __name__ == "__main__":
    raise SystemExit(main())
