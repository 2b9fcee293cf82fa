"""How first weights spread the activations of a deep network that has learned nothing yet."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from numpy_impl import Affine, ReLU, Sigmoid, Tanh, he_normal, xavier_normal
from numpy_impl.validation import Array

LAYERS, UNITS, SAMPLES = 5, 100, 1000
FUNCTIONS: dict[str, Any] = {"sigmoid": Sigmoid, "tanh": Tanh, "ReLU": ReLU}
WAYS = ("std 1", "std 0.01", "Xavier", "He")
SHOWN = (
    ("sigmoid", "std 1"),
    ("sigmoid", "std 0.01"),
    ("sigmoid", "Xavier"),
    ("tanh", "Xavier"),
    *(("ReLU", way) for way in WAYS[1:]),
)


def activations(rng: np.random.Generator) -> Mapping[str, Sequence[Array]]:
    """Of each function and way to draw weights the outputs of all layers, on normal numbers."""
    x = rng.standard_normal((SAMPLES, UNITS))
    return {f"{function}, {way}": outputs(x, FUNCTIONS[function](), way, rng) for function, way in SHOWN}


def outputs(x: Array, function: Any, way: str, rng: np.random.Generator) -> list[Array]:
    found = []
    for _ in range(LAYERS):
        layer = Affine(weights(way, rng), np.zeros(UNITS))
        x = function.forward(layer.forward(x))
        found.append(x)
    return found


def weights(way: str, rng: np.random.Generator) -> Array:
    shape = UNITS, UNITS
    if way == "He":
        return he_normal(shape, rng, np.float64)
    if way == "Xavier":
        return xavier_normal(shape, rng, np.float64)
    return float(way.removeprefix("std ")) * rng.standard_normal(shape)


def spreads(found: Mapping[str, Sequence[Array]]) -> str:
    """A table: the standard deviation of each layer's outputs."""
    lines = ["std of the activations   " + "".join(f"  layer {i + 1}" for i in range(LAYERS))]
    for name, layers in found.items():
        lines.append(f"{name:25}" + "".join(f"{layer.std():9.2g}" for layer in layers))
    return "\n".join(lines)
