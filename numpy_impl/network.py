"""TwoLayerNet: layers put together. No mathematics of its own."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from numpy_impl.checks import (
    Array,
    check_at_least_zero,
    check_float_dtype,
    check_parameter,
    check_rng,
    check_samples,
    check_size,
    check_targets,
    refuse_key,
)
from numpy_impl.functions import ieee_arithmetic
from numpy_impl.gradient import affine_numerical_gradient, numerical_gradient
from numpy_impl.layer import Layer
from numpy_impl.layers import Affine, ReLU, SoftmaxWithLoss


class TwoLayerNet:
    """Affine → ReLU → Affine → SoftmaxWithLoss: a classifier with one hidden layer.

    Weights are drawn from N(0, weight_init_std²), biases are 0. rng: None, an integer seed or a numpy.random.Generator;
    the same seed draws the same weights in every dtype, rounded to it.

    Shapes: x (N, D) with D = input_size, H = hidden_size, C = output_size; W1 (D, H), b1 (H,), W2 (H, C), b2 (C,);
    t class indices (N,) or rows (N, C), as in SoftmaxWithLoss. `params` maps the four names to the layers' own
    arrays, `layers` holds Affine1, Relu1, Affine2 in this order, `last_layer` the loss. Raises TypeError, ValueError.
    Twin: torch_ref.TwoLayerNet. Source: Saito, section 5.7.2.

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
        check_size(self, "input_size", input_size)
        check_size(self, "hidden_size", hidden_size)
        check_size(self, "output_size", output_size)
        check_rng(self, rng)
        dtype = check_float_dtype(self, dtype)
        check_at_least_zero(self, "weight_init_std", weight_init_std, dtype)

        rng = np.random.default_rng(rng)
        W1 = weight_init_std * rng.standard_normal((input_size, hidden_size))
        W2 = weight_init_std * rng.standard_normal((hidden_size, output_size))
        self.layers: dict[str, Any] = {
            "Affine1": Affine(W1.astype(dtype), np.zeros(hidden_size, dtype)),
            "Relu1": ReLU(),
            "Affine2": Affine(W2.astype(dtype), np.zeros(output_size, dtype)),
        }
        self.last_layer = SoftmaxWithLoss()
        self._params = Parameters(self.layers)

    @property
    def params(self) -> "Parameters":
        """W1, b1, W2, b2: the layers' own arrays."""
        return self._params

    def predict(self, x: Array) -> Array:
        """The logits (N, C), before softmax."""
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x: Array, t: Array) -> Any:
        """The mean cross-entropy of the batch."""
        self._check(x, t)
        return self.last_layer.forward(self.predict(x), t)

    def accuracy(self, x: Array, t: Array) -> float:
        """The share of rows whose largest logit is at the label (in rows of t: at the largest entry)."""
        self._check(x, t)
        labels = t if t.ndim == 1 else t.argmax(axis=1)
        return float((self.predict(x).argmax(axis=1) == labels).mean())

    @ieee_arithmetic
    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """∂L/∂p for each parameter p, by back-propagation; the loss of this pass is then in `last_layer.loss`.

        x is checked once and not copied: until the next forward, Affine1 holds x itself.
        """
        self._check(x, t)
        first, *others = self.layers.values()
        needed_input_grad = first.needs_input_grad
        try:
            self._set_guarded(not self._is_as_built())
            first.needs_input_grad = False  # x is data
            self.last_layer.forward(self.predict(x), t)
            dout = self.last_layer.backward()
            for layer in reversed(others):
                dout = layer.backward(dout)
            first.backward(dout)
        finally:
            self._set_guarded(True)
            first.needs_input_grad = needed_input_grad
        return self.params.gradients()

    @ieee_arithmetic
    def numerical_gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """∂L/∂p for each parameter p, by central differences: two forward passes an entry, no backward.

        To check `gradient` with it, take a float64 network: in float32 the step is as large as the pre-activations of
        small weights, and a difference across the kink of a ReLU is no derivative. The layers are left as by `loss`.
        """
        self._check(x, t)
        if self._is_as_built() and self._is_plain_pass():
            gradients = self._numerical_gradient_by_columns(x, t)
        else:
            losses = {key: partial(self._loss_at, key, x, t) for key in self.params}
            gradients = {key: numerical_gradient(losses[key], p) for key, p in self.params.items()}
        self.loss(x, t)
        return gradients

    def _numerical_gradient_by_columns(self, x: Array, t: Array) -> dict[str, Array]:
        """The same, but a pass starts at the layer that an entry is shifted in, and many entries share one."""
        gradients: list[Array] = []
        following = list(self.layers.values())
        try:
            self._set_guarded(False)
            while following:
                layer = following.pop(0)
                if isinstance(layer, Affine):
                    losses = partial(self._losses, tuple(following), t)
                    gradients += affine_numerical_gradient(layer, x, losses)
                x = layer.forward(x)
        finally:
            self._set_guarded(True)
        return dict(zip(self.params, gradients, strict=True))

    def _losses(self, following: tuple[Layer, ...], t: Array, y: Array) -> Array:
        """The loss of each of K batches, (K, N, M) -> (K,), that enter at the layers that follow."""
        for layer in following:
            y = layer.forward(y)
        return self.last_layer.forward(y, t)

    def _loss_at(self, key: str, x: Array, t: Array, value: Array) -> Any:
        """The loss with this value of one parameter, which may be a copy of it where the parameter is read-only."""
        kept = self.params[key]
        self.params[key] = value
        try:
            return self.loss(x, t)
        finally:
            self.params[key] = kept

    def _is_as_built(self) -> bool:
        """Whether these are still the layers of this package and fit each other, so that no guard is needed within."""
        layers = (*self.layers.values(), self.last_layer)
        if [type(layer) for layer in layers] != [Affine, ReLU, Affine, SoftmaxWithLoss]:
            return False
        W1, W2 = layers[0].W, layers[2].W
        return bool(W1.shape[1] == W2.shape[0] and W1.dtype == W2.dtype)

    def _is_plain_pass(self) -> bool:
        """Whether the loss is what the layers make of x one after another, and nobody has put in more."""
        own = getattr(self.loss, "__func__", None), getattr(self.predict, "__func__", None)
        return own == (TwoLayerNet.loss, TwoLayerNet.predict)

    def _set_guarded(self, guarded: bool) -> None:
        for layer in (*self.layers.values(), self.last_layer):
            layer.guarded = guarded

    def _check(self, x: Array, t: Array) -> None:
        """Before any layer runs, so that a refused call leaves every cache as it was."""
        W1, W2 = self.layers["Affine1"].W, self.layers["Affine2"].W
        check_samples(self, x, len(W1), W1.dtype)
        check_targets(self, t, (len(x), W2.shape[1]), W2.dtype)


