"""Checks back-propagation through the network on real images, in float64, against three independent derivatives.

For each parameter: the mean and the greatest |difference| of back-propagation to PyTorch's autograd, to the central
difference (f(x + h) − f(x − h)) / 2h with h = 1e-5, and to the complex step Im f(x + ih) / h with h = 1e-200. Beside
them the means published for the book's network and code. Exit status 1 when a bound is exceeded. Takes some seconds.
"""

import argparse
from collections.abc import Sequence

from parts.data import parser_with_data

from torch_ref import command_line


def main(argv: Sequence[str] | None = None) -> int:
    return command_line.run(work, parse(argv))


def work(options: argparse.Namespace) -> int:
    from parts.gradient_check import check  # imports PyTorch

    return check(options)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_with_data(__doc__, "python scripts/check_gradients.py --images 10 --seed 1")
    count = command_line.integer(1)
    parser.add_argument("--images", type=count, default=3, metavar="N", help="the first so many training images")
    parser.add_argument("--hidden", type=count, default=50, metavar="N", help="units of the hidden layer")
    parser.add_argument("--seed", type=command_line.integer(0), default=0, metavar="N", help="of the weights")
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
