"""Layers of several inputs and outputs: steps of recurrent layers, sequences, attention."""

from typing import Any

import numpy as np
import pytest
import torch
from examining import examined
from torch import nn

import numpy_impl
from torch_ref import PAIRS, candidate
from torch_ref.checks.battery import tensors_of
from torch_ref.your_layer.recurrent_twin import Recurrent
from torch_ref.your_layer.text import verdict


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(x, -600, 600)))


def rnn_step_forward(x: Any, prev_h: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return h, (x.copy(), prev_h.copy(), Wx, Wh, h.copy())


def rnn_step_backward(dnext_h: Any, cache: Any) -> Any:
    x, prev_h, Wx, Wh, h = cache
    da = dnext_h * (1 - h * h)
    return da @ Wx.T, da @ Wh.T, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def without_prev_h_backward(dnext_h: Any, cache: Any) -> Any:
    dx, dprev_h, dWx, dWh, db = rnn_step_backward(dnext_h, cache)
    return dx, 0 * dprev_h, dWx, dWh, db


def rnn_forward(x: Any, h0: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    h, hs, caches = h0, [], []
    for t in range(x.shape[1]):
        h, cache = rnn_step_forward(x[:, t], h, Wx, Wh, b)
        hs.append(h)
        caches.append(cache)
    return np.stack(hs, axis=1), caches


def rnn_backward(dh: Any, caches: Any, *, adds: bool = True) -> Any:
    dh_next, found = 0, None
    dxs = []
    for t in reversed(range(dh.shape[1])):
        dx, dh_next, *of_step = rnn_step_backward(dh[:, t] + dh_next, caches[t])
        dxs.append(dx)
        found = [a + b for a, b in zip(found, of_step, strict=True)] if found and adds else of_step
    return np.stack(dxs[::-1], axis=1), dh_next, *(found or ())


def assigning_backward(dh: Any, caches: Any) -> Any:
    return rnn_backward(dh, caches, adds=False)


class LSTM:
    """With its gates in the order f g i o."""

    def __init__(self, Wx: Any, Wh: Any, b: Any) -> None:
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(one) for one in self.params]

    def forward(self, x: Any, h_prev: Any, c_prev: Any) -> Any:
        Wx, Wh, b = self.params
        f, g, i, o = np.split(x @ Wx + h_prev @ Wh + b, 4, axis=1)
        f, g, i, o = sigmoid(f), np.tanh(g), sigmoid(i), sigmoid(o)
        c = f * c_prev + g * i
        self.cache = x.copy(), h_prev.copy(), c_prev.copy(), f, g, i, o, c.copy()
        return o * np.tanh(c), c

    def backward(self, dh: Any, dc: Any) -> Any:
        x, h_prev, c_prev, f, g, i, o, c = self.cache
        tanh_c = np.tanh(c)
        dc = dc + dh * o * (1 - tanh_c**2)
        gates = dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dc * g * i * (1 - i), dh * tanh_c * o * (1 - o)
        da = np.hstack(gates)
        self.grads = [x.T @ da, h_prev.T @ da, da.sum(axis=0)]
        return da @ self.params[0].T, da @ self.params[1].T, dc * f


def attention_forward(q: Any, k: Any, v: Any) -> Any:
    scores = q @ k.T / np.sqrt(np.array(q.shape[-1], q.dtype))
    p = np.exp(scores - scores.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    return p @ v, (q.copy(), k.copy(), v.copy(), p)


def attention_backward(dout: Any, cache: Any) -> Any:
    q, k, v, p = cache
    dp = dout @ v.T
    ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True)) / np.sqrt(np.array(q.shape[-1], q.dtype))
    return ds @ k, ds.T @ q, p.T @ dout


def unscaled_backward(dout: Any, cache: Any) -> Any:
    dq, dk, dv = attention_backward(dout, cache)
    return dq * np.sqrt(np.array(5, dq.dtype)), dk, dv


