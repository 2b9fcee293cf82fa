"""Embeddings, whose inputs are ids and have no gradient."""

from typing import Any

import numpy as np
import pytest
from examining import examined

from torch_ref import candidate
from torch_ref.your_layer.text import verdict


class Embedding:
    def __init__(self, W: Any) -> None:
        self.params, self.grads = [W], [np.zeros_like(W)]

    def forward(self, ids: Any) -> Any:
        self.ids = ids.copy()
        return self.params[0][ids]

    def backward(self, dout: Any) -> None:
        self.grads = [np.zeros_like(self.params[0])]
        np.add.at(self.grads[0], self.ids, dout)


class EmbeddingThatLosesRepeats(Embedding):
    def backward(self, dout: Any) -> None:
        self.grads = [np.zeros_like(self.params[0])]
        self.grads[0][self.ids] += dout


def embedding_forward(x: Any, W: Any) -> Any:
    return W[x], (x.copy(), W.copy())


def embedding_backward(dout: Any, cache: Any) -> Any:
    dW = np.zeros_like(cache[1])
    np.add.at(dW, cache[0], dout)
    return dW


@pytest.mark.parametrize(
    ("layer", "like", "says"),
    [
        (Embedding, "Embedding(7, 3)", "right"),
        (EmbeddingThatLosesRepeats, "Embedding", "WRONG: dW"),
        ((embedding_forward, embedding_backward), "Embedding", "right"),
    ],
)
def test_embeddings_are_judged(layer: Any, like: Any, says: str) -> None:
    assert verdict(examined(layer, like, (np.float64,))) == says


def test_ids_have_no_gradient_and_an_embedding_gets_repeated_ones() -> None:
    made = candidate(Embedding, "Embedding(4, 3)")
    example = made.subject(np.float32).example(made.pair.ordinary)
    ids = example.inputs["ids"]
    assert ids.dtype.kind == "i"
    assert len(np.unique(ids)) < len(ids)
    assert ids.max() < 4
    assert made.pair.gradients == ("dW",)
