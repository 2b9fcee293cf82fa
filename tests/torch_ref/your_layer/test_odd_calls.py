"""Layers and losses called in another way: derivatives, losses of each sample or of weights, late parameters."""

from typing import Any

import numpy as np
import pytest
from examining import examined
from own_layers import Affine
from torch import nn

from torch_ref import candidate
from torch_ref.your_layer.text import verdict


def sigmoid(x: Any) -> Any:
    e = np.exp(-abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def of_x(x: Any) -> Any:
    return sigmoid(x) * sigmoid(-x)


def of_y(y: Any) -> Any:
    return y * (1 - y)


def twice_of_y(y: Any) -> Any:
    return 2 * y * (1 - y)


def failing(y: Any) -> Any:
    raise ValueError(f"not {y.shape}")


class Derivative:
    """With a derivative of x, in the place of a backward."""

    def __call__(self, x: Any) -> Any:
        return np.tanh(x)

    def gradient(self, x: Any) -> Any:
        return 1 - np.tanh(x) ** 2


class HalfOfIt(Derivative):
    def gradient(self, x: Any) -> Any:
        return super().gradient(x) / 2


@pytest.mark.parametrize(
    ("layer", "like", "says"),
    [
        ((sigmoid, of_x), "Sigmoid", "right"),
        ((sigmoid, of_y), "Sigmoid", "right"),
        ((sigmoid, twice_of_y), "Sigmoid", "WRONG: dx"),
        ((sigmoid, failing), "Sigmoid", "WRONG"),
        (Derivative, nn.Tanh(), "right"),
        (HalfOfIt, nn.Tanh(), "WRONG: dx"),
    ],
)
def test_a_derivative_is_multiplied_with_dout(layer: Any, like: Any, says: str) -> None:
    assert verdict(examined(layer, like, (np.float64,))).split(",")[0] == says.split(",", maxsplit=1)[0]


def test_a_derivative_of_y_is_said_to_be_one() -> None:
    assert "of_y takes y, not x" in [one.sentence for one in examined((sigmoid, of_y), nn.Sigmoid()).conventions]
    assert not examined((sigmoid, of_x), nn.Sigmoid()).conventions


class OfEachSample:
    """Its forward returns one loss a sample, its backward the gradient of their mean, or of their sum."""

    of_mean = True

    def forward(self, y_pred: Any, y_true: Any) -> Any:
        self.d = y_pred - y_true
        return np.mean(self.d**2, axis=-1)

    def backward(self) -> Any:
        d = 2 * self.d / self.d.shape[1]
        return d / len(d) if self.of_mean else d


class OfTheirSum(OfEachSample):
    of_mean = False


class OfTheirDouble(OfEachSample):
    def backward(self) -> Any:
        return 2 * super().backward()


OF_EACH = "forward returns the loss of each sample: it is their mean that is compared"


def test_losses_of_each_sample_are_compared_by_their_mean() -> None:
    of_mean, of_sum, doubled = (
        examined(one, "MSELoss", (np.float64,)) for one in (OfEachSample, OfTheirSum, OfTheirDouble)
    )
    assert of_mean.ok
    assert [one.sentence for one in of_mean.conventions] == [OF_EACH]
    assert of_sum.ok
    assert {one.sentence for one in of_sum.conventions} == {
        OF_EACH,
        "dx: it is the gradient of the sum of the samples' losses, where PyTorch's default is their mean",
    }
    assert verdict(doubled) == "WRONG: dx"


class BinaryCrossEntropy:
    """Of probabilities, which lie between 0 and 1."""

    def forward(self, p: Any, t: Any) -> Any:
        self.p, self.t = p.copy(), t.copy()
        return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))

    def backward(self, dout: Any = 1) -> Any:
        d = (self.p - self.t) / (self.p * (1 - self.p)) / self.p.size
        return (d * dout).astype(self.p.dtype)


def test_data_are_drawn_from_the_domain_of_the_twin() -> None:
    assert examined(BinaryCrossEntropy, "BCELoss", (np.float64,)).ok


def softmax_loss(W: Any, X: Any, y: Any, reg: float) -> Any:
    """As in a course: a network of one layer, with its regularization."""
    scores = X @ W
    scores = scores - scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    d = np.exp(log_p)
    d[np.arange(len(X)), y] -= 1
    return -log_p[np.arange(len(X)), y].mean() + reg * (W * W).sum(), X.T @ d / len(X) + 2 * reg * W


