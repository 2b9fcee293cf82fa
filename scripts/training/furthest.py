"""Where the two sides have drifted apart most, and why, where that is known."""

from itertools import pairwise

import numpy as np

from numpy_impl import BatchNorm, Network
from torch_ref import SideBySide

BEFORE_BATCH_NORM = """\
    it stands before batch-norm, which subtracts it again: its gradient is 0 but for rounding, and the optimizer
    divides that by its own size"""
ADAPTIVE = ("AdaGrad", "RMSprop", "Adam", "AdamW")  # whose steps do not grow with the gradient


def furthest(sides: SideBySide) -> str:
    """The parameter of which an entry lies furthest apart."""
    ours, theirs = sides.numpy.net.params, sides.torch.views
    with np.errstate(all="ignore"):
        return max(theirs, key=lambda name: float(abs(ours[name] - theirs[name]).max()))


def reason(sides: SideBySide, name: str) -> str:
    """In words, or empty."""
    place, _, own = name.partition(".")
    is_adaptive = type(sides.optimizer).__name__ in ADAPTIVE
    return BEFORE_BATCH_NORM if own == "b" and is_adaptive and place in _before_batch_norm(sides.numpy.net) else ""


def _before_batch_norm(net: Network) -> list[str]:
    return [name for name, other in pairwise(net.layers) if isinstance(net.layers[other], BatchNorm)]
