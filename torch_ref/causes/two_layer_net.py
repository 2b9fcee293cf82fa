"""Slips of putting Affine, ReLU, Affine and the loss together, and what they make of the gradients."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from torch_ref.bounds import Ball
from torch_ref.causes.cause import Case, Cause, Fitted, Prediction
from torch_ref.causes.softmax_with_loss import BY_CLASSES, LABELS, by_epsilon
from torch_ref.layer_bounds import Pass, affine, softmax_with_loss, softmax_with_loss_backward


def _pass_of(case: Case) -> Pass:
    params = {name: case.exact(value) for name, value in case.params.items()}
    return Pass.of(case.exact(case.x), case.inputs[1], case.dout, **params)


def _at_once(results: Callable[[Case], dict[str, Ball]]) -> Prediction:
    """A prediction from a function of all tensors, which is asked for one after another."""
    kept = lru_cache(maxsize=32)(results)
    return lambda case, name: kept(case).get(name)


def _from_ones(case: Case) -> dict[str, Ball]:
    this = _pass_of(case)
    return replace(this, dz=case.exact(np.ones(this.dz.shape))).back()


def _past_the_relu(case: Case) -> dict[str, Ball]:
    this = _pass_of(case)
    return this.back(through=lambda _, dh: {"dx": dh})


def _without_relu(case: Case) -> dict[str, Ball]:
    """Forward only: back through the mask."""
    this, t = _pass_of(case), case.inputs[1]
    z = affine(this.a, W=this.W2, b=this.b2)
    dz = softmax_with_loss_backward(z, t, case.dout)["dx"]
    return {"loss": softmax_with_loss(z, t)} | replace(this, h=this.a, dz=dz).back()


def _first_layer(grads: dict[str, Ball]) -> dict[str, Ball]:
    return {name: grads[name] for name in ("dW1", "db1")}


def _by_dw2(case: Case) -> dict[str, Ball]:
    """What the first layer gets through dW2 in the place of W2."""
    this = _pass_of(case)
    return _first_layer(replace(this, W2=case.right["dW2"]).back())


def _after_a_step(a: float) -> Prediction:
    """Through W2 + a dW2."""

    def results(case: Case) -> dict[str, Ball]:
        this = _pass_of(case)
        return _first_layer(replace(this, W2=this.W2 + case.right["dW2"] * a).back())

    return _at_once(results)


def _logits(case: Case) -> Ball:
    this = _pass_of(case)
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