def rnn_twin(x: Any, prev_h: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    return torch.tanh(x @ Wx + prev_h @ Wh + b)


def lstm_twin(x: Any, h: Any, c: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    f, g, i, o = (x @ Wx + h @ Wh + b).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.tanh(g) * torch.sigmoid(i)
    return torch.sigmoid(o) * torch.tanh(c), c


RNN_STEP = rnn_step_forward, rnn_step_backward


@pytest.mark.parametrize(
    ("layer", "like", "says"),
    [
        (RNN_STEP, "RNNCell(5, 3)", "right"),
        (RNN_STEP, "RNNCell", "right"),
        (RNN_STEP, rnn_twin, "right"),
        ((rnn_step_forward, without_prev_h_backward), "RNNCell", "WRONG: dprev_h"),
        ((rnn_forward, rnn_backward), "RNN(5, 3, batch_first=True)", "right"),
        ((rnn_forward, assigning_backward), "RNN(5, 3, batch_first=True)", "WRONG: dWx, dWh, db"),
        (LSTM, "LSTMCell", "right, with 1 convention"),
        (LSTM, lstm_twin, "right"),
        ((attention_forward, attention_backward), "scaled_dot_product_attention", "right"),
        ((attention_forward, unscaled_backward), "scaled_dot_product_attention", "WRONG: dx"),
    ],
)
def test_layers_of_several_inputs_and_outputs_are_judged(layer: Any, like: Any, says: str) -> None:
    values = tuple(tensors_of(candidate(layer, like).pair))
    examination = examined(layer, like, (np.float64,), only=values)
    said = verdict(examination).replace(", as far as checked", "")
    assert said == says, [problem.sentence for problem in examination.problems]


def test_the_order_of_the_gates_is_told() -> None:
    assert [*candidate(LSTM, "LSTMCell").notes] == ["its gates are in the order f g i o, where PyTorch's is i f g o"]
    assert not candidate(RNN_STEP, "RNNCell").notes


def test_an_input_beside_x_has_the_name_that_the_user_gave_it() -> None:
    pair = candidate(RNN_STEP, "RNNCell").pair
    assert (pair.inputs, pair.outputs, pair.gradients) == (
        ("x", "prev_h"),
        ("y",),
        ("dx", "dprev_h", "dWx", "dWh", "db"),
    )
    assert candidate(LSTM, "LSTMCell").pair.outputs == ("y", "c")


@pytest.mark.parametrize(
    ("module", "states", "gates"),
    [
        (nn.RNN(5, 3, batch_first=True), ("h",), 1),
        (nn.RNN(5, 3), ("h",), 1),
        (nn.RNN(5, 3, nonlinearity="relu", batch_first=True), ("h",), 1),
        (nn.GRU(5, 3, batch_first=True), ("h",), 3),
        (nn.LSTM(5, 3, batch_first=True, bias=False), ("h", "c"), 4),
    ],
)
def test_the_twin_is_pytorchs_own_sequence(module: Any, states: Any, gates: int) -> None:
    """Whatever the order of the gates is called, once the weights are put into it."""
    order = tuple(reversed(range(gates)))
    twin = Recurrent(module, states, 2, order).double()
    module = module.double()
    with torch.no_grad():
        for name in ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if module.bias else ())):
            blocks = getattr(module, f"{name}_l0").chunk(gates)
            getattr(twin, name).copy_(torch.cat([blocks[gate] for gate in order]))
    x = torch.randn(6, 4, 5, dtype=torch.float64)
    given = [torch.randn(6 if module.batch_first else 4, 3, dtype=torch.float64) for _ in states]
    theirs = tuple(one[None] for one in given)
    wanted, _ = module(x, theirs if len(theirs) > 1 else theirs[0])
    # Four steps, each of sums of eight terms of the size of 1, in another order: 1e-14 is a hundred roundings.
    torch.testing.assert_close(twin(x, *given), wanted, rtol=0, atol=1e-14)


def test_a_recurrent_module_of_several_layers_is_no_twin() -> None:
    with pytest.raises(ValueError, match="RNN: it must have one layer in one direction, to be a twin"):
        candidate(RNN_STEP, "RNN(5, 3, num_layers=2)")


class WithoutStates:
    """It takes x alone, where the twin's cell goes on from 0."""

    def __init__(self, Wx: Any, b: Any) -> None:
        self.Wx, self.b = Wx, b

    def forward(self, x: Any) -> Any:
        return np.tanh(x @ self.Wx + self.b)

    def backward(self, dout: Any) -> Any:
        return dout


def test_what_has_no_weights_of_the_state_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match=r"the twin's parameter weight_hh .* must have one counterpart"):
        candidate(WithoutStates, "RNNCell")


def of_sines_forward(x: Any, prev_h: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    h, cache = rnn_step_forward(x, prev_h, Wx, Wh, b)
    return np.sin(h), cache


def failing_forward(x: Any, prev_h: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    raise ValueError(f"{x.shape}{prev_h.shape}{Wx.shape}{Wh.shape}{b.shape}")


@pytest.mark.parametrize("forward", [of_sines_forward, failing_forward])
def test_a_wrong_forward_is_compared_in_pytorchs_own_order(forward: Any) -> None:
    examination = examined((forward, rnn_step_backward), "RNNCell", (np.float64,))
    assert verdict(examination).startswith("WRONG")
    assert not examination.conventions


def relu_forward(x: Any, h0: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    h, hs = h0, []
    for t in range(x.shape[1]):
        h = np.maximum(x[:, t] @ Wx + h @ Wh + b, 0)
        hs.append(h)
    return np.stack(hs, axis=1), None


def test_what_has_formulas_is_proven_and_a_relu_over_time_is_measured() -> None:
    assert candidate(RNN_STEP, "RNNCell").pair.is_proven
    assert candidate(LSTM, "LSTMCell").pair.is_proven
    relu = "RNN(5, 3, nonlinearity='relu', batch_first=True)"
    assert not candidate((relu_forward, rnn_backward), relu).pair.is_proven


class OwnLSTM(numpy_impl.LSTM):
    """In the form of this project, with its states and their gradients."""


def test_the_form_of_this_project_is_that_of_its_pair() -> None:
    made = candidate(OwnLSTM, "lstm")
    assert made.pair.backward == PAIRS["lstm"].backward
    said = verdict(examined(OwnLSTM, "lstm", (np.float64,), only=("forward", "c_output", "c0_gradient")))
    assert said.startswith("right")
