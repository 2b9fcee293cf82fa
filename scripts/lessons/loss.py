"""Lessons from the loss: softmax, cross-entropy and the gradient of both."""

import math
from collections.abc import Iterator

import numpy as np
from torch import nn

from lessons import book
from lessons.lesson import Observation, lesson, outcome
from numpy_impl import SoftmaxWithLoss, numerical_gradient
from numpy_impl.validation import Array
from torch_ref import autograd, backprop
from torch_ref.oracles.autograd import Results


def pytorch(x: Array, t: Array, dout: float = 1) -> Results:
    return autograd(nn.CrossEntropyLoss(), x, t, dout=dout)


def greatest(difference: Array) -> float:
    return float(abs(difference).max())


@lesson(1, "SoftmaxWithLoss.backward(dout) ignores dout")
def dout_is_ignored() -> Iterator[Observation]:
    """The book's backward takes dout and never uses it: the gradient is that of the loss itself, whatever comes of
    the loss afterwards. While the loss is the end of the network dout is 1 and nobody notices; a loss that is
    weighted, halved or added to another one has a wrong gradient. Here dout is a factor, and no scenario that the
    loss is checked on has a dout of 1.
    """
    x, t = np.array([[1.0, 2.0, 3.0]]), np.array([0])
    yield Observation(
        "∂(3 L)/∂x_0 of 1, 2, 3 at label 0",
        book=backprop(book.SoftmaxWithLoss(), x, t, dout=3)["dx"][0, 0],
        here=backprop(SoftmaxWithLoss(), x, t, dout=3)["dx"][0, 0],
        right=pytorch(x, t, 3)["dx"][0, 0],
    )


@lesson(3, "The loss is −log(p + 1e-7), its gradient that of −log p")
def epsilon_in_the_log() -> Iterator[Observation]:
    """The book adds 1e-7 to keep log from 0. That is another function: it stops at 16.118, is below 0 for a perfect
    prediction, and has another gradient than backward computes: a gradient check of it agrees to 1e-7 or so,
    however good the differences are, and where p is small not at all. Here log p is taken from the logits by
    log-sum-exp, where no p is ever rounded to 0, and needs no epsilon.
    """
    theirs, ours = book.SoftmaxWithLoss(), SoftmaxWithLoss()
    ordinary, saturated = np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 50.0]])
    first, second = np.array([0]), np.array([1])
    for what, x, t, right, by in (
        ("L of 1, 2, 3 at label 0", ordinary, first, pytorch(ordinary, first)["loss"], "PyTorch"),
        ("L of 0, 50 at label 0", saturated, first, pytorch(saturated, first)["loss"], "PyTorch"),
        ("L of 0, 50 at label 1", saturated, second, math.log1p(math.exp(-50)), "log(1 + e⁻⁵⁰)"),
    ):
        yield Observation(what, theirs.forward(x, t), ours.forward(x, t), right, by, within=1e-14)
    yield Observation(
        "∂L/∂x_0 at label 0, by differences",
        book=book.numerical_gradient(lambda x: theirs.forward(x, first), saturated)[0, 0],
        here=numerical_gradient(lambda x: ours.forward(x, first), saturated)[0, 0],
        right=pytorch(saturated, first)["dx"][0, 0],
        within=1e-8,  # u |f| / h, of a difference
    )


@lesson(4, "Soft targets: forward takes their argmax, backward takes them as they are")
def soft_targets() -> Iterator[Observation]:
    """Given rows of probabilities, the book's forward reduces each to its largest entry, and its backward computes
    y − t with the row itself. Both cannot be right: the gradient does not belong to the loss. Here the loss weighs
    every class, −Σ t log p, as `nn.CrossEntropyLoss` does, and rows need not sum to 1.
    """
    x, t = np.array([[1.0, 2.0]]), np.array([[0.6, 0.4]])
    theirs, ours = book.SoftmaxWithLoss(), SoftmaxWithLoss()
    yield Observation(
        "L of 1, 2 at targets 0.6, 0.4",
        book=theirs.forward(x, t),
        here=ours.forward(x, t),
        right=pytorch(x, t)["loss"],
    )
    yield Observation(
        "|backward − difference of L|",
        book=greatest(
            backprop(theirs, x, t, dout=1)["dx"] - book.numerical_gradient(lambda x: theirs.forward(x, t), x)
        ),
        here=greatest(backprop(ours, x, t, dout=1)["dx"] - numerical_gradient(lambda x: ours.forward(x, t), x)),
        right=0.0,
        by="the chain rule",
        within=1e-9,  # u |f| / h
    )


@lesson(5, "The gradient of a sample without a batch is divided by the number of classes")
def sample_without_a_batch() -> Iterator[Observation]:
    """The book's forward makes a batch of one of it, its backward does not: `t.shape[0]`, meant to be the length of
    the batch, is the number of classes of a one-hot t. (The loss alone takes such a sample; the book's Affine
    refuses it.) Here logits are (N, C), and a vector is refused; a batch of one is `x[np.newaxis]`.
    """
    x, t = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 0.0])
    yield Observation(
        "∂L/∂x_0 of 1, 2, 3 at label 0",
        book=backprop(book.SoftmaxWithLoss(), x, t, dout=1)["dx"][0],
        here=backprop(SoftmaxWithLoss(), x[np.newaxis], t[np.newaxis], dout=1)["dx"][0, 0],
        right=pytorch(x, t)["dx"][0],
    )


@lesson(6, "Label −1 is accepted")
def negative_label() -> Iterator[Observation]:
    """Labels index the probabilities, and NumPy counts −1 from the end: a mark for "no label" trains the last
    class. A label that is too large is an IndexError of NumPy's, about the size of an axis. Here both are refused,
    in words.
    """
    x, no_label, too_large = np.array([[1.0, 2.0, 3.0]]), np.array([-1]), np.array([3])
    theirs, ours = book.SoftmaxWithLoss(), SoftmaxWithLoss()
    yield Observation(
        "L of label −1 of 3 classes",
        book=outcome(theirs.forward, x, no_label),
        here=outcome(ours.forward, x, no_label),
        right=outcome(pytorch, x, no_label),
    )
    yield Observation(
        "label 3: is the error about classes?",
        book="class" in outcome(theirs.forward, x, too_large).words,
        here="class" in outcome(ours.forward, x, too_large).words,
        right=True,
        by="courtesy",
    )
