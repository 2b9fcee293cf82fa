"""SGD: down the gradient."""

from typing import Any

from numpy_impl.optimizers.optimizer import Optimizer, Option
from numpy_impl.validation import Array
from numpy_impl.validation.optimizers import rate


class SGD(Optimizer):
    """p ← p − lr ∂L/∂p, stochastic gradient descent, in place.

    lr: the learning rate, finite and at least 0. weight_decay λ adds λ p to the gradient, that of λ/2 ‖p‖² in the loss.
    Both may be changed between steps. `update` takes two mappings with the same keys and changes the arrays of the
    first, so every layer that holds one of them sees it. Keeps no state. Complex parameters: as they stand.
    Raises TypeError, ValueError before anything changed. Twin: torch.optim.SGD. Source: Saito, section 6.1.2.

    >>> import numpy as np
    >>> params = {"W": np.array([1.0, 2.0])}
    >>> SGD(lr=0.5).update(params, {"W": np.array([2.0, 0.0])})
    >>> params["W"]
    array([0., 2.])
    """

    weight_decay = Option(rate)

    def __init__(self, lr: float, *, weight_decay: float = 0) -> None:
        super().__init__(lr)
        self.weight_decay = weight_decay

    def _step(self, p: Array, g: Array) -> tuple[Array, dict[str, Any]]:
        return self.lr * decayed(g, p, self.weight_decay), {}


def decayed(g: Array, p: Array, weight_decay: float) -> Array:
    """The gradient of the loss with λ/2 ‖p‖² added to it: without weight decay g itself, which costs nothing."""
    return g + weight_decay * p if weight_decay else g
