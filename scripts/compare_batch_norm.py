"""Trains deep networks with batch-norm and without, from first weights of sixteen sizes, in NumPy and in PyTorch.

Five hidden layers of 100 ReLUs learn 1000 images of MNIST by SGD, as in section 6.3 of the book: with batch-norm they
learn from almost any first weights, without it from few. Prints the accuracy on these images after the last epoch, of
both frameworks, and leaves batch_norm.png, with the accuracies by epoch; the curves of the two frameworks coincide.
"""

import argparse
from collections.abc import Sequence

from comparing.options import parser

from torch_ref import command_line


def main(argv: Sequence[str] | None = None) -> int:
    return command_line.run(work, parse(argv))


def work(options: argparse.Namespace) -> int:
    from comparing.commands import compare_batch_norm  # imports PyTorch

    return compare_batch_norm(options)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    return parser(__doc__, "python scripts/compare_batch_norm.py --iterations 60", 200).parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
