"""The bounds of the layers: the worst that the model allows lies within, whatever the inputs, and uses much of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from noisy import SOFTMAXES, Noise

from numpy_impl.validation import Array
from torch_ref import PAIRS, SCENARIOS, right
from torch_ref.bounds import Ball, Format, format_of, relu
from torch_ref.checks.battery import Subject
from torch_ref.checks.values import difference
from torch_ref.families.activations.formulas import relu_backward
from torch_ref.families.affine.formulas import affine, affine_backward
from torch_ref.families.losses import formulas
from torch_ref.results import scenarios_of
from torch_ref.scenarios import Scenario

F = format_of(np.dtype(np.float32))
SMALL = [scenario for scenario in SCENARIOS if scenario.is_small]
biases = st.sampled_from([0.0, 0.2, 0.5, 1.0])
seeds = st.integers(0, 2**32)

LOGITS: dict[str, Callable[[np.random.Generator], Array]] = {
    "ordinary": lambda rng: rng.standard_normal((4, 5)),
    "confident": lambda rng: 30 * rng.standard_normal((4, 5)),
    "huge": lambda rng: 1e4 * rng.choice([-1.0, 1.0], (4, 5)),
    "tied": lambda rng: np.full((4, 5), rng.standard_normal()),
    "offset": lambda rng: 1e4 + rng.standard_normal((4, 5)),
    "two classes": lambda rng: 8 * rng.standard_normal((4, 2)),
    "one class": lambda rng: rng.standard_normal((4, 1)),
    "many classes": lambda rng: rng.standard_normal((2, 300)),
    "steps": lambda rng: 20.0 * rng.permuted(np.tile(np.arange(5.0), (4, 1)), axis=1),
}
logits = st.sampled_from(list(LOGITS.values()))
radii = st.sampled_from([0.0, 1e-7, 1e-3, 1.0, 30.0])


def ball(z: Array, radius: float, rng: np.random.Generator) -> Ball:
    return Ball(z, radius * rng.uniform(0.1, 1, z.shape), F)


def worst(got: Array, bound: Ball) -> float:
    return float(np.max(abs(got - bound.centre) / bound.radius))


@settings(max_examples=300)
@given(logits, radii, seeds, biases)
def test_no_roundings_lead_out_of_log_softmax(draw: Any, radius: float, seed: int, bias: float) -> None:
    noise, rng = Noise(seed, bias), np.random.default_rng(seed)
    z = ball(draw(rng), radius, rng)
    assert worst(noise.log_softmax(noise.moved(z.centre, z.radius)), formulas.log_softmax(z)) <= 1


@pytest.mark.parametrize("name", SOFTMAXES)
@settings(max_examples=300)
@given(logits, radii, seeds, biases)
def test_no_roundings_lead_out_of_softmax(name: str, draw: Any, radius: float, seed: int, bias: float) -> None:
    noise, rng = Noise(seed, bias), np.random.default_rng(seed)
    z = ball(draw(rng), radius, rng)
    assert worst(SOFTMAXES[name](noise, noise.moved(z.centre, z.radius)), formulas.softmax(z)) <= 1


def losses(noise: Noise, z: Array, rows: Array) -> list[Array]:
    """Σ t log p, then divided by N, or multiplied by 1/N; also summed up by rows first."""
    n, terms = len(z), noise.rounded(rows * noise.log_softmax(z))
    flat, by_rows = noise.sum(terms.reshape(-1)), noise.sum(noise.sum(terms))
    return [-noise.rounded(flat / n), -noise.rounded(by_rows * noise.rounded(1 / n))]


def gradients(noise: Noise, p: Array, rows: Array, t: Array, dout: float) -> list[Array]:
    """p Σt − t, scaled before or after; and at the label of class indices −Σ_{j≠t} p_j."""
    n, dout = len(p), noise.rounded(dout)
    total = noise.sum(rows)[:, None] if t.ndim == 2 else np.ones((n, 1))
    weighted = noise.rounded(p * total)
    scale = noise.rounded(dout * noise.rounded(1 / n))
    after = noise.rounded(noise.rounded(weighted - rows) * scale)
    scaled_rows = noise.rounded(rows * scale) if t.ndim == 2 else rows * scale
    before = noise.rounded(noise.rounded(weighted * scale) - scaled_rows)
    torchs = noise.rounded(noise.rounded(p * (noise.sum(scaled_rows)[:, None] if t.ndim == 2 else scale)) - scaled_rows)
    found = [after, before, torchs]
    if t.ndim == 1:
        label, others = rows == 1, np.where(rows == 1, 0, p)
        found.append(noise.rounded(np.where(label, -noise.sum(others)[:, None], p) * scale))
    return found


@settings(max_examples=300)
@given(logits, radii, seeds, biases, st.booleans())
def test_no_roundings_lead_out_of_the_loss(draw: Any, radius: float, seed: int, bias: float, indices: bool) -> None:
    noise, rng = Noise(seed, bias), np.random.default_rng(seed)
    z = ball(draw(rng), radius, rng)
    n, classes = z.shape
    t = rng.integers(0, classes, n) if indices else rng.uniform(0, 2, (n, classes)).astype(np.float32)
    rows = np.eye(classes)[t] if indices else t.astype(float)
    moved, bound = noise.moved(z.centre, z.radius), formulas.softmax_with_loss(z, t)
    for loss in losses(noise, moved, rows):
        assert abs(loss - bound.centre) <= bound.radius
    bound = formulas.softmax_with_loss_backward(z, t, 1.7)["dx"]
    for softmax in SOFTMAXES.values():
        for dx in gradients(noise, softmax(noise, moved), rows, t, 1.7):
            assert (abs(dx - bound.centre) <= bound.radius).all()


@pytest.mark.parametrize("name", ["ordinary", "confident", "offset", "many classes"])
def test_the_bounds_of_softmax_are_not_idle(name: str) -> None:
    """The worst roundings use a good part of them: a bound ten times as wide would catch less, and would fail here."""
    used: dict[str, float] = {"log_softmax": 0, "softmax": 0, "dx": 0}
    for seed in range(200):
        noise, rng = Noise(seed, [0.0, 0.5, 1.0][seed % 3]), np.random.default_rng(seed)
        z = F.exact(LOGITS[name](rng))
        t = rng.integers(0, z.shape[1], len(z.centre))
        p = noise.softmax(z.centre)
        dx = gradients(noise, p, np.eye(z.shape[1])[t], t, 1.0)[1]
        used["log_softmax"] = max(used["log_softmax"], worst(noise.log_softmax(z.centre), formulas.log_softmax(z)))
        used["softmax"] = max(used["softmax"], worst(p, formulas.softmax(z)))
        used["dx"] = max(used["dx"], worst(dx, formulas.softmax_with_loss_backward(z, t, 1.0)["dx"]))
    assert min(used.values()) > 0.1, used


@given(seeds, biases, st.sampled_from([0.0, 1e-7, 0.1]))
def test_no_roundings_lead_out_of_affine(seed: int, bias: float, radius: float) -> None:
    noise, rng = Noise(seed, bias), np.random.default_rng(seed)
    x, W, b, dout = (ball(rng.standard_normal(shape), radius, rng) for shape in ((4, 6), (6, 3), (3,), (4, 3)))
    mx, mW, mb, md = (noise.moved(operand.centre, operand.radius) for operand in (x, W, b, dout))
    bound = {"y": affine(x, W=W, b=b)} | affine_backward(x, dout, W=W, b=b)
    bias_last = noise.rounded(noise.matmul(mx, mW) + mb)
    terms = noise.rounded(mx[:, None, :] * mW.T)
    bias_between = noise.sum(np.concatenate([terms, np.broadcast_to(mb, (4, 3))[..., None]], axis=-1))
    for name, got in (
        ("y", bias_last),
        ("y", bias_between),
        ("dx", noise.matmul(md, mW.T)),
        ("dW", noise.matmul(mx.T, md)),
        ("db", noise.sum(md.T)),
    ):
        assert (abs(got - bound[name].centre) <= bound[name].radius).all(), name


@given(arrays(np.float64, 8, elements=st.floats(-2, 2)), st.sampled_from([0.0, 1e-3, 0.5]), seeds, biases)
def test_relu_of_any_value_of_the_ball_is_within(v: Array, radius: float, seed: int, bias: float) -> None:
    noise, rng = Noise(seed, bias), np.random.default_rng(seed)
    x, dout = ball(v, radius, rng), ball(rng.standard_normal(8), radius, rng)
    moved, upstream = noise.moved(x.centre, x.radius), noise.moved(dout.centre, dout.radius)
    y, dx = relu(x), relu_backward(x, dout)["dx"]
    assert (abs(np.maximum(moved, 0) - y.centre) <= y.radius).all()
    assert (abs(np.where(moved > 0, upstream, 0) - dx.centre) <= dx.radius).all()


def test_relu_leaves_no_room_where_the_sign_is_certain() -> None:
    x = Ball(np.array([1.0, -1.0, 0.0, 0.1, -0.1, 0.1]), np.array([0.5, 0.5, 0.0, 0.1, 0.2, 0.0]), F)
    dout = F.exact(np.array([3.0, 3.0, 3.0, 3.0, 3.0, 3.0]))
    dx = relu_backward(x, dout)["dx"]
    np.testing.assert_array_equal(dx.centre, [3, 0, 0, 1.5, 1.5, 3], strict=True)
    np.testing.assert_allclose(dx.radius, [0, 0, 0, 1.5, 1.5, 0], rtol=1e-8)
    np.testing.assert_allclose(relu(x).radius, [0.5, 0, 0, 0.1, 0.2, 0], rtol=1e-8)


def test_probabilities_never_leave_0_to_1() -> None:
    p = formulas.softmax(Ball(np.zeros((1, 3)), np.full((1, 3), 100.0), F))
    assert (p.radius <= 1 + 22 * 2.0**-24).all()  # 2 LIBM + 3 + 2, and the rounding of the radius


@pytest.mark.parametrize("name", SOFTMAXES)
def test_the_whole_of_0_to_1_is_within_where_nothing_is_known_of_the_logits(name: str) -> None:
    """exp(0) may be 1 − LIBM u, and the exponential of a logarithm then 1 + 2 LIBM u: found by hypothesis."""
    for seed in range(100):
        noise, rng = Noise(seed, 0.2), np.random.default_rng(seed)
        z = ball(LOGITS["steps"](rng), 30.0, rng)
        assert worst(SOFTMAXES[name](noise, noise.moved(z.centre, z.radius)), formulas.softmax(z)) <= 1


@pytest.mark.parametrize("wide", [np.longdouble, np.float64], ids=["longdouble", "longdouble is double"])
@pytest.mark.parametrize("scenario", SMALL, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_centres_lie_within_their_radius_of_the_truth(
    pair: Any, scenario: Scenario, wide: Any, monkeypatch: Any
) -> None:
    if scenario not in scenarios_of(pair):
        return
    monkeypatch.setattr("torch_ref.right.format_of", lambda dtype: Format(dtype, wide))
    subject = Subject(pair, np.float64)
    truth = subject.exact(scenario)
    for name, bound in right.bounds(pair, subject.example(scenario)).items():
        high = bound.centre.astype(float)  # a longdouble is a float64 and the float64 that is left
        gap = difference(high, truth[name]) + (bound.centre - high).astype(float)
        assert (abs(gap) <= bound.radius).all(), name
