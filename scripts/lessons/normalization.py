"""Lessons from batch-norm and from dropout."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from lessons import book_techniques as book
from lessons.lesson import Observation, lesson
from numpy_impl import Affine, BatchNorm, Dropout, Network, SoftmaxWithLoss
from numpy_impl.validation import Array


def trained_and_evaluated(x: Array) -> tuple[Array, Array, Array]:
    """y in evaluation after one batch of training: by the book's code, here, and by PyTorch."""
    features = x.shape[1]
    theirs = book.BatchNormalization(np.ones(features), np.zeros(features))
    ours = BatchNorm(np.ones(features), np.zeros(features))
    module = nn.BatchNorm1d(features, dtype=torch.float64)
    for run in (theirs.forward, ours.forward, lambda batch: module(torch.from_numpy(batch))):
        run(x)
    ours.training = False
    module.eval()
    return theirs.forward(x, train_flg=False), ours.forward(x), module(torch.from_numpy(x)).detach().numpy()


@lesson(16, "The running variance of batch-norm starts at 0")
def variance_from_0() -> Iterator[Observation]:
    """After the first batch `running_var` is a tenth of that batch's variance, and in evaluation everything comes out
    √10 times too large; it takes some fifty batches until the 0 of the start is forgotten. (`running_mean` starts at 0
    too, but that is a guess as good as any.) Here it starts at 1, as in PyTorch, so that a layer that has seen nothing
    changes nothing.
    """
    x = 0.1 * np.random.default_rng(0).standard_normal((50, 3))
    theirs, ours, right = trained_and_evaluated(x)
    yield Observation("std of y in evaluation, after a batch", theirs.std(axis=0), ours.std(axis=0), right.std(axis=0))


@lesson(17, "Batch-norm keeps the variance with N in its denominator, and in evaluation it is too small")
def biased_running_variance() -> Iterator[Observation]:
    """A batch is normalised by Σ (x - μ)² / N, its own variance. Of the distribution that it is drawn from, the
    estimate without bias has N - 1: that is what the running variance is for, and what PyTorch keeps. Of batches of
    two the book's is half of it. Here the one is used in training and the other kept.
    """
    rng = np.random.default_rng(0)
    batches = [rng.standard_normal((2, 1)) for _ in range(1000)]
    theirs, ours = book.BatchNormalization(np.ones(1), np.zeros(1)), BatchNorm(np.ones(1), np.zeros(1))
    module = nn.BatchNorm1d(1, dtype=torch.float64)
    of_theirs, of_ours, of_torch = [], [], []
    for batch in batches:
        theirs.forward(batch)
        ours.forward(batch)
        module(torch.from_numpy(batch))
        of_theirs.append(theirs.running_var[0])
        of_ours.append(ours.running_var[0])
        of_torch.append(module.running_var.item())  # type: ignore[union-attr] # it tracks them
    last = slice(-500, None)
    theirs_mean, ours_mean, right = (float(np.mean(values[last])) for values in (of_theirs, of_ours, of_torch))
    yield Observation("mean running variance, of batches of 2, where σ² is 1", theirs_mean, ours_mean, right)


@lesson(18, "Batch-norm of images takes its statistics pixel by pixel")
def per_feature() -> Iterator[Observation]:
    """(N, C, H, W) is reshaped to (N, C·H·W), and each pixel of each channel is normalised over the batch alone: γ and
    β must be that long, and what a convolution keeps, that a pattern means the same wherever it stands, is lost. Here
    there is one mean and one variance a channel, over the batch and all pixels, as in PyTorch and in the paper (Ioffe
    & Szegedy 2015, section 3.2).
    """
    x = np.random.default_rng(0).standard_normal((4, 3, 2, 2))
    theirs, ours = book.BatchNormalization(np.ones(12), np.zeros(12)), BatchNorm(np.ones(3), np.zeros(3))
    module = nn.BatchNorm2d(3, dtype=torch.float64)
    theirs.forward(x)
    ours.forward(x)
    module(torch.from_numpy(x))
    lengths = len(theirs.running_mean), len(ours.running_mean), len(module.running_mean)  # type: ignore[arg-type] # it tracks them
    yield Observation("running means of 3 channels of 2 by 2 pixels", *lengths)


@lesson(19, "Batch-norm of a float32 batch is float64 in evaluation")
def float64_in_evaluation() -> Iterator[Observation]:
    """`np.zeros(D)` is float64, and so are the running statistics: x - running_mean promotes, and from the first
    evaluation on every layer behind computes in float64, twice as slow, without a word. Here they have the dtype of γ.
    """
    x = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    gamma, beta = np.ones(3, np.float32), np.zeros(3, np.float32)
    theirs, ours = book.BatchNormalization(gamma, beta), BatchNorm(gamma, beta)
    ours.training = False
    y = theirs.forward(x, train_flg=False)
    yield Observation("bytes of a number of y in evaluation", y.itemsize, ours.forward(x).itemsize, 4, "float32")


@lesson(20, "Dropout is not inverted: in evaluation every unit is multiplied by 1 - p")
def not_inverted() -> Iterator[Observation]:
    """In training the units that are kept stay as they are, so y is 1 - p times too small in the mean, and evaluation
    makes up for that: the layer is needed there too, and weights that go into another network, without dropout, do not
    fit. Here y is divided by 1 - p in training, as in PyTorch, and in evaluation it is x itself.
    """
    x = np.full((1000, 100), 2.0)
    theirs, ours = book.Dropout(0.3), Dropout(0.3, rng=0)
    np.random.seed(0)  # noqa: NPY002 - what the book's code draws from
    means = theirs.forward(x).mean(), ours.forward(x).mean()
    ours.training = False
    # 100,000 draws: four standard deviations of the mean are 2 · 4 √(0.3 / 0.7 / 100,000).
    yield Observation("mean of y in training, where x is 2", *means, right=2, by="E y = x", within=0.01)
    yield Observation("y in evaluation", theirs.forward(x, train_flg=False)[0, 0], ours.forward(x)[0, 0], 2, "x itself")


@lesson(21, "The numerical gradient of a network with dropout compares two different masks")
def two_masks() -> Iterator[Observation]:
    """f(x + h) and f(x - h) are two passes, and each of them draws a mask: their difference is that of two networks,
    and divided by 2h it is thousands, for an h of 10⁻⁴. No backward can pass such a check. Here all passes of a
    numerical gradient start from the same state of the generators, and so have the same masks.
    """
    rng = np.random.default_rng(0)
    x, t, W = rng.standard_normal((5, 4)), rng.integers(0, 3, 5), rng.standard_normal((4, 3))
    theirs = book.NetWithDropout(W.copy(), 0.5)
    ours = Network({"Affine1": Affine(W, np.zeros(3)), "Dropout1": Dropout(0.5, rng=0)}, SoftmaxWithLoss())
    np.random.seed(0)  # noqa: NPY002 - what the book's code draws from
    numerical = theirs.numerical_gradient(x, t)
    state = np.random.get_state()  # noqa: NPY002
    theirs.loss(x, t)
    np.random.set_state(state)  # noqa: NPY002
    backward = theirs.layers[1].backward(theirs.last_layer.backward())
    theirs.layers[0].backward(backward)

    start = ours.state
    our_numerical = ours.numerical_gradient(x, t)["Affine1.W"]
    ours.state = start
    our_backward = ours.gradient(x, t)["Affine1.W"]
    yield Observation(
        "max |numerical dW - dW|",
        book=float(abs(numerical - theirs.layers[0].dW).max()),
        here=float(abs(our_numerical - our_backward).max()),
        right=0,
        by="they are the same",
        within=1e-8,
    )
