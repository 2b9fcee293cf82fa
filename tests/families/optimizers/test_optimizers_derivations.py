"""Each statement of numpy_impl/optimizers/optimizers.md, by its name. u is the unit roundoff of float64."""

from typing import Any

import numpy as np
import pytest
import torch

from numpy_impl import SGD, AdaGrad, Adam, AdamW, Momentum, RMSprop, he_normal, numerical_gradient, xavier_normal
from numpy_impl.validation import Array

U = 2.0**-53
GRADIENTS = (2.0, -1.0, 0.5, 4.0)


def steps_of(optimizer: Any, gradients: Any, p: float = 1.0) -> list[float]:
    """What each step subtracts from p."""
    params, found = {"p": np.array([p])}, []
    for g in gradients:
        before = params["p"][0]
        optimizer.update(params, {"p": np.array([g], float)})
        found.append(float(before - params["p"][0]))
    return found


def test_a_short_step_down_the_gradient_lowers_the_loss_by_lr_times_its_square() -> None:
    def loss(w: Array) -> Any:
        return (np.sin(w) * [1.0, 2.0, -3.0]).sum()

    w, lr = np.array([0.3, -1.0, 2.0]), 1e-6
    g = numerical_gradient(loss, w)
    after = {"w": w.copy()}
    SGD(lr).update(after, {"w": g})
    # The next term is lr² gᵀ H g / 2, of which H is 3 or less.
    assert loss(w) - loss(after["w"]) == pytest.approx(lr * (g**2).sum(), rel=2 * lr * 3 + 100 * U / lr)


def test_weight_decay_is_the_gradient_of_half_lambda_p_squared() -> None:
    p, decay = np.array([1.5, -2.0]), 0.25
    g = numerical_gradient(lambda p: decay / 2 * (p**2).sum(), p)
    one, other = {"p": p.copy()}, {"p": p.copy()}
    SGD(0.5, weight_decay=decay).update(one, {"p": np.zeros(2)})
    SGD(0.5).update(other, {"p": g})
    np.testing.assert_allclose(one["p"], other["p"], rtol=1e-9)  # what a central difference loses


def test_momentum_sums_past_gradients_with_powers_of_mu() -> None:
    steps = steps_of(Momentum(1.0, 0.5), GRADIENTS)
    assert steps == [sum(0.5 ** (t - i) * g for i, g in enumerate(GRADIENTS[: t + 1])) for t in range(4)]


def test_a_constant_gradient_is_sped_up_by_1_over_1_minus_mu() -> None:
    assert steps_of(Momentum(1.0, 0.75), [1.0] * 200)[-1] == pytest.approx(1 / (1 - 0.75), rel=1e-12)
    assert steps_of(SGD(1.0), [1.0] * 200)[-1] == 1


def test_nesterov_counts_the_gradient_once_more() -> None:
    plain = steps_of(Momentum(1.0, 0.5), GRADIENTS)
    nesterov = steps_of(Momentum(1.0, 0.5, nesterov=True), GRADIENTS)
    assert nesterov == [g + 0.5 * v for g, v in zip(GRADIENTS, plain, strict=True)]


def test_the_books_momentum_is_the_same_as_long_as_lr_stays() -> None:
    """The book: v ← μ v − lr g, p ← p + v."""

    def of_the_book(rates: list[float]) -> list[float]:
        v, found = 0.0, []
        for lr, g in zip(rates, GRADIENTS, strict=True):
            v = 0.5 * v - lr * g
            found.append(-v)
        return found

    def ours(rates: list[float]) -> list[float]:
        optimizer, params, found = Momentum(1.0, 0.5), {"p": np.array([1.0])}, []
        for lr, g in zip(rates, GRADIENTS, strict=True):
            optimizer.lr, before = lr, params["p"][0]
            optimizer.update(params, {"p": np.array([g])})
            found.append(float(before - params["p"][0]))
        return found

    assert ours([0.25] * 4) == of_the_book([0.25] * 4)
    assert ours([0.25, 0.5, 0.5, 0.5]) != of_the_book([0.25, 0.5, 0.5, 0.5])


def test_adagrads_steps_fall_as_1_over_root_t_under_a_constant_gradient() -> None:
    steps = steps_of(AdaGrad(1.0), [3.0] * 100)
    np.testing.assert_allclose(steps, 1 / np.sqrt(np.arange(1, 101)), rtol=1e-9)  # eps is 1e-10


def test_rmsprop_forgets_and_comes_to_steps_of_lr() -> None:
    steps = steps_of(RMSprop(1.0, alpha=0.9), [3.0] * 300)
    assert steps[0] == pytest.approx(1 / np.sqrt(1 - 0.9), rel=1e-7)  # h = (1 − α) g²
    assert steps[-1] == pytest.approx(1, rel=1e-7)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_steps_by_a_root_do_not_depend_on_the_scale_of_the_loss(scale: float) -> None:
    for make in (lambda: AdaGrad(1.0, eps=0), lambda: RMSprop(1.0, eps=0), lambda: Adam(1.0, eps=0)):
        of_one = steps_of(make(), GRADIENTS)
        np.testing.assert_allclose(steps_of(make(), [scale * g for g in GRADIENTS]), of_one, rtol=1e-12)


