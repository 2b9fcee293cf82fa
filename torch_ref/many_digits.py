"""The results of a layer to 400 digits, from nothing but the formula of its forward: an oracle for small cases.

The formula is evaluated in mpmath's numbers, and differentiated by the complex step Im f(x + ih) / h with h = 10⁻²⁰⁰:
all digits are right, and neither autograd nor any backward had a part in them. (50 digits would do for a product. But
e⁻⁷⁰⁰ beside 1 is all there is of the loss of a confident prediction.)
"""

from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np

from numpy_impl.checks import Array

DIGITS = 400
STEP = mpmath.mpf(10) ** -200

exactly = np.frompyfunc(lambda value: mpmath.mpf(float(value)), 1, 1)
exp = np.frompyfunc(mpmath.exp, 1, 1)
log = np.frompyfunc(mpmath.log, 1, 1)
_relu = np.frompyfunc(lambda value: value if value.real > 0 else mpmath.mpf(0), 1, 1)


def exact_results(
    formula: Callable[..., Any], inputs: tuple[Array, ...], dout: Any, params: Mapping[str, Array], names: list[str]
) -> dict[str, Array]:
    """Of these names, as object arrays of mpmath numbers; `formula(x, *others, **params)` is the forward.

    "dx" and "dp" for a parameter p are the gradients of Σ y dout; any other name is that of y.
    """
    with mpmath.workdps(DIGITS):
        x, *others = inputs
        variables = {"x": exactly(x)} | {name: exactly(value) for name, value in params.items()}
        weights = exactly(np.asarray(dout))

        def forward() -> Any:
            return formula(variables["x"], *others, **{name: variables[name] for name in params})

        def gradient(variable: Array) -> Array:
            result = np.empty(variable.shape, object)
            for i in np.ndindex(variable.shape):
                kept = variable[i]
                variable[i] = mpmath.mpc(kept, STEP)
                result[i] = mpmath.im(np.sum(forward() * weights)) / STEP
                variable[i] = kept
            return result

        y = np.asarray(forward())
        return {name: gradient(variables[name[1:]]) if name[1:] in variables else y for name in names}


def affine(x: Array, W: Array, b: Array) -> Array:
    return x @ W + b


def relu(x: Array) -> Any:
    return _relu(x)


def softmax_with_loss(x: Array, t: Array) -> Any:
    log_p = x - log(exp(x).sum(-1, keepdims=True))
    rows = np.eye(x.shape[-1], dtype=int)[t] if t.ndim == 1 else exactly(t)
    return -(rows * log_p).sum() / len(x)


def two_layer_net(x: Array, t: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Any:
    return softmax_with_loss(affine(relu(affine(x, W1, b1)), W2, b2), t)
