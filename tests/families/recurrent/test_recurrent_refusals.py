"""What recurrent layers refuse, in which words."""

from typing import Any

import numpy as np
import pytest

from numpy_impl import GRU, LSTM, RNN
from numpy_impl.layers.recurrent import Recurrent
from numpy_impl.validation import Array

LAYERS = [RNN, LSTM, GRU]


def made(cls: Any) -> Any:
    width = cls.gates * 2
    return cls(*(np.ones(shape) for shape in ((3, width), (2, width), (width,), (width,))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Wh": (2, 5)}, r"LSTM: Wh must be a matrix \(H, 4 H\), H not 0, got shape \(2, 5\)"),
        ({"Wh": (0, 0)}, r"LSTM: Wh must be a matrix \(H, 4 H\), H not 0, got shape \(0, 0\)"),
        ({"Wx": (3, 4)}, r"LSTM: Wx must be a matrix \(D, 8\), D not 0, got shape \(3, 4\)"),
        ({"Wx": (0, 8)}, r"LSTM: Wx must be a matrix \(D, 8\), D not 0, got shape \(0, 8\)"),
        ({"bh": (1,)}, r"LSTM: bh must have shape \(8,\), got \(1,\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused(change: Any, message: str) -> None:
    shapes = {"Wx": (3, 8), "Wh": (2, 8), "bx": (8,), "bh": (8,)} | change
    with pytest.raises(ValueError, match=message):
        LSTM(**{name: np.ones(shape) for name, shape in shapes.items()})


def test_the_width_of_one_gate_is_h() -> None:
    with pytest.raises(ValueError, match=r"RNN: Wh must be a matrix \(H, H\), H not 0, got shape \(2, 3\)"):
        RNN(np.ones((3, 3)), np.ones((2, 3)), np.ones(3), np.ones(3))


@pytest.mark.parametrize("cls", LAYERS)
def test_sequences_and_states_of_other_shapes_are_refused(cls: Any) -> None:
    layer, name = made(cls), cls.__name__
    for shape in ((3, 3), (4, 0, 3), (4, 3, 2)):
        with pytest.raises(ValueError, match=rf"{name}: x must have shape \(N, T, 3\), T not 0, got \({shape[0]}, "):
            layer.forward(np.ones(shape))
    y = layer.forward(np.ones((4, 3, 3)))
    with pytest.raises(ValueError, match=rf"{name}: h0 must have shape \(4, 2\), got \(1, 2\)"):
        layer.forward(np.ones((4, 3, 3)), np.ones((1, 2)))
    with pytest.raises(TypeError, match=f"{name}: dh must be float64, got float32"):
        layer.backward(y, np.ones((4, 2), np.float32))


def test_a_recurrent_layer_needs_its_way_back() -> None:
    class Forgetful(Recurrent):
        def _forward(self, x: Array, *_: Any) -> Any:
            return RNN._forward(self, x)  # type: ignore[arg-type]

    layer = made(Forgetful)
    with pytest.raises(NotImplementedError, match="Forgetful: a recurrent layer must have _back"):
        layer.backward(layer.forward(np.ones((2, 3, 3))))
