"""Layers with a mind of their own: where they keep things, and what they do to the rest of the program."""

import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from own_layers import Affine


class WithSlots:
    __slots__ = ("W", "b", "dW", "db", "x")

    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class WithOddSlots:
    """Gradients under another name than d and the parameter's."""

    __slots__ = ("W", "_x", "b", "grad_W", "grad_b")

    def __init__(self, n_in: int, n_out: int) -> None:
        self.W, self.b = np.zeros((n_in, n_out)), np.zeros(n_out)

    def forward(self, x: Any) -> Any:
        self._x = x.copy()
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.grad_W, self.grad_b = self._x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class StepsWithSlots(WithSlots):
    """With a rate of its own, in slots, by which backward takes a step."""

    __slots__ = ("lr",)

    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.lr = 0.1

    def backward(self, dout: Any) -> Any:
        dx = dout @ self.W.T
        self.W = self.W - self.W.dtype.type(self.lr) * (self.x.T @ dout)
        self.b = self.b - self.b.dtype.type(self.lr) * dout.sum(axis=0)
        return dx


@dataclass
class AsADataclass:
    W: Any
    b: Any
    grads: dict[str, Any] = field(default_factory=dict)

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.grads = {"W": self.x.T @ dout, "b": dout.sum(axis=0)}
        return dout @ self.W.T


@dataclass(slots=True)
class AsSlots:
    W: Any
    b: Any
    x: Any = None
    grads: dict[str, Any] = field(default_factory=dict)

    forward, backward = AsADataclass.forward, AsADataclass.backward


@dataclass(frozen=True)
class Frozen:
    W: Any
    b: Any
    grads: dict[str, Any] = field(default_factory=dict)

    def forward(self, x: Any) -> Any:
        return x @ self.W + self.b, x.copy()

    def backward(self, dout: Any, cache: Any) -> Any:
        self.grads.update(W=cache.T @ dout, b=dout.sum(axis=0))
        return dout @ self.W.T


@dataclass(frozen=True)
class FrozenOfSizes:
    n_in: int
    n_out: int
    grads: dict[str, Any] = field(default_factory=dict)
    W: Any = None
    b: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "W", np.zeros((self.n_in, self.n_out)))
        object.__setattr__(self, "b", np.zeros(self.n_out))

    forward, backward = Frozen.forward, Frozen.backward


class SwitchesGradientsOff(Affine):
    def forward(self, x: Any) -> Any:
        torch.set_grad_enabled(False)
        return super().forward(x)


class SilencesNumPy(Affine):
    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        np.seterr(all="raise")
        return y


class DrawsNumbers(Affine):
    def forward(self, x: Any) -> Any:
        np.random.random()  # noqa: NPY002 - what it is there for
        random.random()
        return super().forward(x)
