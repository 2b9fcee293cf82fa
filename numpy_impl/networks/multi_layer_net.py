"""MultiLayerNet, the network of the chapter on techniques of learning: any depth, with batch-norm and dropout."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.initializers import he_normal, xavier_normal
from numpy_impl.layers import (
    ELU,
    GELU,
    Affine,
    BatchNorm,
    Dropout,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    SoftmaxWithLoss,
    Softplus,
    Tanh,
)
from numpy_impl.networks.network import Network
from numpy_impl.validation import (
    Array,
    check_at_least_zero,
    check_choice,
    check_flag,
    check_float_dtype,
    check_rng,
    check_samples,
    check_share,
    check_size,
    check_sizes,
)

ACTIVATIONS: dict[str, Any] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "silu": SiLU,
    "gelu": GELU,
    "softplus": Softplus,
}
INITIALIZERS: dict[str, Any] = {"he": he_normal, "xavier": xavier_normal}


class MultiLayerNet(Network):
    """Affine → BatchNorm → activation → Dropout for each hidden layer, then Affine → SoftmaxWithLoss.

    activation: relu, leaky_relu, elu, sigmoid, tanh, silu, gelu or softplus. weight_init: "he" or "xavier", or a
    number, the standard deviation of all weights; biases are 0, γ 1 and β 0. batch_norm: with BatchNorm or without.
    dropout: the share of units that is dropped after each hidden layer; 0 leaves the layer out. rng: None, an integer
    seed or a numpy.random.Generator; the same seed draws the same weights with dropout or without, and in every dtype,
    rounded to it.

    Shapes: x (N, D) with D = input_size, t class indices (N,) or rows (N, C) with C = output_size. `layers` holds
    Affine1, BatchNorm1, Relu1, Dropout1, Affine2, ..., `params` maps "Affine1.W", "Affine1.b", "BatchNorm1.gamma", ...
    to the layers' own arrays. `training` is True at first: set it to False before the network is used or tested.
    Raises TypeError, ValueError. Twin: torch.nn.Sequential of the layers' twins. Source: Saito, sections 6.2 to 6.4.

    >>> net = MultiLayerNet(4, [3, 3], 2, batch_norm=True, dropout=0.5, rng=0)
    >>> list(net.layers)
    ['Affine1', 'BatchNorm1', 'Relu1', 'Dropout1', 'Affine2', 'BatchNorm2', 'Relu2', 'Dropout2', 'Affine3']
    >>> net.training = False
    >>> net.predict(np.ones((5, 4), dtype=np.float32)).shape
    (5, 2)
    """

    @ieee_arithmetic
    def __init__(
        self,
        input_size: int,
        hidden_sizes: Sequence[int],
        output_size: int,
        *,
        activation: str = "relu",
        weight_init: str | float = "he",
        batch_norm: bool = False,
        dropout: float = 0.0,
        rng: np.random.Generator | int | None = None,
        dtype: Any = np.float32,
    ) -> None:
        check_size(self, "input_size", input_size)
        check_sizes(self, "hidden_sizes", hidden_sizes)
        check_size(self, "output_size", output_size)
        check_choice(self, "activation", activation, ACTIVATIONS)
        check_flag(self, "batch_norm", batch_norm)
        check_share(self, "dropout", dropout)
        check_rng(self, rng)
        dtype = check_float_dtype(self, dtype)
        if isinstance(weight_init, str):
            check_choice(self, "weight_init", weight_init, INITIALIZERS)
        else:
            check_at_least_zero(self, "weight_init", weight_init, dtype)

        rng = np.random.default_rng(rng)
        sizes = [input_size, *hidden_sizes, output_size]
        weights = [first_weights(shape, weight_init, rng, dtype) for shape in pairwise(sizes)]
        affines = [Affine(W, np.zeros(W.shape[1], dtype)) for W in weights]
        layers: dict[str, Any] = {}
        for i, size in enumerate(hidden_sizes, 1):
            layers[f"Affine{i}"] = affines[i - 1]
            if batch_norm:
                layers[f"BatchNorm{i}"] = BatchNorm(np.ones(size, dtype), np.zeros(size, dtype))
            layers[f"{activation.title().replace('_', '')}{i}"] = ACTIVATIONS[activation]()
            if dropout:
                layers[f"Dropout{i}"] = Dropout(dropout, rng=int(rng.integers(2**32)))
        layers[f"Affine{len(affines)}"] = affines[-1]
        super().__init__(layers, SoftmaxWithLoss())

    def _check_batch(self, x: Array) -> None:
        W = self.layers["Affine1"].W
        check_samples(self, x, len(W), W.dtype)


def first_weights(shape: tuple[int, int], how: str | float, rng: np.random.Generator, dtype: Any) -> Array:
    if isinstance(how, str):
        return INITIALIZERS[how](shape, rng, dtype)
    return (how * rng.standard_normal(shape)).astype(dtype)
