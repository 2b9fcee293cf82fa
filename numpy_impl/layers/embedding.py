"""Embedding, a table of vectors. Its gradient is derived in embedding.md, beside this file."""

from typing import Any

import numpy as np

from numpy_impl.layer import Layer, Parameter
from numpy_impl.layers.affine import rows
from numpy_impl.validation import Array, check_ids, check_table


class Embedding(Layer):
    """y = W[ids]: the layer's input is the numbers of rows of W, say of words, and its output these rows.

    Forward:  y_nm = W_{ids_n, m}
    Backward: dW_vm = Σ dout_nm over all n with ids_n = v   (a row that is looked up twice has two ways to the loss)

    Ids are no variables: backward returns None. Shapes: W (V, D), ids any shape, y and dout (..., D). Rows that are not
    looked up have a gradient of 0. No ids give an empty y and a dW of zeros. Caches the ids. Raises TypeError for ids
    that are no array of integers and for another dtype of dout; ValueError for an id that is negative or no row of W
    and for another shape of dout; RuntimeError for a backward before any forward. Twin: torch.nn.Embedding, which keeps
    W alike. Source: Bengio, Ducharme, Vincent & Jauvin, A neural probabilistic language model, 2003; Saito 2,
    section 4.1.

    >>> layer = Embedding(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    >>> layer.forward(np.array([2, 0, 2]))
    array([[5., 6.],
           [1., 2.],
           [5., 6.]])
    >>> layer.backward(np.array([[1.0, 1.0], [10.0, 10.0], [100.0, 100.0]]))
    >>> layer.dW
    array([[ 10.,  10.],
           [  0.,   0.],
           [101., 101.]])
    """

    W = Parameter()
    dW: Any

    def __init__(self, W: Array) -> None:
        check_table(self, W)
        self.W = W

    def _forward(self, ids: Array) -> tuple[Any, Array]:
        return self.W[ids], ids  # (...) -> (..., D)

    def _backward(self, dout: Array, ids: Array) -> tuple[None, dict[str, Array]]:
        return None, self._gradients(dout, ids)

    def _gradients(self, dout: Array, ids: Array) -> dict[str, Array]:
        """np.add.at(dW, ids, dout), in a fifth of the time: in the order of the ids equal ones are neighbours.

        (dW[ids] += dout would keep one of several with the same id.)
        """
        order = ids.argsort(axis=None)
        found, starts = np.unique(ids.reshape(-1)[order], return_index=True)
        dW = np.zeros_like(self.W)
        dW[found] = np.add.reduceat(rows(dout)[order], starts)
        return {"W": dW}

    def _check(self, who: object, ids: Array) -> None:
        check_ids(who, ids, len(self.W))