def without_mean(W: Any, X: Any, y: Any, reg: float) -> Any:
    loss, dW = softmax_loss(W, X, y, reg)
    return loss, dW * len(X)


def test_a_function_of_weights_is_a_network_of_one_layer() -> None:
    like = "Linear(5, 4, bias=False)"
    assert examined(softmax_loss, like, (np.float64,)).ok
    assert examined(softmax_loss, "CrossEntropyLoss", (np.float64,)).ok
    assert verdict(examined(without_mean, like, (np.float64,))) == "WRONG: dW"


class MadeByTheFirstForward:
    """Its parameters are in a dict that is empty until then, and its inputs are kept until they are flushed."""

    def __init__(self, n_out: int) -> None:
        self.n_out, self.X = n_out, []  # type: ignore[var-annotated]
        self.parameters = {"W": None, "b": None}
        self.gradients: dict[str, Any] = {}

    def flush_gradients(self) -> None:
        self.X = []
        self.gradients = {name: np.zeros_like(value) for name, value in self.parameters.items()}

    def forward(self, X: Any) -> Any:
        if self.parameters["W"] is None:
            self.parameters = {"W": np.zeros((X.shape[1], self.n_out)), "b": np.zeros((1, self.n_out))}  # type: ignore[dict-item]
        self.X.append(X.copy())
        return X @ self.parameters["W"] + self.parameters["b"]

    def backward(self, dLdY: Any) -> Any:
        self.gradients["W"] += self.X[0].T @ dLdY
        self.gradients["b"] += dLdY.sum(axis=0, keepdims=True)
        return dLdY @ self.parameters["W"].T  # type: ignore[attr-defined]


def test_parameters_may_be_made_by_the_first_forward() -> None:
    examination = examined(MadeByTheFirstForward, "Linear", (np.float64,))
    assert examination.ok, [problem.sentence for problem in examination.problems]


class TwoSizes(Affine):
    def __init__(self, input_dim: int = 5, num_classes: int = 10) -> None:
        super().__init__(np.zeros((input_dim, num_classes)), np.zeros(num_classes))


def test_a_size_may_be_given_as_an_option() -> None:
    made = candidate(TwoSizes, "Linear", options={"num_classes": 7})
    assert made.subject(np.float64).example(made.pair.ordinary).layer.params["W"].shape == (5, 7)


class FlattenOutOfOrder:
    """Its backward gives the right shape in a wrong order."""

    def forward(self, x: Any) -> Any:
        self.shape = x.shape
        return x.reshape(len(x), -1).copy()

    def backward(self, dout: Any) -> Any:
        return dout.reshape(self.shape, order="F").copy()


def test_a_flatten_gets_images() -> None:
    assert verdict(examined(FlattenOutOfOrder, "Flatten", (np.float64,))) == "WRONG: dx"


class SigmoidNet:
    """As in a book: with an epsilon in its log."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        shapes = {"W1": (input_size, hidden_size), "b1": (hidden_size,)}
        shapes |= {"W2": (hidden_size, output_size), "b2": (output_size,)}
        self.params = {name: np.zeros(shape) for name, shape in shapes.items()}

    def loss(self, x: Any, t: Any) -> Any:
        p = self.params
        h = sigmoid(x @ p["W1"] + p["b1"])
        z = h @ p["W2"] + p["b2"]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        y = e / e.sum(axis=1, keepdims=True)
        rows = np.arange(len(x))
        loss = -np.log(y[rows, t] + 1e-7).mean()
        y[rows, t] -= 1
        dz = y / len(x)
        da = dz @ p["W2"].T * h * (1 - h)
        return loss, {"W1": x.T @ da, "b1": da.sum(axis=0), "W2": h.T @ dz, "b2": dz.sum(axis=0)}


def sigmoid_net(n_in: int, n_hidden: int, n_out: int) -> Any:
    return nn.Sequential(nn.Linear(n_in, n_hidden), nn.Sigmoid(), nn.Linear(n_hidden, n_out))


def test_an_epsilon_in_the_log_of_any_network_is_a_convention() -> None:
    examination = examined(SigmoidNet, sigmoid_net, (np.float64,), only=("forward",))
    assert examination.ok
    (one,) = examination.conventions
    assert one.sentence == "loss: the logarithm is that of p + 1e-7: an epsilon inside the log"
