"""Runs a violation again that train_mnist.py has kept: the same weights and batch, through the code as it is now.

Prints where NumPy and PyTorch lie, tensor by tensor, beside the exact result and the proven radius around it. Exit
status 0 when all is within its radius now, 1 when not.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import command_line


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)

    def work() -> int:
        from proof import prove, read_violation  # imports PyTorch

        net, x, t, origin = read_violation(options.file)
        print(f"{options.file}: {origin}\n")
        proof = prove(net, x, t)
        print(proof.report)
        if proof.violation:
            return command_line.fail(proof.violation, status=1)
        return 0

    return command_line.run(work)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line.parser(__doc__, "python scripts/replay.py results/violation.safetensors")
    parser.add_argument("file", type=Path, metavar="FILE", help="what train_mnist.py has named")
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
