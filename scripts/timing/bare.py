"""The same NumPy calls as a step of TwoLayerNet makes, without classes, checks and names: what the design costs."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from training.evaluation import scaled

from numpy_impl import TwoLayerNet
from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array

Step: TypeAlias = Callable[[Array], Any]


def bare_step(net: TwoLayerNet, lr: float, size: Any, images: Array, labels: Array) -> Step:
    """A step on the arrays of a network."""
    W1, b1, W2, b2 = net.params.values()

    @ieee_arithmetic
    def step(batch: Array) -> float:
        x, t = scaled(images.take(batch, axis=0), size.dtype), labels[batch]
        n = len(x)
        a = x @ W1
        a += b1
        closed, h = a <= 0, np.maximum(a, 0)
        z = h @ W2
        z += b2
        at_maximum = np.arange(n), z.argmax(axis=1)
        s = z - z[at_maximum][:, np.newaxis]
        rest = np.exp(s)
        rest[at_maximum] -= 1
        log_p = s - np.log1p(rest.sum(axis=1, keepdims=True))
        loss = (0 - log_p[np.arange(n), t].sum()) / n

        at_label = np.arange(n), t
        dz = np.exp(log_p)
        dz[at_label] *= 0
        dz[at_label] = -dz.sum(axis=1)
        dz *= dz.dtype.type(1) / n
        dW2, db2 = h.T @ dz, dz.T.copy().sum(axis=1)
        da = dz @ W2.T * ~closed + 0
        if not np.isfinite(da).all():
            da = np.where(closed, 0, da)
        dW1, db1 = x.T @ da, da.T.copy().sum(axis=1)
        for parameter, gradient in ((W1, dW1), (b1, db1), (W2, dW2), (b2, db2)):
            parameter -= lr * gradient
        return float(loss)

    return step
