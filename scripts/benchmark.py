"""Times a whole training step, batch, forward, loss, backward and update, of the NumPy network and of PyTorch.

All take the same batches of the same images, kept as bytes and scaled batch by batch, on the same number of threads.
They take turns, a few steps each, round after round, and what counts is the ratio of two times of one round: medians,
and in brackets the quartiles. The contenders:

eager           PyTorch as its users write it: images[batch], SGD, loss.backward()
index_select    the same with the faster way to take the batch
foreach, fused  and with SGD's two faster implementations
bare            the same NumPy calls as NumPy's step, in one plain function: what layers, checks and names cost
compile         and the forward, the loss and their derivative by torch.compile (at the first size alone: it takes long)
floor           the five matrix products of a step by NumPy, and nothing else

Then the sizes of the hidden layer and of the batch are varied. Below 1 NumPy is faster. Last, the numerical gradient of
the network on three images beside PyTorch's gradcheck. Leaves a picture and all numbers in a folder. Takes two minutes,
best on an idle machine.

--network mlp times a deep network instead, 784-100-100-100-10 with Adam, with batch-norm and dropout where asked for:
beside PyTorch's three implementations of Adam, for-loop, foreach and fused, and the products alone.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from parts.data import parser_with_data

from torch_ref import command_line


def main(argv: Sequence[str] | None = None) -> int:
    return command_line.run(work, parse(argv))


def work(options: argparse.Namespace) -> int:
    if options.network != "mlp" and (options.batch_norm or options.dropout):
        raise ValueError(f"--batch-norm and --dropout are for --network mlp, got them with {options.network}")
    from timing.benchmarking import benchmark  # imports PyTorch

    return benchmark(options)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_with_data(__doc__, "python scripts/benchmark.py --quick --threads 2")
    threads = command_line.integer(1, os.cpu_count() or 1)
    rounds = command_line.integer(1)
    parser.add_argument("--network", choices=["two-layer", "mlp"], default="two-layer", help="what is timed")
    parser.add_argument("--batch-norm", action="store_true", help="of mlp: with batch-norm")
    parser.add_argument(
        "--dropout", type=command_line.non_negative, default=0.0, metavar="P", help="of mlp: with dropout"
    )
    parser.add_argument("--rounds", type=rounds, default=21, metavar="N", help="of each size")
    parser.add_argument("--threads", type=threads, default=1, metavar="N", help="for each of the two frameworks")
    parser.add_argument("--quick", action="store_true", help="the first size alone, and no torch.compile")
    parser.add_argument("--no-plots", dest="plots", action="store_false", help="no picture")
    parser.add_argument(
        "--out", type=Path, default=Path("results"), metavar="DIR", help="folder for benchmark.json and benchmark.png"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
