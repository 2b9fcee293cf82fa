"""Affine layers in the forms in which people write them, right but for those whose name says otherwise."""

from typing import Any

import numpy as np


class Dense:
    """Parameters drawn inside, a bias that is a row, gradients under other names."""

    def __init__(self, n_inputs: int, n_neurons: int) -> None:
        self.weights, self.biases = np.random.randn(n_inputs, n_neurons), np.zeros((1, n_neurons))  # noqa: NPY002

    def forward(self, inputs: Any) -> None:
        self.inputs = inputs.copy()
        self.output = inputs @ self.weights + self.biases

    def backward(self, dvalues: Any) -> None:
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T


class DenseOfTheMean(Dense):
    def backward(self, dvalues: Any) -> None:
        super().backward(dvalues)
        self.dbiases = self.dbiases / len(dvalues)


class OutIn:
    """W (out, in), a bias that is a column, the gradients dLdW and dLdb."""

    def __init__(self, in_features: int, out_features: int) -> None:
        self.W, self.b = np.zeros((out_features, in_features)), np.zeros((out_features, 1))

    def forward(self, A: Any) -> Any:
        self.A, self.ones = A.copy(), np.ones((len(A), 1), A.dtype)
        return A @ self.W.T + self.ones @ self.b.T

    def backward(self, dLdZ: Any) -> Any:
        self.dLdW, self.dLdb = dLdZ.T @ self.A, dLdZ.T @ self.ones
        return dLdZ @ self.W


class Lists:
    """`params` and `grads` are lists, and the latter's arrays are written into."""

    def __init__(self, W: Any, b: Any) -> None:
        self.params, self.grads = [W, b], [np.zeros_like(W), np.zeros_like(b)]

    def forward(self, x: Any) -> Any:
        W, b = self.params
        self.x = x.copy()
        return x @ W + b

    def backward(self, dout: Any) -> Any:
        self.grads[0][...], self.grads[1][...] = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.params[0].T


class Param:
    def __init__(self, data: Any) -> None:
        self.data, self.grad = data, None


class Objects:
    """Each parameter is an object with its gradient; called, not run forward."""

    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = Param(W), Param(b)

    def __call__(self, x: Any) -> Any:
        self.x = x.copy()
        return x @ self.W.data + self.b.data

    def gradient(self, dout: Any) -> Any:
        self.W.grad, self.b.grad = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.data.T


class ObjectsInAList(Objects):
    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.params = [self.W, self.b]


class Pairs:
    """`params` is a list of (array, gradient)."""

    def __init__(self, W: Any, b: Any) -> None:
        self.params = [(W, np.zeros_like(W)), (b, np.zeros_like(b))]

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return x @ self.params[0][0] + self.params[1][0]

    def backward(self, dout: Any) -> Any:
        self.params[0][1][...], self.params[1][1][...] = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.params[0][0].T


class GradsByOrder:
    """Attributes W and b, and a list of gradients in their order."""

    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b

    def forward(self, x: Any) -> Any:
        self._x = x.copy()
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.grads = [self._x.T @ dout, dout.sum(axis=0)]
        return dout @ self.W.T


class GradsByName(GradsByOrder):
    def backward(self, dout: Any) -> Any:
        self.grads = {"grad_w": self._x.T @ dout, "grad_b": dout.sum(axis=0)}  # type: ignore[assignment] # no list
        return dout @ self.W.T


class WithAMode(GradsByOrder):
    """forward has a mode, in one class as a keyword that it must be given."""

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        return super().forward(x) if train_flg else None


class WithAModeOfItsOwn(GradsByOrder):
    def forward(self, x: Any, is_training: bool) -> Any:  # type: ignore[override] # as people write it
        return super().forward(x) if is_training else None


class Inside:
    """A layer within a layer."""

    def __init__(self, W: Any, b: Any) -> None:
        self.fc = GradsByOrder(W, b)

    def forward(self, x: Any) -> Any:
        return self.fc.forward(x)

    def backward(self, dout: Any) -> Any:
        dx = self.fc.backward(dout)
        self.fc.dW, self.fc.db = self.fc.grads  # type: ignore[attr-defined] # as people write it
        return dx


class ReturnsAll(GradsByOrder):
    """dx and the gradients, returned."""

    def backward(self, dout: Any) -> Any:
        return dout @ self.W.T, self._x.T @ dout, dout.sum(axis=0)


class ReturnsADict(GradsByOrder):
    def backward(self, dout: Any) -> Any:
        return {"dW": self._x.T @ dout, "db": dout.sum(axis=0), "dx": dout @ self.W.T}


class WithACache(GradsByOrder):
    """forward returns its cache too, and backward is given it."""

    def forward(self, x: Any) -> Any:
        return x @ self.W + self.b, x.copy()

    def backward(self, dout: Any, cache: Any) -> Any:  # type: ignore[override] # as people write it
        self.dW, self.db = cache.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class OfInputAndDout(GradsByOrder):
    """backward is given the input once more, first."""

    def backward(self, inputs: Any, grad_output: Any) -> Any:  # type: ignore[override] # as people write it
        self.dW, self.db = inputs.T @ grad_output, grad_output.sum(axis=0)
        return grad_output @ self.W.T


class StepsByAnArgument(GradsByOrder):
    """backward updates the parameters at once; dx is of those before."""

    def backward(self, dout: Any, lr: float) -> Any:  # type: ignore[override] # as people write it
        dx = dout @ self.W.T
        self.W -= lr * (self._x.T @ dout)
        self.b -= lr * dout.sum(axis=0)
        return dx


class StepsByItsOwn(GradsByOrder):
    def __init__(self, W: Any, b: Any, learning_rate: float = 0.1) -> None:
        super().__init__(W, b)
        self.learning_rate = learning_rate

    def backward(self, dout: Any) -> Any:
        dx = dout @ self.W.T
        self.W -= self.learning_rate * (self._x.T @ dout)
        self.b -= self.learning_rate * dout.sum(axis=0)
        return dx


class StepsFirstWrong(StepsByItsOwn):
    """dx is of the weights after the step."""

    def backward(self, dout: Any) -> Any:
        super().backward(dout)
        return dout @ self.W.T


class MeanInside(GradsByOrder):
    """The 1/m of the loss is in dW and db."""

    def backward(self, dout: Any) -> Any:
        self.dW, self.db = self._x.T @ dout / len(dout), dout.sum(axis=0) / len(dout)
        return dout @ self.W.T