class Parameters(Mapping[str, Array]):
    """W1, b1, W2, b2: the arrays of the layers under the network's names, looked up in the layers each time.

    So there is one array for each name, and all of these take effect in the network::

        net.params["W1"][...] = v       writes into the array
        net.params["W1"] -= v           changes the array
        net.params["W1"] = v            makes v the layer's array, as an assignment to a dict does

    v has the shape and dtype of the parameter: ValueError, TypeError otherwise.
    """

    def __init__(self, layers: Mapping[str, Layer]) -> None:
        self._layers = layers
        self._places = {"W1": ("Affine1", "W"), "b1": ("Affine1", "b"), "W2": ("Affine2", "W"), "b2": ("Affine2", "b")}

    def __getitem__(self, key: str) -> Array:
        layer, name = self._place(key)
        return getattr(layer, name)

    def __setitem__(self, key: str, value: Array) -> None:
        check_parameter("TwoLayerNet", f"params[{key!r}]", value, self[key])
        layer, name = self._place(key)
        setattr(layer, name, value)

    def _place(self, key: str) -> tuple[Layer, str]:
        try:
            layer, name = self._places[key]
        except (KeyError, TypeError):
            refuse_key("TwoLayerNet", key, self._places)
        return self._layers[layer], name

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return repr(dict(self))

    def gradients(self) -> dict[str, Array]:
        """The gradient of each, as its layer's last backward left it."""
        return {key: getattr(self._layers[layer], "d" + name) for key, (layer, name) in self._places.items()}
