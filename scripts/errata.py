"""The known errors of the book's code as lessons: what it does, what goes wrong, what is done here, and the numbers.

Each error is made once more by a small re-creation of that code (scripts/lessons/book.py) and set beside this package
and what is right. The book is Saito, Deep Learning from Scratch. Exit status 1 when an error does not show or is not
mended. Takes a few seconds.
"""

import argparse
from collections.abc import Sequence

from torch_ref import command_line


def main(argv: Sequence[str] | None = None) -> int:
    return command_line.run(work, parse(argv))


def work(options: argparse.Namespace) -> int:
    from lessons.report import show  # imports PyTorch

    return show(options)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line.parser(__doc__, "python scripts/errata.py --only 3")
    number = command_line.integer(1)
    parser.add_argument("--only", type=number, metavar="N", help="this lesson alone (default: all)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
