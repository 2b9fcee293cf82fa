"""The results of a layer to 400 digits, from nothing but the formula of its forward: an oracle for small cases.

The formula is evaluated in mpmath's numbers, and differentiated by the complex step Im f(x + ih) / h with h = 10⁻²⁰⁰:
all digits are right, and neither autograd nor any backward had a part in them. (50 digits would do for a product. But
e⁻⁷⁰⁰ beside 1 is all there is of the loss of a confident prediction.)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np

from numpy_impl.validation import Array

DIGITS = 400
STEP = mpmath.mpf(10) ** -200

exactly = np.frompyfunc(lambda value: mpmath.mpf(float(value)), 1, 1)


def exact_results(
    formula: Callable[..., Any],
    inputs: Mapping[str, Array],
    upstream: Sequence[Any],
    params: Mapping[str, Array],
    options: Mapping[str, Any],
    outputs: Sequence[str],
    gradients: Sequence[str],
) -> dict[str, Array]:
    """Object arrays of mpmath numbers: the outputs of `formula(*inputs, **params, **options)`, by these names, and the
    gradients "dx", "dW" of Σ output · upstream over those that have an upstream gradient; where none has, of the first.
    """
    with mpmath.workdps(DIGITS):
        given = {n: exactly(v) if np.asarray(v).dtype.kind == "f" else v for n, v in (*inputs.items(), *params.items())}
        weights = [exactly(np.asarray(value)) for value in upstream] or [exactly(1)]
        real = {n: _exact_option(v) for n, v in options.items()}

        def forward() -> tuple[Any, ...]:
            y = formula(*(given[n] for n in inputs), **{n: given[n] for n in params}, **real)
            return y if isinstance(y, tuple) else (y,)

        def gradient(variable: Array) -> Array:
            result = np.empty(variable.shape, object)
            for i in np.ndindex(variable.shape):
                kept = variable[i]
                variable[i] = mpmath.mpc(kept, STEP)
                total = sum(np.sum(y * weight) for y, weight in zip(forward(), weights, strict=False))
                result[i] = mpmath.im(total) / STEP
                variable[i] = kept
            return result

        found = {name: np.asarray(y) for name, y in zip(outputs, forward(), strict=True)}
        return found | {name: gradient(given[name[1:]]) for name in gradients}


def _exact_option(value: Any) -> Any:
    """A number, or several, such as a pair of decay rates."""
    if isinstance(value, tuple):
        return tuple(map(_exact_option, value))
    return mpmath.mpf(value) if isinstance(value, float) else value
