"""TwoLayerNet, the network of the back-propagation chapter."""

from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.layers import Affine, ReLU, SoftmaxWithLoss
from numpy_impl.networks.network import Network
from numpy_impl.validation import Array, check_at_least_zero, check_float_dtype, check_rng, check_samples, check_size


class TwoLayerNet(Network):
    """Affine → ReLU → Affine → SoftmaxWithLoss: a classifier with one hidden layer.

    Weights are drawn from N(0, weight_init_std²), biases are 0. rng: None, an integer seed or a numpy.random.Generator;
    the same seed draws the same weights in every dtype, rounded to it.

    Shapes: x (N, D) with D = input_size, H = hidden_size, C = output_size; W1 (D, H), b1 (H,), W2 (H, C), b2 (C,);
    t class indices (N,) or rows (N, C), as in SoftmaxWithLoss. `params` maps the four names to the layers' own
    arrays, `layers` holds Affine1, Relu1, Affine2 in this order, `last_layer` the loss. Raises TypeError, ValueError.
    Twin: torch.nn.Sequential of the layers' twins. Source: Saito, section 5.7.2.

    >>> net = TwoLayerNet(input_size=4, hidden_size=3, output_size=2, rng=0)
    >>> x, t = np.ones((5, 4), dtype=np.float32), np.array([0, 1, 1, 0, 1])
    >>> grads = net.gradient(x, t)
    >>> {key: grad.shape for key, grad in grads.items()}
    {'W1': (4, 3), 'b1': (3,), 'W2': (3, 2), 'b2': (2,)}
    """

    @ieee_arithmetic
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        weight_init_std: float = 0.01,
        *,
        rng: np.random.Generator | int | None = None,
        dtype: Any = np.float32,
    ) -> None:
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "output_size": output_size}
        for name, size in sizes.items():
            check_size(self, name, size)
        check_rng(self, rng)
        dtype = check_float_dtype(self, dtype)
        check_at_least_zero(self, "weight_init_std", weight_init_std, dtype)

        rng = np.random.default_rng(rng)
        W1 = weight_init_std * rng.standard_normal((input_size, hidden_size))
        W2 = weight_init_std * rng.standard_normal((hidden_size, output_size))
        layers = {
            "Affine1": Affine(W1.astype(dtype), np.zeros(hidden_size, dtype)),
            "Relu1": ReLU(),
            "Affine2": Affine(W2.astype(dtype), np.zeros(output_size, dtype)),
        }
        names = {"W1": "Affine1.W", "b1": "Affine1.b", "W2": "Affine2.W", "b2": "Affine2.b"}
        super().__init__(layers, SoftmaxWithLoss(), names)

    def _check_batch(self, x: Array) -> None:
        W1 = self.layers["Affine1"].W
        check_samples(self, x, len(W1), W1.dtype)
