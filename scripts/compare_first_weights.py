"""Shows what the first weights of a deep network decide: the spread of its activations, and whether it learns.

First the activations of five layers of 100 units, before any training, for sigmoid, tanh and ReLU: with weights of
standard deviation 1 and 0.01, and with those of Xavier and He, as in section 6.2 of the book. Then a network of four
hidden layers of 100 ReLUs learns MNIST from each of three of them by SGD, in NumPy and in PyTorch, whose curves
coincide. Prints the standard deviation of each layer, losses and accuracies, and leaves activations.png and
first_weights.png.
"""

import argparse
from collections.abc import Sequence

from comparing.options import parser

from torch_ref import command_line


def main(argv: Sequence[str] | None = None) -> int:
    return command_line.run(work, parse(argv))


def work(options: argparse.Namespace) -> int:
    from comparing.commands import compare_first_weights  # imports PyTorch

    return compare_first_weights(options)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    return parser(__doc__, "python scripts/compare_first_weights.py --iterations 500", 2000).parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
