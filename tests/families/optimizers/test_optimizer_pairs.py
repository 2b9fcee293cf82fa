"""Optimizers beside torch.optim: in each of its implementations, over a thousand steps, and whose state it is."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from numpy_impl import SGD, AdaGrad, Adam, AdamW, Momentum, RMSprop, complex_step_gradient
from numpy_impl.validation import Array
from torch_ref import PAIRS, twin
from torch_ref.checks.battery import checks_of
from torch_ref.checks.check_error import CheckError
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.finding import finding
from torch_ref.families.slips import slips
from torch_ref.pair import Kind
from torch_ref.results import torch_results

NAMES = [name for name, pair in PAIRS.items() if pair.kind is Kind.OPTIMIZER]
HOWS: tuple[dict[str, bool], ...] = ({"foreach": False}, {"foreach": True}, {"fused": True})
OPTIMIZERS = (
    SGD(0.05, weight_decay=0.1),
    Momentum(0.01, weight_decay=0.1),
    Momentum(0.01, nesterov=True),
    AdaGrad(0.1),
    RMSprop(0.001),
    Adam(0.01),
    AdamW(0.01, weight_decay=0.1),
)


def called(optimizer: Any) -> str:
    return f"{type(optimizer).__name__}{'-nesterov' if getattr(optimizer, 'nesterov', False) else ''}"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "how"),
    [
        (name, how) for name in NAMES for how in HOWS if (name, how) != ("rmsprop", {"fused": True})
    ],  # which is not there
)
def test_each_of_pytorchs_implementations_keeps_the_bounds(name: str, how: dict[str, bool], dtype: Any) -> None:
    pair = PAIRS[name]

    def module(layer: Any) -> Any:
        def make(parameters: Any) -> Any:
            made = pair.module(layer)(parameters)
            settings = {k: v for k, v in made.param_groups[0].items() if k not in ("params", "foreach", "fused")}
            of_its_own = settings.keys() & type(made).__init__.__code__.co_varnames
            return type(made)(parameters, **{k: settings[k] for k in of_its_own}, **how)

        return make

    changed = replace(pair, module=module)
    subject = Subject(pair, dtype)
    for scenario in subject.scenarios:
        for tensor, got in torch_results(changed, subject.example(scenario)).items():
            assert finding(got, subject.bounds(scenario)[tensor], tensor).ok, (scenario.name, tensor)


def of_noisy_batches() -> Any:
    """∂/∂w of the mean of log(1 + exp(−y x·w)) + 0.01 ‖w‖² over batches of 4, as a function of w and of the step."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((1000, 4, 6)), rng.choice([-1.0, 1.0], (1000, 4))

    def gradient(w: Array, step: int) -> Array:
        x_now, y_now = x[step], y[step]
        return -(x_now.T * y_now) @ (1 / (1 + np.exp(y_now * (x_now @ w)))) / 4 + 0.02 * w

    return gradient


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=called)
def test_a_thousand_steps_lie_beside_those_of_pytorch(optimizer: Any) -> None:
    """A gradient and a step have some 20 roundings of numbers up to 3, so that a step adds 20 · 3 u at most.

    The loss is convex and the steps are short, so that no step carries a difference further apart by much: the noise of
    the batches keeps √h and √v, by which it is divided, of the size of the gradients. 1000 · 20 · 3 u = 7e-12.
    """
    gradient, start = of_noisy_batches(), np.linspace(-2, 2, 6)
    ours, theirs = {"w": start.copy()}, torch.nn.Parameter(torch.tensor(start))
    stepper = twin(optimizer)([theirs])
    for step in range(1000):
        optimizer.update(ours, {"w": gradient(ours["w"], step)})
        theirs.grad = torch.tensor(gradient(theirs.detach().numpy(), step))
        stepper.step()
    assert abs(ours["w"] - start).max() > 0.5
    assert abs(ours["w"] - theirs.detach().numpy()).max() < 7e-12


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam", "adamw"])
def test_the_step_is_differentiable_by_the_complex_step(name: str) -> None:
    """∂ Σ p after / ∂ g, of the formula in complex numbers, beside autograd of PyTorch's differentiable step."""
    pair = PAIRS[name]
    example = Subject(pair, np.float64).example(pair.ordinary)
    p, g = example.inputs["p"], example.inputs["g"]
    state = {n: v if n == "t" else v.astype(complex) for n, v in example.inputs.items() if n not in ("p", "g")}

    def after(g: Array) -> Any:
        params = {"p": p.astype(complex)}
        example.layer.state = {}
        example.layer.state = {"p": state}
        example.layer.update(params, {"p": g})
        return params["p"].sum()

    def of_torch(g: Array) -> Any:
        changed = example._replace(inputs={**example.inputs, "g": g})
        return torch_results(pair, changed)["p"].sum()

    got = complex_step_gradient(after, g.astype(complex))
    h = 1e-6
    for i in np.ndindex(g.shape):
        near = [g.copy(), g.copy()]
        near[0][i] += h
        near[1][i] -= h
        # A central difference: h² f‴ / 6 of a few units, and 15 u / h.
        assert got[i] == pytest.approx((of_torch(near[0]) - of_torch(near[1])) / (2 * h), abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_two_parameters_of_one_shape_are_stepped_each_by_its_own_state(name: str) -> None:
    """Beside PyTorch's, which keeps a state for each parameter: in float64 three steps of ten roundings."""
    rng = np.random.default_rng(3)
    optimizer = Subject(PAIRS[name], np.float64).example(PAIRS[name].ordinary).layer
    ours = {key: rng.standard_normal((3, 2)) for key in "ab"}
    theirs = {key: torch.nn.Parameter(torch.tensor(p)) for key, p in ours.items()}
    stepper = twin(optimizer)(list(theirs.values()))
    for step in range(3):
        grads = {key: rng.standard_normal((3, 2)) * (1 if key == "a" else 1e-3) for key in "ab"}
        optimizer.update(ours, grads)
        for key, g in grads.items():
            theirs[key].grad = torch.tensor(g)
        stepper.step()
        for key, p in ours.items():
            assert abs(p - theirs[key].detach().numpy()).max() < 30 * (step + 1) * 2.0**-53 * 4


@pytest.mark.parametrize(
    ("slip", "says"),
    [
        ("StateByShape", "one of all parameters of its shape"),
        ("StateOfTheClass", "one of all optimizers of the class"),
        ("OneCount", "one that appears later must begin anew"),
        ("HandsOutItsState", "the state handed out is the optimizer's own"),
        ("KeepsTheCallersArrays", "the state put in place is the caller's own"),
        ("MomentumKept", "a second step is no step from the state"),
    ],
)
def test_whose_state_it_is_is_checked(slip: str, says: str) -> None:
    (found,) = (one for one in slips() if one.name == slip)
    with pytest.raises(CheckError, match=says):
        checks_of(PAIRS[found.pair])["optimizer_state"](Subject(PAIRS[found.pair], np.float64, found.layer))


def test_a_state_that_does_not_go_on_is_found() -> None:
    class Forgets(Adam):
        """t is lost on the way."""

        @property
        def state(self) -> Any:
            return super().state

        @state.setter
        def state(self, state: Any) -> None:
            Adam.state.fset(self, {key: {**kept, "t": 0} for key, kept in state.items()})  # type: ignore[attr-defined]

    class ForgetsWhatIsSaved(Adam):
        @property
        def state(self) -> Any:
            found = super().state
            return {key: {**kept, "m": 0 * kept["m"]} for key, kept in found.items()} if len(found) > 1 else found

        @state.setter
        def state(self, state: Any) -> None:
            Adam.state.fset(self, state)  # type: ignore[attr-defined]

    check = checks_of(PAIRS["adam"])["optimizer_state"]
    with pytest.raises(CheckError, match="a state that is put back goes on otherwise"):
        check(Subject(PAIRS["adam"], np.float64, ForgetsWhatIsSaved))
    with pytest.raises(CheckError, match="a second step is no step from the state"):
        check(Subject(PAIRS["adam"], np.float64, Forgets))
