"""Layers made of layers. Their gradients are derived in composites.md, beside this file."""

from collections import Counter
from typing import Any

import numpy as np

from numpy_impl.chain import Chain
from numpy_impl.layer import Layer
from numpy_impl.validation import Array, check_array, check_plain, check_shape


class Composite(Chain, Layer):  # type: ignore[misc] # its params are a mapping too, in which one can assign
    """A layer made of layers, which are named by their class and counted: Affine1, ReLU1, Affine2.

    Its parameters and its state are theirs, under names such as "Affine1.W". Backward sets the gradients in the layers;
    they can be read here as well, by getattr(block, "dAffine1.W").
    """

    def __init__(self, *layers: Any) -> None:
        count: Counter[str] = Counter()
        found = {}
        for layer in layers:
            kind = type(layer).__name__
            count[kind] += 1
            found[f"{kind}{count[kind]}"] = layer
        super().__init__(found)
        self.parameter_names = tuple(self.params)  # type: ignore[misc] # of each composite its own

    def __getattr__(self, name: str) -> Any:
        """Python asks here for what is found nowhere else."""
        if name[1:] in self.parameter_names and name.startswith("d"):
            layer, own = self._params.owner(name[1:])
            return getattr(layer, f"d{own}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _enter(self, *inputs: Array) -> Array:
        with self._unless_refused():
            return super()._enter(*inputs)

    def _check(self, who: object, x: Array) -> None:
        check_plain(who, "x", x)
        super()._check(who, x)

    def _set_gradients(self, gradients: Any) -> None:
        self.params.set_gradients({name: np.array(gradient) for name, gradient in gradients.items()})


class Sequential(Composite):
    """f(x) = f_k(… f_2(f_1(x))), its layers one after another: a network without a loss, as one layer.

    Backward: the layers in reverse, each with the dx of the one after it as its dout. A layer that stands in it twice
    adds its two gradients up.

    Shapes: those of the layers. Caches the tape, the layers with their caches. Its mode of training and its state are
    those of the layers. Raises TypeError for what is no layer, ValueError for none at all, and what the layers raise,
    the first of them in its name; RuntimeError for a backward before any forward. Twin: torch.nn.Sequential. Source:
    Saito, section 5.7.2, the network without its loss.

    >>> from numpy_impl import Affine, ReLU
    >>> block = Sequential(Affine(np.array([[1.0, -1.0]]), np.array([0.0, 0.0])), ReLU())
    >>> block.forward(np.array([[3.0]]))
    array([[3., 0.]])
    >>> block.backward(np.array([[10.0, 20.0]]))
    array([[10.]])
    >>> block.params
    {'Affine1.W': array([[ 1., -1.]]), 'Affine1.b': array([0., 0.])}
    """


class Residual(Composite):
    """y = x + f(x), where f is its layers one after another: what they add to x.

    Backward: dx = dout + (∂f/∂x)ᵀ dout, for x goes both ways. So dout reaches x as it is, however many blocks follow
    one another and however small the gradients through their layers are.

    Shapes: any that the layers keep, y and dx as x. Caches, raises and is trained as Sequential; raises ValueError,
    TypeError also where f(x) has another shape or dtype than x, for it would broadcast. Twin: x + a
    torch.nn.Sequential, for PyTorch has none. Source: He, Zhang, Ren & Sun, Deep residual learning, 2016.

    >>> from numpy_impl import Tanh
    >>> block = Residual(Tanh())
    >>> block.forward(np.array([[0.0, 1000.0]]))
    array([[   0., 1001.]])
    >>> block.backward(np.array([[5.0, 5.0]]))
    array([[10.,  5.]])
    """

    def _forward(self, x: Array) -> tuple[Array, Any]:
        y, tape = super()._forward(x)
        check_array(self, "f(x), what the layers give,", y, x.dtype)
        check_shape(self, "f(x), what the layers give,", y, x.shape)
        return x + y, tape

    def _backward(self, dout: Array, tape: Any) -> tuple[Array, dict[str, Array]]:
        dx, gradients = super()._backward(dout, tape)
        return dout + dx, gradients
