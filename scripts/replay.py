"""Runs a violation again that train_mnist.py has kept: the same weights and batch, through the code as it is now.

Prints where NumPy and PyTorch lie, tensor by tensor, beside the exact result and the proven radius around it: on the
weights of each side, and what one update makes of them. Exit status 1 when something lies outside its radius, else 0.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from torch_ref import command_line


def main(argv: Sequence[str] | None = None) -> int:
    return command_line.run(work, parse(argv))


def work(options: argparse.Namespace) -> int:
    from training.proof import Update, prove, read_violation  # imports PyTorch

    from torch_ref.threads import threads

    sides, x, t, origin = read_violation(options.file)
    print(f"{options.file}: {', '.join(f'{name} {value}' for name, value in origin.items() if value is not None)}")
    with threads(origin["threads"]):
        proof, update = prove(sides, x, t), Update(sides, x, t)
        sides.step(x, t)
        proof = update.added_to(proof, sides)
    for about, report in proof.reports.items():
        print(f"\n{about}:\n{report}")
    if proof.violation:
        return command_line.fail(proof.violation, status=1)
    if proof.shows_nothing:
        command_line.note(f"nothing lies outside its radius, but a comparison shows nothing: {proof.shows_nothing}")
    return 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line.parser(__doc__, "python scripts/replay.py results/violation.safetensors")
    parser.add_argument("file", type=Path, metavar="FILE", help="what train_mnist.py has named")
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
