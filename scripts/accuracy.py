"""Measures how accurate NumPy and PyTorch are, against hundreds of digits, and how much room the proven bounds leave.

The first table gives the error of each quantity, mean and greatest, in units in the last place (ulp) of the exact
value; that of a matrix product in u Σ|a||b|, for where terms cancel an ulp of the result says nothing, and that of a
normalization in u of its greatest entry, "u max". "better" names whose mean error is less, "=" stands for within a
factor of 1.5. In a matrix product it is the BLAS that sums, NumPy's or PyTorch's own, in the y of a function such as
tanh the library of elementary functions (libm): which of them is better there depends on the processor, and is only
reported.

The second gives bound over error, median and least, over all entries of all scenarios, as measured. A bound holds for
every order of summation; what remains of it is the price of that.

Exit status 1 when NumPy is worse in any other row or a bound does not hold. Takes under a minute a draw.
"""

import argparse
from collections.abc import Sequence

from torch_ref import command_line


def main(argv: Sequence[str] | None = None) -> int:
    return command_line.run(work, parse(argv))


def work(options: argparse.Namespace) -> int:
    from parts.measuring import show  # imports PyTorch

    from torch_ref.threads import threads

    with threads(1):  # on matrices this small two pools of threads only stand in each other's way
        return show(options)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line.parser(__doc__, "python scripts/accuracy.py --seeds 3")
    seeds = command_line.integer(1)
    parser.add_argument("--seeds", type=seeds, default=1, metavar="N", help="draws of the data")
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
