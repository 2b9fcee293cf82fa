"""The work of check_gradients.py: the three oracles, the table and the verdict."""

import argparse
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from rich.progress import Progress
from threadpoolctl import threadpool_limits

from numpy_impl import TwoLayerNet, complex_step_gradient, load_mnist, numerical_gradient
from numpy_impl.validation import Array
from parts.output import on_terminal
from torch_ref import Example, command_line, pair_of, torch_results

# Mean |back-propagation − central difference|, published for the book's network with the book's code: 3 images,
# h = 1e-4, and a loss of −log(y + 1e-7), whose gradient is not that of back-propagation.
PUBLISHED = {
    "W1": 4.151394627115514e-10,
    "b1": 2.2757432028473964e-09,
    "W2": 4.851075656265173e-09,
    "b2": 1.3920211120177496e-07,
}
# Of the means; ten times as much for the greatest. Autograd and the complex step differ from the truth by a few
# roundings of gradients below 1, in units of 1.1e-16; the central difference by its truncation, h²/6 |f‴|, and by the
# rounding of the loss, u |f| / h = 2.6e-11.
BOUNDS = {"autograd": 1e-15, "central difference": 1e-10, "complex step": 1e-15}
CENTRAL_STEP = 1e-5

Gradients = dict[str, Array]


def check(options: argparse.Namespace) -> int:
    (images, labels), _ = load_mnist(normalize=False, data_dir=options.data_dir)
    if len(images) < options.images:
        raise ValueError(f"--images: there are {len(images)} training images, got {options.images}")
    x, t = images[: options.images] / 255, labels[: options.images]
    net = TwoLayerNet(784, options.hidden, 10, rng=options.seed, dtype=np.float64)
    entries = sum(p.size for p in net.params.values())
    print(f"784-{options.hidden}-10, float64, {options.images} images, {entries:,} parameters\n", flush=True)

    backprop, autograd = net.gradient(x, t), torch_results(pair_of(net), Example(net, {"x": x, "t": t}))
    with threadpool_limits(1, "blas"):  # a few images are too little work to share
        oracles = {
            "autograd": {key: autograd[f"d{key}"] for key in backprop},
            "central difference": central_differences(net, x, t),
            "complex step": complex_steps(net, x, t),
        }
    differences = {
        name: {key: abs(backprop[key] - gradients[key]) for key in backprop} for name, gradients in oracles.items()
    }
    print_table(differences)
    zero = [key for key, gradient in backprop.items() if not gradient.any()]
    return verdict(differences, zero, distance_to_kink(net, x))


def complex_steps(net: TwoLayerNet, x: Array, t: Array) -> Gradients:
    """Through the same layers, in complex128: the very forward code under test."""
    sizes = *net.params["W1"].shape, net.params["W2"].shape[1]
    wide, z = TwoLayerNet(*sizes, dtype=np.complex128), x.astype(np.complex128)
    for key, value in net.params.items():
        wide.params[key] = value.astype(np.complex128)
    with watched("complex step", wide, 1, lambda: wide.loss(z, t)) as loss:
        return {key: complex_step_gradient(loss, p) for key, p in wide.params.items()}


def central_differences(net: TwoLayerNet, x: Array, t: Array) -> Gradients:
    """Two losses for each parameter."""
    with watched("central difference", net, 2, lambda: net.loss(x, t)) as loss:
        return {key: numerical_gradient(loss, p) for key, p in net.params.items()}


@contextlib.contextmanager
def watched(what: str, net: TwoLayerNet, each: int, loss: Callable[[], Any]) -> Iterator[Callable[[Array], Any]]:
    """The loss as a function of whatever is shifted; on a terminal a bar moves along, `each` times a parameter."""
    if not on_terminal():  # an older rich would print a line all the same
        yield lambda _: loss()
        return
    with Progress(transient=True) as progress:
        task = progress.add_task(what, total=each * sum(p.size for p in net.params.values()))

        def counted(_: Array) -> Any:
            progress.advance(task)
            return loss()

        yield counted


def distance_to_kink(net: TwoLayerNet, x: Array) -> float:
    """The least |pre-activation|. Pixels are at most 1, so a step of h in W1 or b1 moves none by more than h."""
    return float(abs(net.layers["Affine1"].forward(x)).min())


def print_table(differences: dict[str, Gradients]) -> None:
    print("|difference| of back-propagation to")
    print("   " + "".join(f"{name:^21}" for name in differences) + "  published*")
    print("   " + f"{'mean':>10}{'greatest':>10} " * len(differences) + f"{'mean':>9}")
    for key, published in PUBLISHED.items():
        cells = (f"{gradients[key].mean():10.1e}{gradients[key].max():10.1e} " for gradients in differences.values())
        print(f"{key} " + "".join(cells) + f"{published:9.1e}")
    bounds = "".join(f"{bound:10.0e}{10 * bound:10.0e} " for bound in BOUNDS.values())
    print(f"at most{bounds[4:].rstrip()}")
    print("\n* to the central difference, h = 1e-4, by the book's code: 784-50-10, 3 images, loss −log(y + 1e-7)")


def verdict(differences: dict[str, Gradients], zero: list[str], kink: float) -> int:
    exceeded = [
        f"{key} by {name}: mean {gradients[key].mean():.1e}, greatest {gradients[key].max():.1e}"
        for name, gradients in differences.items()
        for key in gradients
        if not (gradients[key].mean() <= BOUNDS[name] and gradients[key].max() <= 10 * BOUNDS[name])
    ]
    side = "so no ReLU changes sides within" if kink > CENTRAL_STEP else "so a ReLU may change sides within"
    print(f"least |pre-activation|: {kink:.1e}, {side} the step of the central difference, {CENTRAL_STEP:.0e}")
    if exceeded:
        hint = "" if kink > CENTRAL_STEP else " (at a kink the central difference means nothing: try another --seed)"
        return command_line.fail(f"exceeded: {'; '.join(exceeded)}{hint}", status=1)
    if zero:
        return command_line.fail(f"the gradient of {', '.join(zero)} is all 0 and shows nothing: try another --seed", 1)
    print("all differences are within their bounds")
    return 0
