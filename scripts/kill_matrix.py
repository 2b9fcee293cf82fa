"""Shows that the suite can fail: each slip of torch_ref/families, and what catches it.

A column is a way to compare gradients; a cell says in which dtypes it raises an alarm on the broken layer, on a
scenario on which it raises none on the right one. All see the same data: every scenario of torch_ref.scenarios.

ours           every check of torch_ref.checks, with proven bounds
assert_close   torch.testing.assert_close with its defaults, NumPy against PyTorch
allclose       numpy.allclose with its defaults
gradcheck      torch.autograd.gradcheck with its defaults, float64 only, as it is meant
1e-3, 1e-2     |difference| at most that
ones           our bounds under an upstream gradient of ones
book           our bounds on the data of the book's network alone

Below, the false alarms: how often each of them raises one on the right layers. Exit status 1 when ours misses a slip or
raises a false alarm. Pairs are checked side by side, in as many processes as there are cores: minutes on two of them.
"""

import argparse
from collections.abc import Sequence

from torch_ref import command_line


def main(argv: Sequence[str] | None = None) -> int:
    return command_line.run(work, parse(argv))


def work(options: argparse.Namespace) -> int:
    from matrix.show import show  # imports PyTorch

    return show(options)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line.parser(__doc__, "python scripts/kill_matrix.py --only relu affine")
    parser.add_argument("--only", nargs="+", metavar="PAIR", help="the slips of these pairs alone (default: all)")
    seeds = command_line.integer(1)
    parser.add_argument("--seeds", type=seeds, default=1, metavar="N", help="draws of the data for the false alarms")
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
