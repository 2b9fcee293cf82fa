"""Slips of putting Affine, ReLU, Affine and the loss together, and what they make of the gradients."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from torch_ref.bounds import Ball
from torch_ref.causes.cause import Case, Cause, Fitted, Prediction
from torch_ref.causes.softmax_with_loss import BY_CLASSES, LABELS, by_epsilon
from torch_ref.layer_bounds import (
    affine,
    affine_backward,
    relu,
    relu_backward,
    softmax_with_loss,
    softmax_with_loss_backward,
)


@dataclass(frozen=True)
class Pass:
    """What flows forward, x → a → h → z, and dz, which flows back."""

    x: Ball
    W1: Ball
    b1: Ball
    W2: Ball
    b2: Ball
    a: Ball
    h: Ball
    dz: Ball

    @classmethod
    def of(cls, case: Case) -> "Pass":
        x, params = case.exact(case.x), {name: case.exact(value) for name, value in case.params.items()}
        a = affine(x, W=params["W1"], b=params["b1"])
        h = relu(a)
        z = affine(h, W=params["W2"], b=params["b2"])
        return cls(x, **params, a=a, h=h, dz=softmax_with_loss_backward(z, case.inputs[1], case.dout)["dx"])

    def back(self, dz: Ball, W2: Ball, through: Callable[[Ball, Ball], Ball]) -> dict[str, Ball]:
        """The gradients from this dz, by this W2, and through this instead of the ReLU."""
        second = affine_backward(self.h, dz, W=W2, b=self.b2)
        first = affine_backward(self.x, through(self.a, second["dx"]), W=self.W1, b=self.b1)
        return {"dW1": first["dW"], "db1": first["db"], "dW2": second["dW"], "db2": second["db"]}


def _through_relu(a: Ball, dh: Ball) -> Ball:
    return relu_backward(a, dh)["dx"]


def _at_once(results: Callable[[Case], dict[str, Ball]]) -> Prediction:
    """A prediction from a function of all tensors, which is asked for one after another."""
    kept = lru_cache(maxsize=32)(results)
    return lambda case, name: kept(case).get(name)


def _from_ones(case: Case) -> dict[str, Ball]:
    this = Pass.of(case)
    return this.back(case.exact(np.ones(this.dz.shape)), this.W2, _through_relu)


def _past_the_relu(case: Case) -> dict[str, Ball]:
    this = Pass.of(case)
    return this.back(this.dz, this.W2, lambda _, dh: dh)


def _without_relu(case: Case) -> dict[str, Ball]:
    """Forward only: back through the mask."""
    this, t = Pass.of(case), case.inputs[1]
    z = affine(this.a, W=this.W2, b=this.b2)
    dz = softmax_with_loss_backward(z, t, case.dout)["dx"]
    return {"loss": softmax_with_loss(z, t)} | replace(this, h=this.a).back(dz, this.W2, _through_relu)


def _first_layer(grads: dict[str, Ball]) -> dict[str, Ball]:
    return {name: grads[name] for name in ("dW1", "db1")}


def _by_dw2(case: Case) -> dict[str, Ball]:
    """What the first layer gets through dW2 in the place of W2."""
    this = Pass.of(case)
    return _first_layer(this.back(this.dz, case.right["dW2"], _through_relu))


def _after_a_step(a: float) -> Prediction:
    """Through W2 + a dW2."""

    def results(case: Case) -> dict[str, Ball]:
        this = Pass.of(case)
        return _first_layer(this.back(this.dz, this.W2 + case.right["dW2"] * a, _through_relu))

    return _at_once(results)


def _logits(case: Case) -> Ball:
    this = Pass.of(case)
    return affine(this.h, W=this.W2, b=this.b2)


TWO_LAYER_NET: tuple[Cause | Fitted, ...] = (
    *LABELS,
    BY_CLASSES,
    *by_epsilon(_logits),
    Cause("the gradient does not pass through the ReLU on its way back", _at_once(_past_the_relu)),
    Cause("the ReLU is left out on the way forward", _at_once(_without_relu)),
    Cause("the way back starts from ones, where it must start from the gradient of the loss", _at_once(_from_ones)),
    Fitted(
        "W2 is updated before it is used: by a step of SGD, learning rate {a}", _at_once(_by_dw2), _after_a_step, -1
    ),
)
