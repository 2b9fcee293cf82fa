"""How gradients change parameters."""

from collections.abc import Mapping

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array, check_at_least_zero, check_mapping, check_update


class SGD:
    """p ← p − lr ∂L/∂p, stochastic gradient descent, in place.

    lr: the learning rate, finite and at least 0. `update` takes two mappings with the same keys and changes the arrays
    of the first, so every layer that holds one of them sees it. Raises TypeError, ValueError before anything changed.
    Twin: torch.optim.SGD. Source: Saito, section 6.1.2.

    >>> import numpy as np
    >>> params = {"W": np.array([1.0, 2.0])}
    >>> SGD(lr=0.5).update(params, {"W": np.array([2.0, 0.0])})
    >>> params["W"]
    array([0., 2.])
    """

    def __init__(self, lr: float) -> None:
        self.lr = lr

    @property
    def lr(self) -> float:
        """The learning rate, which a schedule may change."""
        return self._lr

    @lr.setter
    def lr(self, lr: float) -> None:
        check_at_least_zero(self, "lr", lr)
        self._lr = float(lr)

    @ieee_arithmetic
    def update(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        check_mapping(self, "params", params)
        check_mapping(self, "grads", grads)
        # Looked up once: what was checked is what is used, and all gradients are those of the parameters before.
        params, grads = {key: params[key] for key in params}, dict(grads)
        check_update(self, params, grads)
        for key, param in params.items():
            param -= self._lr * grads[key]