def test_the_corrected_mean_of_a_constant_gradient_is_that_gradient_from_the_first_step() -> None:
    """1 − βᵗ is the sum of the weights (1 − β) βⁱ, i < t."""
    beta, t, m = 0.9, 0, 0.0
    for _ in range(5):
        t, m = t + 1, beta * m + (1 - beta) * 7.0
        assert m / (1 - beta**t) == pytest.approx(7, rel=1e-14)
    assert sum((1 - beta) * beta**i for i in range(t)) == pytest.approx(1 - beta**t, rel=1e-14)
    np.testing.assert_allclose(steps_of(Adam(1.0, eps=0), [7.0] * 5), 1, rtol=1e-12)


def test_without_the_correction_the_first_step_would_be_three_times_too_long() -> None:
    m, v = 1 - 0.9, 1 - 0.999  # of a gradient of 1
    assert m / np.sqrt(v) == pytest.approx(3.16, abs=0.01)
    assert steps_of(Adam(1.0), [1.0]) == pytest.approx([1.0], rel=1e-7)


@pytest.mark.parametrize(
    ("make", "first"),
    [
        (lambda: AdaGrad(1.0), 1e-9 / (1e-9 + 1e-10)),
        (lambda: RMSprop(1.0), 1e-9 / (1e-10 + 1e-8)),  # √h = √0.01 · 1e-9
        (lambda: Adam(1.0), 1e-9 / (1e-9 + 1e-8)),
    ],
)
def test_eps_stands_outside_the_root(make: Any, first: float) -> None:
    assert steps_of(make(), [1e-9]) == pytest.approx([first], rel=1e-6)
    assert first > 10 * 1e-9 / np.sqrt(1e-18 + 1e-8) or first > 5 * 1e-9 / np.sqrt(1e-10)  # what inside would give


def test_a_gradient_of_0_is_no_step() -> None:
    for make in (AdaGrad, RMSprop, Adam):
        assert steps_of(make(1.0), [0.0, 0.0]) == [0.0, 0.0]


def test_decoupled_decay_shrinks_all_weights_alike_and_l2_in_adam_does_not() -> None:
    small, large = 1e-3, 1e3  # the gradients of two weights of the same size

    def decay(make: Any) -> list[float]:
        """What a weight decay of 0.1 takes from each, in the second step, when v knows the gradients."""
        found = []
        for g in (small, large):
            by = [steps_of(make(rate), [g, g])[1] for rate in (0.0, 0.1)]
            found.append(by[1] - by[0])
        return found

    def with_l2(rate: float) -> Any:
        adam = Adam(0.01)
        update = adam.update
        adam.update = lambda params, grads: update(params, {"p": grads["p"] + rate * params["p"]})  # type: ignore[method-assign]
        return adam

    decoupled, l2 = decay(lambda rate: AdamW(0.01, weight_decay=rate)), decay(with_l2)
    assert decoupled[0] == pytest.approx(decoupled[1], rel=0.02)
    assert abs(l2[1]) < 1e-3 * decoupled[1]  # divided by √v = 1000, and gone


def test_the_variance_of_he_weights_stays_through_layers_of_relu() -> None:
    """The mean square of 1000 units fluctuates by √(5/1000), 7 %; after ten layers by a quarter, of which 4 are 1."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 1000)) * np.sqrt(2)  # as before a ReLU
    for _ in range(10):
        x = np.maximum(x, 0) @ he_normal((1000, 1000), rng, np.float64)
    assert 0.3 < (x**2).mean() / 2 < 3
    for _ in range(10):
        x = np.maximum(x, 0) @ xavier_normal((1000, 1000), rng, np.float64)
    assert (x**2).mean() / 2 < 3 / 2**10  # which would fade: half of it in each layer


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Momentum(0.1, 0.8, weight_decay=0.1), lambda p: torch.optim.SGD(p, 0.1, 0.8, weight_decay=0.1)),
        (AdaGrad(0.1), lambda p: torch.optim.Adagrad(p, 0.1)),
        (RMSprop(0.1), lambda p: torch.optim.RMSprop(p, 0.1)),
        (Adam(), torch.optim.Adam),
        (AdamW(), torch.optim.AdamW),
    ],
    ids=lambda one: type(one).__name__,
)
def test_the_defaults_are_those_of_pytorch(ours: Any, theirs: Any) -> None:
    parameter = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    stepper, p = theirs([parameter]), {"p": np.array([1.0])}
    for g in GRADIENTS:
        ours.update(p, {"p": np.array([g])})
        parameter.grad = torch.tensor([g], dtype=torch.float64)
        stepper.step()
    assert p["p"][0] == pytest.approx(parameter.item(), rel=4 * 15 * U)
