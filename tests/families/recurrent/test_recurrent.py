"""Recurrent layers beyond their pairs: each formula of recurrent.md by its name, states, edges, refusals."""

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numpy_impl import GRU, LSTM, RNN, Affine, Layer, Network, SoftmaxWithLoss, complex_step_gradient
from numpy_impl.layers.recurrent import sigmoid_into, tanh_slope
from numpy_impl.validation import Array
from torch_ref import verify

U = 2.0**-53
LAYERS = [RNN, LSTM, GRU]


def made(cls: Any, D: int = 3, H: int = 2, seed: int = 0, dtype: Any = np.float64) -> Any:
    rng, width = np.random.default_rng(seed), cls.gates * H
    return cls(*(rng.standard_normal(shape).astype(dtype) for shape in ((D, width), (H, width), (width,), (width,))))


def numbers(*shape: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def test_a_recurrent_layer_is_its_step_unrolled() -> None:
    layer, x, h = made(RNN), numbers(4, 3, 3), numbers(4, 2)
    y = layer.forward(x, h)
    for t in range(3):
        h = np.tanh(x[:, t] @ layer.Wx + layer.bx + h @ layer.Wh + layer.bh)
        np.testing.assert_allclose(y[:, t], h, rtol=0, atol=1e-14)  # sums of seven terms of the size of 1


def test_the_gates_of_an_lstm_write_keep_and_read() -> None:
    layer, x, h, c = made(LSTM), numbers(4, 1, 3), numbers(4, 2), numbers(4, 2, seed=2)
    y = layer.forward(x, h, c)
    i, f, g, o = np.split(x[:, 0] @ layer.Wx + layer.bx + h @ layer.Wh + layer.bh, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    np.testing.assert_allclose(layer.c, c, rtol=0, atol=1e-14)
    np.testing.assert_allclose(y[:, 0], sigmoid(o) * np.tanh(c), rtol=0, atol=1e-14)


def test_the_reset_gate_of_a_gru_comes_after_the_product() -> None:
    layer, x, h = made(GRU), numbers(4, 1, 3), numbers(4, 2)
    y = layer.forward(x, h)
    (u_r, u_z, u_n), (v_r, v_z, v_n) = (
        np.split(a, 3, axis=1) for a in (x[:, 0] @ layer.Wx + layer.bx, h @ layer.Wh + layer.bh)
    )
    z, n = sigmoid(u_z + v_z), np.tanh(u_n + sigmoid(u_r + v_r) * v_n)
    np.testing.assert_allclose(y[:, 0], (1 - z) * n + z * h, rtol=0, atol=1e-14)


def gradients(layer: Any, x: Array, dout: Array, *states: Array) -> dict[str, Array]:
    layer.forward(x, *states)
    return {"dx": layer.backward(dout)} | {f"d{name}": getattr(layer, f"d{name}") for name in layer.parameter_names}


@pytest.mark.parametrize("cls", LAYERS)
def test_the_gradient_of_a_weight_is_the_sum_over_time(cls: Any) -> None:
    """Of T copies of the weights, one a step, each of which is nudged alone."""
    layer, x, dout = made(cls), numbers(2, 3, 3), numbers(2, 3, 2, seed=3)
    found = gradients(layer, x, dout)
    total = np.zeros_like(layer.Wh)
    for at in range(3):

        def loss(Wh: Array, at: int = at) -> Any:
            states: Any = (None,) * len(cls.states)
            total: Any = 0
            for t in range(3):
                step = cls(*(one.astype(complex) for one in (layer.Wx, layer.Wh, layer.bx, layer.bh)))
                step.Wh = Wh if t == at else step.Wh
                y = step.forward(x[:, t : t + 1].astype(complex), *states)
                states = [getattr(step, name) for name in cls.states]
                total = total + np.sum(y[:, 0] * dout[:, t])
            return total

        total += complex_step_gradient(loss, layer.Wh.astype(complex))
    np.testing.assert_allclose(found["dWh"], total, rtol=0, atol=1e-13)  # a hundred roundings of the size of 1


@pytest.mark.parametrize("cls", LAYERS)
def test_what_later_steps_send_back_is_added(cls: Any) -> None:
    """y of the last time depends on the first x, and its gradient gets there."""
    layer, x, dout = made(cls), numbers(2, 3, 3), np.zeros((2, 3, 2))
    dout[:, -1] = 1
    assert gradients(layer, x, dout)["dx"][:, 0].all()
    dout = np.zeros((2, 3, 2))
    dout[:, 0] = 1
    assert not gradients(layer, x, dout)["dx"][:, 1:].any()


@pytest.mark.parametrize("cls", LAYERS)
def test_two_halves_of_a_sequence_are_the_whole_one(cls: Any) -> None:
    """Truncated back-propagation that is not truncated: the states go on, and their gradients back."""
    layer, x, dout = made(cls), numbers(2, 5, 3), numbers(2, 5, 2, seed=3)
    whole = gradients(layer, x, dout)
    first, second = made(cls), made(cls)
    first.forward(x[:, :2])
    second.forward(x[:, 2:], *(getattr(first, name) for name in cls.states))
    dx = second.backward(dout[:, 2:])
    before = first.backward(dout[:, :2], *(getattr(second, f"d{name}0") for name in cls.states))
    # Of products of at most ten terms of the size of 1 over five steps: 1e-13 is a thousand roundings.
    np.testing.assert_allclose(np.concatenate([before, dx], axis=1), whole["dx"], rtol=0, atol=1e-13)
    np.testing.assert_allclose(first.dWx + second.dWx, whole["dWx"], rtol=0, atol=1e-13)


@pytest.mark.parametrize("cls", LAYERS)
def test_states_are_copies_and_none_lives_on(cls: Any) -> None:
    layer, x = made(cls), numbers(4, 3, 3)
    y = layer.forward(x)
    np.testing.assert_array_equal(layer.h, y[:, -1], strict=True)
    for name in cls.states:
        getattr(layer, name)[...] = 99
    np.testing.assert_array_equal(layer.forward(x), y, strict=True)
    layer.backward(np.ones_like(y))
    assert all(getattr(layer, f"d{name}0") is None for name in cls.states)


@pytest.mark.parametrize("cls", LAYERS)
def test_a_first_state_of_zeros_is_as_good_as_none_and_has_a_gradient(cls: Any) -> None:
    layer, x = made(cls), numbers(4, 3, 3)
    y = layer.forward(x)
    zeros = [np.zeros((4, 2)) for _ in cls.states]
    np.testing.assert_array_equal(layer.forward(x, *zeros), y, strict=True)
    layer.backward(np.ones_like(y))
    assert layer.dh0.shape == (4, 2)
    layer.forward(x)
    layer.backward(np.ones_like(y))
    assert layer.dh0 is None


def test_an_lstm_takes_either_state_alone() -> None:
    layer, x, state = made(LSTM), numbers(4, 3, 3), numbers(4, 2)
    y = layer.forward(x, c0=state)
    np.testing.assert_array_equal(y, made(LSTM).forward(x, np.zeros((4, 2)), state), strict=True)
    layer.backward(np.ones_like(y), dc=np.ones((4, 2)))
    assert layer.dh0 is None
    assert layer.dc0.any()


@pytest.mark.parametrize("cls", LAYERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_no_samples_give_an_empty_y_and_zero_gradients(cls: Any, dtype: Any) -> None:
    layer = made(cls, dtype=dtype)
    y = layer.forward(np.empty((0, 4, 3), dtype))
    assert (y.shape, y.dtype, layer.h.shape) == ((0, 4, 2), dtype, (0, 2))
    assert layer.backward(y).shape == (0, 4, 3)
    for name in layer.parameter_names:
        np.testing.assert_array_equal(getattr(layer, f"d{name}"), np.zeros_like(getattr(layer, name)), strict=True)


@pytest.mark.parametrize("cls", LAYERS)
def test_the_pure_backward_of_complex_numbers_is_that_of_real_ones(cls: Any) -> None:
    x, dout = numbers(2, 3, 3), numbers(2, 3, 2, seed=3)
    real = gradients(made(cls), x, dout)
    as_complex = gradients(made(cls, dtype=complex), x.astype(complex), dout.astype(complex))
    for name, value in real.items():
        np.testing.assert_allclose(as_complex[name], value, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_the_slopes_of_the_gates_keep_their_digits(dtype: Any) -> None:
    a = np.array([-80.0, -30.0, -1.0, 0.0, 1.0, 30.0, 80.0], dtype)
    y, slope = np.empty_like(a), np.empty_like(a)
    sigmoid_into(y, slope, a)
    with mpmath.workdps(60):
        exact = [1 / (1 + mpmath.exp(-mpmath.mpf(float(one.real)))) for one in a]
        slopes = [float(one * (1 - one)) for one in exact]
        of_tanh = [float(mpmath.sech(mpmath.mpf(float(one.real)) / 2) ** 2) for one in a]
    rtol = 16 * float(np.finfo(dtype).eps) / 2  # exp, two sums, two quotients, two products
    np.testing.assert_allclose(y, np.array([*map(float, exact)]), rtol=rtol)
    np.testing.assert_allclose(slope, slopes, rtol=rtol)
    np.testing.assert_allclose(tanh_slope(a / 2), of_tanh, rtol=rtol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gate_at_infinity_is_shut_or_open_and_has_no_slope(dtype: Any) -> None:
    a = np.array([-np.inf, -1e4, 1e4, np.inf], dtype)
    y, slope = np.empty_like(a), np.empty_like(a)
    with np.errstate(over="ignore"):
        sigmoid_into(y, slope, a)
        np.testing.assert_array_equal(y, np.array([0, 0, 1, 1], dtype), strict=True)
        np.testing.assert_array_equal(slope, np.zeros(4, dtype), strict=True)
        np.testing.assert_array_equal(tanh_slope(a), np.zeros(4, dtype), strict=True)


def test_what_a_gru_hardly_replaces_keeps_its_digits() -> None:
    """1 − z, where z is 1 to all digits: y = (1 − z) n = σ(−40) tanh(1)."""
    one = np.array([[0.0, 0.0, 1.0]])
    layer = GRU(one, np.zeros((1, 3)), np.array([0.0, 40.0, 0.0]), np.zeros(3))
    y = layer.forward(np.array([[[1.0]]]))
    np.testing.assert_allclose(y, [[[float(mpmath.tanh(1) / (1 + mpmath.exp(40)))]]], rtol=20 * U)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(LAYERS), st.integers(2, 4), st.integers(2, 4), st.integers(2, 3), st.integers(2, 3))
def test_any_sizes_are_those_of_pytorch(cls: Any, N: int, T: int, D: int, H: int) -> None:
    layer, x = made(cls, D, H), numbers(N, T, D)
    states = [numbers(N, H, seed=seed) for seed in range(len(cls.states))]
    assert verify(layer, x).ok
    assert verify(layer, x, *states).ok


class LastTime(Layer):
    """(N, T, H) -> (N, H), of a classifier of sequences."""

    def _forward(self, x: Array) -> tuple[Any, Any]:
        return x[:, -1], x.shape

    def _backward(self, dout: Array, shape: tuple[int, ...]) -> tuple[Any, dict[str, Array]]:
        dx = np.zeros(shape, dout.dtype)
        dx[:, -1] = dout
        return dx, {}


@pytest.mark.parametrize("cls", LAYERS)
def test_it_stands_in_a_network_first_and_in_the_middle(cls: Any) -> None:
    layers = {"one": made(cls), "two": made(cls, D=2), "last": LastTime(), "end": Affine(numbers(2, 4), np.ones(4))}
    net, x, t = Network(layers, SoftmaxWithLoss()), numbers(3, 3, 3), np.array([0, 1, 3])
    found, numerical = net.gradient(x, t), net.numerical_gradient(x, t)
    assert {name.partition(".")[0] for name in found} == {"one", "two", "end"}
    for name, gradient in numerical.items():
        np.testing.assert_allclose(found[name], gradient, rtol=0, atol=1e-9)  # differences with h = 1e-5
