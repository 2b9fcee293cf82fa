"""Affine, ReLU and SoftmaxWithLoss, each a forward and the backward that the chain rule makes of it.

A layer computes y = f(x) in `forward` and keeps what the derivative needs. `backward` takes dout = ∂L/∂y, the gradient
that arrives from the layer above, returns dx = ∂L/∂x and sets ∂L/∂W as `dW`: always overwritten, never added to.

Shapes: N batch, D in, M out, C classes. Results have the dtype of the parameters; input of another dtype is refused.
Nothing that was handed in is modified, nothing that was handed out is used again: caches are copies.

Source: Saito, Deep Learning from Scratch (O'Reilly 2016), chapter 5, Backpropagation.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from numpy_impl.checks import (
    Array,
    after_forward,
    check_affine,
    check_array,
    check_batch,
    check_dout,
    check_features,
    check_parameter,
    check_scalar_dout,
    check_targets,
)
from numpy_impl.functions import ieee_arithmetic, log_softmax, mean_negative_log_likelihood, softmax


class Layer(ABC):
    """What every layer y = f(x) promises: forward, backward, and each parameter p with its gradient dp."""

    parameter_names: ClassVar[tuple[str, ...]] = ()
    needs_input_grad: bool = True  # if not, backward may leave out dx: a network's data needs no gradient
    _output: tuple[tuple[int, ...], np.dtype[Any]] | None = None  # of the last forward: its shape and dtype

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """y = f(x)."""

    @abstractmethod
    def backward(self, dout: Array) -> Any:
        """dx = ∂L/∂x from dout = ∂L/∂y; sets the gradients of the parameters."""

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by name, the arrays themselves."""
        return {name: getattr(self, name) for name in self.parameter_names}

    def __setattr__(self, name: str, value: Any) -> None:
        """A parameter is exchanged only for one of its shape and dtype, so a cache always fits it."""
        if name in self.parameter_names and isinstance(getattr(self, name, None), np.ndarray):
            check_parameter(self, name, value, like=getattr(self, name))
        super().__setattr__(name, value)

    def _check_dout(self, dout: Array) -> None:
        shape, dtype = after_forward(self, self._output)
        check_dout(self, dout, shape, dtype)


class Affine(Layer):
    """y = x W + b, a fully connected layer.

    Forward:  y_nm = Σ_d x_nd W_dm + b_m
    Backward: dx = dout Wᵀ,  dW = xᵀ dout,  db = Σ_n dout_n
              (W_dm meets every sample through x_nd, b_m meets every sample as it is: their gradients are sums over n.)

    Shapes: W (D, M), b (M,), x (..., D), y and dout (..., M); the sums run over all leading axes. An empty batch gives
    an empty y and zero gradients. W and b are kept as the arrays given, so an update in place is seen; PyTorch keeps W
    as (M, D). Caches a copy of x. Raises TypeError, ValueError for other dtypes, shapes; RuntimeError for a backward
    before any forward. Twin: torch.nn.Linear.

    db is summed along contiguous memory, where NumPy adds pairwise: over 4096 samples of one sign that is 0.4 units in
    the last place off, in the mean. A plain sum(0) adds row by row, is 8 off, and would save 3 µs of a step.

    >>> layer = Affine(W=np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), b=np.array([0.5, 0.0, 0.0]))
    >>> layer.forward(np.array([[1.0, 10.0]]))
    array([[41.5, 52. , 63. ]])
    >>> layer.backward(np.array([[1.0, 0.0, -1.0]]))
    array([[-2., -2.]])
    >>> layer.dW
    array([[  1.,   0.,  -1.],
           [ 10.,   0., -10.]])
    """

    parameter_names = ("W", "b")
    dW: Any = None  # until the first backward, as .grad in PyTorch
    db: Any = None
    _x: Array  # (N, D)

    def __init__(self, W: Array, b: Array) -> None:
        check_affine(self, W, b)
        self.W, self.b = W, b

    @ieee_arithmetic
    def forward(self, x: Array) -> Array:
        check_features(self, x, len(self.W), self.W.dtype)
        rows = x.copy().reshape(-1, len(self.W))  # (..., D) -> (N, D)
        y = rows @ self.W
        y += self.b
        y = y.reshape(*x.shape[:-1], len(self.b))  # (N, M) -> (..., M)
        self._x, self._output = rows, (y.shape, y.dtype)
        return y

    @ieee_arithmetic
    def backward(self, dout: Array) -> Any:
        self._check_dout(dout)
        dx = dout @ self.W.T if self.needs_input_grad else None
        dout = dout.reshape(-1, len(self.b))  # (..., M) -> (N, M)
        # The copy lays each column of dout side by side in memory.
        self.dW, self.db = self._x.T @ dout, dout.T.copy().sum(axis=1)
        return dx


