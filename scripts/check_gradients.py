"""Checks back-propagation through the network on real images, in float64, against three independent derivatives.

For each parameter: the mean and the greatest |difference| of back-propagation to PyTorch's autograd, to the central
difference (f(x + h) − f(x − h)) / 2h with h = 1e-5, and to the complex step Im f(x + ih) / h with h = 1e-200; beside
them the means published for this network with the book's code, whose loss has an epsilon in its logarithm. Exit status
1 when a mean exceeds its bound.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import command_line
import numpy as np
from rich.progress import Progress
from threadpoolctl import threadpool_limits

from numpy_impl import TwoLayerNet, complex_step_gradient, load_mnist, numerical_gradient
from numpy_impl.checks import Array
from torch_ref import autograd_network, twin

# Saito, Deep Learning from Scratch, section 5.7.3: batch 3, h = 1e-4, mean |back-propagation − numerical|.
PUBLISHED = {
    "W1": 4.151394627115514e-10,
    "b1": 2.2757432028473964e-09,
    "W2": 4.851075656265173e-09,
    "b2": 1.3920211120177496e-07,
}
# Autograd and the complex step differ from the truth by a few roundings of gradients below 1, in units of 1.1e-16; the
# central difference by its truncation, h²/6 |f‴|, and by rounding the loss, u |f| / h = 2.6e-11.
BOUNDS = {"autograd": 1e-15, "central difference": 1e-10, "complex step": 1e-15}
CENTRAL_STEP = 1e-5

Gradients = dict[str, Array]


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    return command_line.run(lambda: check(options))


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line.parser(__doc__, "python scripts/check_gradients.py --images 10 --seed 1")
    count = command_line.at_least(1)
    parser.add_argument("--images", type=count, default=3, metavar="N", help="the first so many training images")
    parser.add_argument("--hidden", type=count, default=50, metavar="N", help="units of the hidden layer")
    parser.add_argument("--seed", type=command_line.at_least(0), default=0, metavar="N", help="of the weights")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="another folder with files named as MNIST's")
    return parser.parse_args(argv)


def check(options: argparse.Namespace) -> int:
    (images, labels), _ = load_mnist(normalize=False, data_dir=options.data_dir)
    if len(images) < options.images:
        raise ValueError(f"--images must be at most {len(images)}, got {options.images}")
    x, t = images[: options.images] / 255, labels[: options.images]
    net = TwoLayerNet(x.shape[1], options.hidden, 10, rng=options.seed, dtype=np.float64)

    backprop = net.gradient(x, t)
    with threadpool_limits(1, "blas"):  # three images are too few to share
        central, exact = central_differences(net, x, t), complex_steps(net, x, t)
    oracles = {
        "autograd": {key: autograd_network(twin(net), x, t)[f"d{key}"] for key in backprop},
        "central difference": central,
        "complex step": exact,
    }
    differences = {
        name: {key: abs(backprop[key] - gradients[key]) for key in backprop} for name, gradients in oracles.items()
    }
    print_table(differences)
    return verdict(differences, distance_to_kink(net, x))


def central_differences(net: TwoLayerNet, x: Array, t: Array) -> Gradients:
    return with_progress("central difference", 2, net, numerical_gradient, lambda: net.loss(x, t))


def complex_steps(net: TwoLayerNet, x: Array, t: Array) -> Gradients:
    """Through the same layers, in complex128: the very forward code under test."""
    wide, z = TwoLayerNet(*sizes(net), dtype=np.complex128), x.astype(np.complex128)
    for key, value in net.params.items():
        wide.params[key] = value.astype(np.complex128)
    return with_progress("complex step", 1, wide, complex_step_gradient, lambda: wide.loss(z, t))


def with_progress(
    name: str, calls: int, net: TwoLayerNet, gradient: Callable[..., Array], loss: Callable[[], Any]
) -> Gradients:
    """The gradient of each parameter; the bar moves with the calls of the loss, so many for an entry."""
    with Progress(transient=True, disable=not command_line.on_terminal()) as progress:
        task = progress.add_task(name, total=calls * sum(p.size for p in net.params.values()))

        def counted(_: Array) -> Any:
            progress.advance(task)
            return loss()

        return {key: gradient(counted, p) for key, p in net.params.items()}


def sizes(net: TwoLayerNet) -> tuple[int, int, int]:
    return *net.params["W1"].shape, net.params["W2"].shape[1]


def distance_to_kink(net: TwoLayerNet, x: Array) -> float:
    """The least |pre-activation|. Pixels are at most 1, so a step of h in W1 or b1 moves none by more than h."""
    return float(abs(net.layers["Affine1"].forward(x)).min())


def print_table(differences: dict[str, Gradients]) -> None:
    print("mean and greatest |difference| of back-propagation to\n")
    print("   " + "".join(f"{name:^22}" for name in differences) + "   published")
    for key, published in PUBLISHED.items():
        cells = (f"{gradients[key].mean():10.1e} {gradients[key].max():9.1e}  " for gradients in differences.values())
        print(f"{key} " + "".join(cells) + f"{published:12.1e}")
    print("\nbound on the means: " + ", ".join(f"{name} {bound:.0e}" for name, bound in BOUNDS.items()))


def verdict(differences: dict[str, Gradients], kink: float) -> int:
    exceeded = [
        f"{key} by {name}: {gradients[key].mean():.1e}"
        for name, gradients in differences.items()
        for key in gradients
        if not gradients[key].mean() <= BOUNDS[name]
    ]
    side = "so no ReLU changes sides within" if kink > CENTRAL_STEP else "so a ReLU may change sides within"
    print(f"least |pre-activation|: {kink:.1e}, {side} the step of the central difference, {CENTRAL_STEP:.0e}")
    if exceeded:
        hint = "" if kink > CENTRAL_STEP else " (at a kink the central difference means nothing: try another --seed)"
        return command_line.fail(f"exceeded: {'; '.join(exceeded)}{hint}", status=1)
    print("all means are within their bounds")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
