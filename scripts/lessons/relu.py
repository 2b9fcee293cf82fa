"""Lessons from ReLU."""

from collections.abc import Iterator

import numpy as np
from torch import nn

from lessons import book
from lessons.lesson import Observation, lesson, outcome
from numpy_impl import ReLU
from numpy_impl.validation import Array
from torch_ref import autograd


def torch_dx(x: Array, dout: Array) -> Array:
    return autograd(nn.ReLU(), x, dout=dout)["dx"]


@lesson(2, "Relu.backward writes zeros into the caller's dout, and returns that array")
def writes_into_dout() -> Iterator[Observation]:
    """`dout[mask] = 0; return dout` saves a copy and changes an array of somebody else's: where dout also goes into
    another branch, that one gets the zeros too. And dx is dout: whoever writes into the one changes the other. An
    array that is read-only raises. Here dx is an array of its own, and the suite compares all arguments bit for bit
    before and after.
    """
    x, dout = np.array([-1.0, 2.0]), np.array([5.0, 7.0])
    theirs, ours = book.Relu(), ReLU()
    theirs.forward(x)
    ours.forward(x)

    for_theirs, for_ours = dout.copy(), dout.copy()
    their_dx, our_dx = theirs.backward(for_theirs), ours.backward(for_ours)
    yield Observation("dout after backward", for_theirs.copy(), for_ours.copy(), dout, "what it was")
    for_theirs[:] = for_ours[:] = 1
    yield Observation("dx, once dout is used again for ones", their_dx, our_dx, torch_dx(x, dout))

    dout.setflags(write=False)
    yield Observation(
        "dx of a read-only dout",
        book=outcome(theirs.backward, dout),
        here=ours.backward(dout),
        right=torch_dx(x, dout.copy()),
    )


@lesson(13, "relu_grad(0) is 1, where Relu.backward gives 0")
def two_derivatives_at_0() -> Iterator[Observation]:
    """At the kink every number from 0 to 1 is a subgradient, and a library may choose. The book chooses twice:
    `relu_grad` of common/functions.py takes 1, `Relu.backward` of common/layers.py takes 0. Whoever builds a
    network by the one and checks it by the other finds a difference wherever a pre-activation is exactly 0, as in a
    unit whose weights and bias are 0. Here there is one derivative, 0 at 0, as in PyTorch.
    """
    x, dout = np.zeros(1), np.ones(1)
    ours = ReLU()
    ours.forward(x)
    yield Observation("relu'(0)", book.relu_grad(x)[0], ours.backward(dout)[0], torch_dx(x, dout)[0])
