"""Trains one network by several optimizers in NumPy and in PyTorch, and draws their losses over each other.

SGD, Momentum, AdaGrad, RMSprop and Adam move a network of four hidden layers of 100 ReLUs from the same first weights
over the same batches of MNIST, as in section 6.1 of the book. Each is run in both frameworks, and the curves of the two
coincide, but for rounding. Prints the losses and the accuracies of both, and leaves optimizers.png.
"""

import argparse
from collections.abc import Sequence

from comparing.options import parser

from torch_ref import command_line


def main(argv: Sequence[str] | None = None) -> int:
    return command_line.run(work, parse(argv))


def work(options: argparse.Namespace) -> int:
    from comparing.commands import compare_optimizers  # imports PyTorch

    return compare_optimizers(options)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    return parser(__doc__, "python scripts/compare_optimizers.py --iterations 500", 2000).parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
