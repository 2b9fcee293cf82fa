"""Affine, ReLU and SoftmaxWithLoss, each a forward and the backward that the chain rule makes of it.

A layer computes y = f(x) in `forward` and keeps what the derivative needs. `backward` takes dout = ∂L/∂y, the gradient
that arrives from the layer above, returns dx = ∂L/∂x and sets ∂L/∂W as `dW`: always overwritten, never added to.

Shapes: N batch, D in, M out, C classes. Results have the dtype of the parameters; input of another dtype is refused.
Nothing that was handed in is modified, nothing that was handed out is used again: what a layer keeps is its own.

Source: Saito, Deep Learning from Scratch (O'Reilly Japan 2016), chapter 5, Backpropagation. README.md,
beside this file, derives each formula from the chain rule, and names the test that holds it to that.
"""

from typing import Any

import numpy as np

from numpy_impl.checks import (
    Array,
    after_forward,
    check_affine,
    check_batch,
    check_features,
    check_scalar_dout,
    check_targets,
)
from numpy_impl.functions import log_softmax_unchecked, mean_negative_log_likelihood
from numpy_impl.layer import Guarded, Layer, guarded, parameter


class Affine(Layer):
    """y = x W + b, a fully connected layer.

    Forward:  y_nm = Σ_d x_nd W_dm + b_m
    Backward: dx = dout Wᵀ,  dW = xᵀ dout,  db = Σ_n dout_n
              (W_dm meets every sample through x_nd, b_m meets every sample as it is: their gradients are sums over n.)

    Shapes: W (D, M), b (M,), x (..., D), y and dout (..., M); the sums run over all leading axes. An empty batch gives
    an empty y and zero gradients. W and b are kept as the arrays given, so an update in place is seen; PyTorch keeps W
    as (M, D). Caches a copy of x, or x itself within a network's gradient. Raises TypeError, ValueError
    for other dtypes, shapes; RuntimeError for a backward before any forward. Twin: torch.nn.Linear. Source: Saito,
    section 5.6; derived in README.md beside this file.

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
    W, b = parameter("W"), parameter("b")
    dW: Any = None  # until the first backward, as .grad in PyTorch
    db: Any = None
    _x: Array  # (..., D)

    def __init__(self, W: Array, b: Array) -> None:
        check_affine(self, W, b)
        self.W, self.b = W, b

    @guarded
    def forward(self, x: Array) -> Array:
        y = x @ self.W
        y += self.b
        self._x, self._output = self._own(x), (y.shape, y.dtype)
        return y

    @guarded
    def backward(self, dout: Array) -> Any:
        dx = dout @ self.W.T if self.needs_input_grad else None
        x = self._x.reshape(-1, self._x.shape[-1])  # (..., D) -> (N, D)
        dout = dout.reshape(-1, dout.shape[-1])  # (..., M) -> (N, M)
        # The copy lays each column of dout side by side in memory.
        self.dW, self.db = x.T @ dout, dout.T.copy().sum(axis=1)
        return dx

    def _check_forward(self, x: Array) -> None:
        check_features(self, x, len(self.W), self.W.dtype)


class ReLU(Layer):
    """max(x, 0), entry by entry.

    Backward: dx = dout where x > 0, else 0; at x = 0 the derivative is taken as 0, as in PyTorch. As there, NaN passes
    in both directions, and dout is selected: an infinite dout at x < 0 gives 0, not NaN.

    Shapes: any, kept. Caches the mask, of which `open` is a copy. Of a complex x the real part decides. Raises
    TypeError, ValueError for another dtype, shape of dout; RuntimeError for a backward before any forward.
    Twin: torch.nn.ReLU. Source: Saito, section 5.5.1.

    >>> relu = ReLU()
    >>> relu.forward(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    >>> relu.backward(np.array([5.0, 6.0, 7.0]))
    array([0., 0., 7.])
    """

    _closed: Any = None

    @property
    def open(self) -> Any:
        """Where the last forward let x through; None before any."""
        return None if self._closed is None else np.asarray(~self._closed)

    @guarded
    def forward(self, x: Array) -> Array:
        closed = x.real <= 0  # false for NaN
        y = np.asarray(np.where(closed, 0, x) if x.dtype.kind == "c" else np.maximum(x, 0))
        self._closed, self._output = closed, (y.shape, y.dtype)
        return y

    @guarded
    def backward(self, dout: Array) -> Array:
        # A product: np.where would branch at each entry, and guess wrong; it selects where infinity · 0 is NaN.
        dx = np.asarray(dout * ~self._closed + 0)  # + 0 for the −0 that a negative number times 0 is
        return dx if np.isfinite(dx).all() else np.where(self._closed, 0, dout)


class SoftmaxWithLoss(Guarded):
    """The mean cross-entropy of softmax(x): L = −1/N Σ_n Σ_j t_nj log p_nj with p = softmax(x).

    Backward: dx = dout (p Σ_j t_j − t) / N, row by row; for probabilities, which sum to 1, that is dout (p − t) / N.
    The two functions are differentiated as one because the quotient of softmax and the 1/p of log cancel.

    Shapes: logits x (N, C) with N ≥ 1; t class indices (N,), or rows (N, C) of probabilities in the dtype of x, or of
    integers or booleans (one-hot); rows need not sum to 1. L is the mean over the batch, as PyTorch's default. The log
    is taken by log-sum-exp, without epsilon. In rows too 0 log 0 = 0, where PyTorch gives NaN. `y`, the probabilities,
    `t` and `loss` stay to be read. Raises TypeError, ValueError for other dtypes, shapes, labels out of range;
    RuntimeError for a backward before any forward. Twin: torch.nn.CrossEntropyLoss.
    Source: Saito, section 5.6.3, for t one-hot; the complement, log-sum-exp: see README.md beside this file. Rows, also
    one-hot ones, are subtracted as they are: near p = t they lose the digits that class indices keep.
    dout is a factor, also where it is infinite; there PyTorch's chain gives NaN at the label.

    >>> layer = SoftmaxWithLoss()
    >>> layer.forward(np.array([[0.0, 0.0]]), t=np.array([1])).round(4)  # log 2
    np.float64(0.6931)
    >>> layer.backward()
    array([[ 0.5, -0.5]])
    """

    loss: Any = None
    _y: Any = None  # (N, C)
    _t: Any = None  # (N,) or (N, C)

    # Copies, so that an edit of them does not reach backward.
    y = property(lambda self: None if self._y is None else self._y.copy(), doc="The probabilities (N, C).")
    t = property(lambda self: None if self._t is None else self._t.copy(), doc="The targets.")

    @guarded
    def forward(self, x: Array, t: Array) -> Any:
        log_p = log_softmax_unchecked(x)
        loss = mean_negative_log_likelihood(log_p, t)
        self._y, self._t, self.loss = np.exp(log_p), t.copy(), loss
        return loss

    @guarded
    def backward(self, dout: Any = 1) -> Array:
        dtype, n = self._y.dtype, len(self._y)
        if self._t.ndim == 1:
            at_label = np.arange(n), self._t
            dx = self._y.copy()
            # p_t − 1, as its complement −Σ_{j≠t} p_j: near p_t = 1 the difference would cancel all but rounding errors.
            dx[at_label] *= 0  # but NaN stays NaN
            dx[at_label] = -dx.sum(axis=1)
        else:
            t = self._t.astype(dtype)
            dx = self._y * t.sum(axis=1, keepdims=True) - t
        dx *= dtype.type(dout) / n
        return dx

    def _check_forward(self, x: Array, t: Array) -> None:
        check_batch(self, "x", x)
        check_targets(self, t, x.shape, x.dtype)

    def _check_backward(self, dout: Any = 1) -> None:
        after_forward(self, self.loss)
        check_scalar_dout(self, dout, self._y.dtype)
