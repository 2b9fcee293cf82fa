"""A network of the user's own: its loss, and all of its gradients."""

from typing import Any

import numpy as np
from examining import examined
from lessons.book import TwoLayerNet

from numpy_impl import TwoLayerNet as Network
from torch_ref import text_of

BOTH, DOUBLE = (np.float64, np.float32), (np.float64,)


def test_the_network_of_this_package_is_right_in_both_dtypes() -> None:
    assert examined(Network, "TwoLayerNet", BOTH).ok


def test_the_books_network_is_told_its_errata() -> None:
    found = examined(TwoLayerNet, "TwoLayerNet", BOTH)
    assert found.ok
    assert [convention.sentence for convention in found.conventions] == [
        "loss: the logarithm is that of p + 1e-7: an epsilon inside the log"
    ]
    assert [advice.sentence for advice in found.advice] == [
        "W1, once it is assigned, has no effect on any result",
        "loss, dW1, db1, dW2, db2 must be float32, got float64",
    ]
    assert text_of(found).splitlines()[0].endswith("right, with 1 convention and 2 pieces of advice")


class Partial(TwoLayerNet):
    def gradient(self, x: Any, t: Any) -> Any:
        return {name: grad for name, grad in super().gradient(x, t).items() if name != "b1"}


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


class Noisy(TwoLayerNet):
    def gradient(self, x: Any, t: Any) -> Any:
        grads = super().gradient(x, t)
        return {name: grad * (1 + 1e-6 * np.arange(grad.size)).reshape(grad.shape) for name, grad in grads.items()}


def test_a_network_must_return_its_loss_and_all_of_its_gradients() -> None:
    for cls, says in (
        (LossOfItsOwn, "after gradient last_layer.loss is another than loss(x, t)"),
        (Partial, "gradient must have b1, got W1, W2, b2"),
        (Nothing, "gradient must return a dict, got None"),
        (LossOnDemand, "loss: the logarithm is that of p + 1e-7"),
    ):
        found = examined(cls, "TwoLayerNet", DOUBLE)
        first = (*found.problems, *found.conventions)[0]
        assert first.sentence.startswith(says)
        assert first.where.startswith(("test_networks.py:", "book.py:"))


def test_the_first_tensor_that_departs_is_named_where_nothing_explains_them() -> None:
    assert "the first to depart, forward and then back: db2" in examined(Noisy, "TwoLayerNet", DOUBLE).remarks
