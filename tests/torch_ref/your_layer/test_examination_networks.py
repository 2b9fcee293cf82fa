"""Networks are examined as layers are: the book's is told its errata, and all gradients must be there."""

from typing import Any

import numpy as np
from lessons.book import TwoLayerNet

from torch_ref import candidate, examine


def test_the_books_network_is_told_its_errata() -> None:
    found = examine(candidate(TwoLayerNet, "TwoLayerNet"))
    so_in_float64 = "so in float64; in the other dtype it is wrong as well"
    assert [problem.sentence for problem in found.problems] == [
        f"loss: the logarithm is that of p + 1e-7: an epsilon inside the log ({so_in_float64})",
        "W1, once it is assigned, has no effect on any result",
        "dW1, db1, dW2, db2: it is returned in float64, not in float32",
    ]


def test_a_network_must_return_all_of_its_gradients() -> None:
    class Partial(TwoLayerNet):
        def gradient(self, x: Any, t: Any) -> Any:
            grads = super().gradient(x, t)
            del grads["b1"]
            return grads

    class Nothing(TwoLayerNet):
        def gradient(self, x: Any, t: Any) -> Any:
            super().gradient(x, t)

    class LossOnDemand(TwoLayerNet):
        def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
            super().__init__(input_size, hidden_size, output_size)
            self.last = self.last_layer
            del self.last_layer

        def loss(self, x: Any, t: Any) -> Any:
            return float(self.last.forward(self.predict(x), t))

        def gradient(self, x: Any, t: Any) -> Any:
            self.last_layer = self.last
            grads = super().gradient(x, t)
            del self.last_layer
            return grads

    class LossOfItsOwn(TwoLayerNet):
        def loss(self, x: Any, t: Any) -> Any:
            return 3 * super().loss(x, t)

    for cls, says in (
        (LossOfItsOwn, "after gradient last_layer.loss is another than loss(x, t)"),
        (Partial, "gradient must have b1, got W1, W2, b2"),
        (Nothing, "gradient must return a dict, got None"),
        (LossOnDemand, "loss: the logarithm is that of p + 1e-7"),
    ):
        first = examine(candidate(cls, "TwoLayerNet"), [np.float64]).problems[0]
        assert first.sentence.startswith(says)
        assert first.where.startswith(("test_examination_networks.py:", "book.py:"))