class ReLU(Layer):
    """max(x, 0), entry by entry.

    Backward: dx = dout where x > 0, else 0; at x = 0 the derivative is taken as 0, as in PyTorch. As there, NaN passes
    in both directions, and dout is selected, not multiplied: an infinite dout at x < 0 gives 0.

    Shapes: any, kept. Caches the mask. Of a complex x the real part decides. Raises TypeError, ValueError for another
    dtype, shape of dout; RuntimeError for a backward before any forward. Twin: torch.nn.ReLU.

    >>> relu = ReLU()
    >>> relu.forward(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    >>> relu.backward(np.array([5.0, 6.0, 7.0]))
    array([0., 0., 7.])
    """

    _closed: Array

    def forward(self, x: Array) -> Array:
        check_array(self, "x", x)
        closed = x.real <= 0  # false for NaN
        y = np.where(closed, 0, x)
        self._closed, self._output = closed, (y.shape, y.dtype)
        return y

    def backward(self, dout: Array) -> Array:
        self._check_dout(dout)
        return np.where(self._closed, 0, dout)


class SoftmaxWithLoss:
    """The mean cross-entropy of softmax(x): L = −1/N Σ_n Σ_j t_nj log p_nj with p = softmax(x).

    Backward: dx = dout (p Σ_j t_j − t) / N, row by row; for probabilities, which sum to 1, that is dout (p − t) / N.
    The two functions are differentiated as one because the quotient of softmax and the 1/p of log cancel.

    Shapes: logits x (N, C) with N ≥ 1; t class indices (N,), or rows (N, C) of probabilities in the dtype of x, or of
    integers or booleans (one-hot); rows need not sum to 1. L is the mean over the batch, as PyTorch's default. The log
    is taken by log-sum-exp, without epsilon. 0 log 0 = 0 in rows too, where PyTorch gives NaN. `y`, the
    probabilities, `t` and `loss` stay to be read. Raises TypeError, ValueError for other dtypes, shapes, labels out of
    range; RuntimeError for a backward before any forward. Twin: torch.nn.CrossEntropyLoss.

    >>> layer = SoftmaxWithLoss()
    >>> layer.forward(np.array([[0.0, 0.0]]), t=np.array([1])).round(4)  # log 2
    np.float64(0.6931)
    >>> layer.backward()
    array([[ 0.5, -0.5]])
    """

    y: Any = None
    t: Any = None
    loss: Any = None
    _y: Array  # (N, C)
    _t: Array  # (N,) or (N, C)

    @ieee_arithmetic
    def forward(self, x: Array, t: Array) -> Any:
        check_batch(self, "x", x)
        check_targets(self, t, x.shape, x.dtype)
        y, loss = softmax(x), mean_negative_log_likelihood(log_softmax(x), t)
        self._y, self._t = y, t.copy()
        self.y, self.t, self.loss = y.copy(), t.copy(), loss  # to be read; an edit of them does not reach backward
        return loss

    @ieee_arithmetic
    def backward(self, dout: Any = 1) -> Array:
        after_forward(self, self.loss)
        dtype, n = self._y.dtype, len(self._y)
        check_scalar_dout(self, dout, dtype)
        if self._t.ndim == 1:
            at_label = np.arange(n), self._t
            dx = self._y.copy()
            # p_t − 1, as its complement −Σ_{j≠t} p_j: near p_t = 1 the difference would cancel all but rounding errors.
            dx[at_label] = 0
            dx[at_label] = -dx.sum(axis=1)
        else:
            t = self._t.astype(dtype)
            dx = self._y * t.sum(axis=1, keepdims=True) - t
        dx *= dtype.type(dout) / n
        return dx
