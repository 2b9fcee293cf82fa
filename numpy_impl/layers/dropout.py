"""Dropout. Its formulas are derived in dropout.md, beside this file."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from numpy_impl.layer import Layer
from numpy_impl.validation import Array, check_generator_state, check_rng, check_share


class Dropout(Layer):
    """y = x mask / (1 − p) in training: each entry is dropped with probability p, where mask is 0; else mask is 1.

    Backward: dx = dout mask / (1 − p), with the same mask.

    The division keeps the mean of each entry: E[mask] / (1 − p) = 1. So nothing is left to do in evaluation (`training`
    False): y = x, dx = dout. The mode at forward decides. (Saito's book divides nothing, and multiplies with 1 − p in
    evaluation.) p = 0 drops none, p = 1 all.

    Shapes: any, kept. p, from 0 to 1, may be changed between calls. rng is None, a seed or a numpy.random.Generator,
    which each forward in training draws from; `state` has its state, from which it draws the same masks again. The
    `mask` of the last pass in training stays to be read, as truth values in a copy; before any it is None.
    As in PyTorch, mask / (1 − p) is a factor: NaN or infinity times 0 is NaN. Caches the mask. Raises TypeError,
    ValueError for another dtype, shape of dout, p, rng; RuntimeError for a backward before any forward.
    Twin: torch.nn.Dropout, with the same mask. Source: Srivastava, Hinton et al., Dropout, 2014; Saito, section 6.4.3.

    >>> layer = Dropout(0.5, rng=0)
    >>> layer.forward(np.array([1.0, 2.0, 3.0, 4.0]))
    array([2., 0., 0., 0.])
    >>> layer.backward(np.array([5.0, 6.0, 7.0, 8.0]))
    array([10.,  0.,  0.,  0.])
    """

    _mask: Any = None

    def __init__(self, p: float = 0.5, *, rng: Any = None) -> None:
        check_rng(self, rng)
        self.p, self._rng = p, np.random.default_rng(rng)

    @property
    def p(self) -> float:
        """The probability of being dropped."""
        return self._p

    @p.setter
    def p(self, p: float) -> None:
        check_share(self, "p", p)
        self._p = float(p)

    @property
    def rng(self) -> np.random.Generator:
        """What the masks are drawn from."""
        return self._rng

    @property
    def mask(self) -> Any:
        """Where the last pass in training let x through, a copy; None before any."""
        return None if self._mask is None else self._mask.copy()

    def _forward(self, x: Array) -> tuple[Array, Any]:
        if not self.training:
            return x, None
        mask = np.asarray(self._rng.random(x.shape) >= self.p)  # 0 ≤ random < 1
        factor = scaled(mask, self.p, x.real.dtype)
        return x * factor, (mask, factor)

    def _backward(self, dout: Array, cache: Any) -> tuple[Array, dict[str, Array]]:
        return dout if cache is None else dout * cache[1], {}

    def _keep(self, cache: Any) -> None:
        if cache is not None:
            self._mask = cache[0]

    @Layer.state.getter  # type: ignore[attr-defined, untyped-decorator] # mypy takes the property for a function
    def state(self) -> dict[str, Any]:
        return {"rng": deepcopy(self._rng.bit_generator.state)}

    def _restore(self, state: Mapping[str, Any]) -> None:
        check_generator_state(self, "rng", state["rng"], self._rng)
        self._rng.bit_generator.state = state["rng"]


def scaled(mask: Array, p: float, dtype: Any) -> Any:
    """mask / (1 − p), in this dtype; 0 where p is 1, for then all of the mask is."""
    return mask.astype(dtype) * dtype.type(1 / (1 - p) if p < 1 else 0)
