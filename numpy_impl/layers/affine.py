"""Affine, the fully connected layer. Its formulas are derived from the chain rule in affine.md, beside this file."""

from typing import Any

from numpy_impl.layer import Layer, Parameter
from numpy_impl.validation import Array, check_affine, check_features


class Affine(Layer):
    """y = x W + b, a fully connected layer.

    Forward:  y_nm = Σ_d x_nd W_dm + b_m
    Backward: dx = dout Wᵀ,  dW = xᵀ dout,  db = Σ_n dout_n
              (W_dm meets every sample through x_nd, b_m meets every sample as it is: their gradients are sums over n.)

    Shapes: W (D, M), b (M,), x (..., D), y and dout (..., M); the sums run over all leading axes. An empty batch gives
    an empty y and zero gradients. W and b are kept as the arrays given, so an update in place is seen; PyTorch keeps W
    as (M, D). Caches x. Raises TypeError, ValueError for other dtypes, shapes; RuntimeError for a backward before any
    forward. Twin: torch.nn.Linear. Source: Saito, section 5.6.

    >>> import numpy as np
    >>> layer = Affine(W=np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), b=np.array([0.5, 0.0, 0.0]))
    >>> layer.forward(np.array([[1.0, 10.0]]))
    array([[41.5, 52. , 63. ]])
    >>> layer.backward(np.array([[1.0, 0.0, -1.0]]))
    array([[-2., -2.]])
    >>> layer.dW
    array([[  1.,   0.,  -1.],
           [ 10.,   0., -10.]])
    """

    W, b = Parameter(), Parameter()
    dW: Any
    db: Any

    def __init__(self, W: Array, b: Array) -> None:
        check_affine(self, W, b)
        self.W, self.b = W, b

    def _forward(self, x: Array) -> tuple[Array, Array]:
        y = x @ self.W  # (..., D) -> (..., M)
        y += self.b
        return y, x

    def _backward(self, dout: Array, x: Array) -> tuple[Array, dict[str, Array]]:
        return dout @ self.W.T, self._gradients(dout, x)

    def _gradients(self, dout: Array, x: Array) -> dict[str, Array]:
        return {"W": rows(x).T @ rows(dout), "b": column_sums(dout)}

    def _check(self, who: object, x: Array) -> None:
        check_features(who, x, len(self.W), self.W.dtype)


def rows(a: Array) -> Array:
    return a.reshape(-1, a.shape[-1])  # (..., D) -> (N, D)


def column_sums(a: Array) -> Any:
    """Σ_n a_n along contiguous memory, where NumPy adds pairwise, (..., D) -> (D,).

    Over 4096 numbers of one sign that errs by 0.4 units in the last place, in the mean. A plain sum(0) adds row by row,
    errs by 8, and would save 3 µs of a step.
    """
    return rows(a).T.copy().sum(axis=1)
