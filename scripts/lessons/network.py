"""Lessons from the network: its parameters, its dtypes, and what it computes for nothing."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from lessons import book
from lessons.lesson import Observation, lesson, outcome
from numpy_impl import TwoLayerNet
from numpy_impl.validation import Array


def batch(dtype: Any) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    return rng.random((5, 20)).astype(dtype), rng.integers(0, 10, 5)


@lesson(7, 'Assigning params["W1"] changes nothing')
def parameter_assigned() -> Iterator[Observation]:
    """The book's network keeps its arrays twice, in a dict and in the layers. `params["W1"] -= lr * dW` changes the
    array that both hold; `params["W1"] = v`, as weights are loaded, changes the dict alone, and the network goes on
    with the old ones, without a word. Here `params` looks the arrays up in the layers: there is only one of each.
    """
    x, t = batch(np.float64)
    theirs = book.TwoLayerNet(20, 6, 10, weight_init_std=1)
    ours = TwoLayerNet(20, 6, 10, weight_init_std=1, dtype=np.float64)
    for net in (theirs, ours):
        net.params["W1"] = np.zeros((20, 6))  # so no unit is open, and all logits are 0
    yield Observation("L after W1 is set to 0", theirs.loss(x, t), ours.loss(x, t), math.log(10), "log 10")


@lesson(9, "float32 images, float64 weights: every step runs in float64")
def silent_float64() -> Iterator[Observation]:
    """The images are float32, the weights are float64 because `np.random.randn` is, and NumPy promotes: every
    product of every step has twice the bytes to move, and takes about twice as long, and nothing says so. Here a
    layer has the dtype of its parameters, float32 unless another is asked for, and refuses x of another one, as
    PyTorch does.
    """
    x, t = batch(np.float32)
    theirs, ours = book.TwoLayerNet(20, 6, 10), TwoLayerNet(20, 6, 10)
    yield Observation(
        "bytes of the gradients",
        book=sum(gradient.nbytes for gradient in theirs.gradient(x, t).values()),
        here=sum(gradient.nbytes for gradient in ours.gradient(x, t).values()),
        right=4 * (20 * 6 + 6 + 6 * 10 + 10),
        by="4 bytes each",
    )
    yield Observation(
        "the loss of float32 x, float64 W",
        book=outcome(theirs.loss, x, t),
        here=outcome(TwoLayerNet(20, 6, 10, dtype=np.float64).loss, x, t),
        right=outcome(torch.nn.Linear(20, 6, dtype=torch.float64), torch.tensor(x)),
    )


@lesson(10, "The gradient with respect to the images is computed and thrown away, and forward runs twice")
def work_for_nothing() -> Iterator[Observation]:
    """Backward through the first layer makes dx = dout W1ᵀ, as large a product as the forward one, which nobody
    needs: the images are not trained. And after the update the trainer calls `loss`, a second forward pass over the
    batch, only to log a number. At the book's sizes the two are half of all multiplications of a step. Here
    `gradient` leaves dx of the first layer out, as PyTorch does for an input without `requires_grad`, and
    `last_layer.loss` is the loss of its forward pass, before the update, which is as good to log.
    """
    x, t = batch(np.float64)
    theirs, ours = book.TwoLayerNet(20, 6, 10), TwoLayerNet(20, 6, 10, dtype=np.float64)
    yield Observation(
        "forward passes of a step that logs L",
        book=len(calls(theirs.layers["Affine1"], "forward", lambda: (theirs.gradient(x, t), theirs.loss(x, t)))),
        here=len(calls(ours.layers["Affine1"], "_forward", lambda: (ours.gradient(x, t), ours.last_layer.loss))),
        right=1,
        by="one is enough",
    )
    yield Observation(
        "entries of ∂L/∂x that a step computes",
        book=sum(dx.size for dx in calls(theirs.layers["Affine1"], "backward", lambda: theirs.gradient(x, t))),
        here=sum(dx.size for dx, _ in calls(ours.layers["Affine1"], "_backward", lambda: ours.gradient(x, t))),
        right=0,
        by="x is data",
    )


def calls(layer: Any, method: str, step: Callable[[], Any]) -> list[Any]:
    """What a method of this layer returns, each time that the step calls it."""
    results, original = [], getattr(layer, method)

    def recording(*args: Any) -> Any:
        results.append(original(*args))
        return results[-1]

    setattr(layer, method, recording)
    step()
    delattr(layer, method)
    return results
