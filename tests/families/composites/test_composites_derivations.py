"""Each formula of composites.md, by its name."""

import numpy as np

from numpy_impl import Affine, Residual, Sequential, Tanh
from numpy_impl.validation import Array

RNG = np.random.default_rng(0)
X, DOUT = RNG.standard_normal((6, 4)), RNG.standard_normal((6, 4))


def affine(inputs: int, outputs: int) -> Affine:
    return Affine(RNG.standard_normal((inputs, outputs)) / 2, RNG.standard_normal(outputs))


def by_hand(x: Array, dout: Array, *layers: Affine | Tanh) -> tuple[Array, Array]:
    """y and dx, layer by layer."""
    for layer in layers:
        x = layer.forward(x)
    for layer in reversed(layers):
        dout = layer.backward(dout)
    return x, dout


def test_a_chain_is_its_layers_one_after_another() -> None:
    layers = affine(4, 5), Tanh(), affine(5, 4)
    block = Sequential(*layers)
    y, dx = block.forward(X), block.backward(DOUT)
    kept = {name: getattr(block, f"d{name}") for name in block.params}
    expected, dx_expected = by_hand(X, DOUT, *layers)
    np.testing.assert_array_equal(y, expected, strict=True)
    np.testing.assert_array_equal(dx, dx_expected, strict=True)
    for name, (layer, own) in {"Affine1.W": (layers[0], "dW"), "Affine2.b": (layers[2], "db")}.items():
        np.testing.assert_array_equal(kept[name], getattr(layer, own), strict=True)


def test_a_layer_in_two_places_of_a_chain_adds_its_gradients_up() -> None:
    shared = affine(4, 4)
    copies = [Affine(shared.W.copy(), shared.b.copy()) for _ in range(2)]
    twice, apart = Sequential(shared, Tanh(), shared), Sequential(copies[0], Tanh(), copies[1])
    for block in (twice, apart):
        block.forward(X)
    np.testing.assert_array_equal(twice.backward(DOUT), apart.backward(DOUT), strict=True)
    assert list(twice.params) == ["Affine1.W", "Affine1.b"]
    np.testing.assert_array_equal(shared.dW, copies[1].dW + copies[0].dW, strict=True)
    np.testing.assert_array_equal(shared.db, copies[1].db + copies[0].db, strict=True)


def test_the_gradient_of_a_sum_is_dout_and_that_of_f() -> None:
    layers = affine(4, 3), Tanh(), affine(3, 4)
    block, f = Residual(*layers), Sequential(*layers)
    y, dx = block.forward(X), block.backward(DOUT)
    dW = layers[0].dW
    np.testing.assert_array_equal(y, X + f.forward(X), strict=True)
    np.testing.assert_array_equal(dx, DOUT + f.backward(DOUT), strict=True)
    np.testing.assert_array_equal(dW, layers[0].dW, strict=True)


def test_dout_reaches_x_through_any_number_of_residual_blocks() -> None:
    def through(kind: type[Residual] | type[Sequential]) -> Array:
        blocks = [kind(Affine(np.full((4, 4), 1e-3), np.zeros(4)), Tanh()) for _ in range(30)]
        deep = Sequential(*blocks)
        deep.forward(X)
        return deep.backward(DOUT)

    assert abs(through(Sequential)).max() < 1e-60
    # 30 terms of at most 4e-3 times the sum of a row, and what they come to together.
    assert abs(through(Residual) - DOUT).max() < 0.15 * abs(DOUT).sum(axis=1).max()
