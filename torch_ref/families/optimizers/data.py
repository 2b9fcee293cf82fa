"""The data of a step: a parameter, its gradient and the state before, after none, one, two or a thousand steps."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.pair import Example, Refusal
from torch_ref.scenarios import SCENARIOS, Data, Scenario, normal, tiny, zeros

SQUARES = ("v", "h")  # of Adam, AdaGrad and RMSprop; what Momentum calls v has either sign
LR = 0.1
USUAL_STEP = 2  # steps have been taken before the ordinary one


def example_of(*state: str) -> Callable[[Callable[..., Any], Data], Example]:
    def example(cls: Callable[..., Any], data: Data) -> Example:
        p, g = data.weights(data.D, data.H), data.dout(data.D, data.H)
        t = data.setting("t", USUAL_STEP)
        inputs = {"p": p, "g": g} | {name: _entry(name, "m" in state or "h" in state, t, data) for name in state}
        return Example(cls(LR, **data.setting("options", {})), inputs)

    return example


def _entry(name: str, is_adaptive: bool, t: int, data: Data) -> Array:
    if name == "t":
        return np.array(t)
    drawn = data.x(data.D, data.H)
    if not t:
        return data.layout(np.zeros_like(drawn))
    return data.layout(drawn * drawn) if is_adaptive and name in SQUARES else drawn


# Sizes and layouts of batches mean nothing to a step.
OF_ANY = ("ordinary", "odd-batch", "narrow", "exact-zeros", "decades", "tiny", "integers", "small-gradients")
OF_ALL = (
    *(scenario for scenario in SCENARIOS if scenario.name in OF_ANY),
    Scenario("first-step", "there is no state yet", settings={"t": 0}),
    Scenario("second-step", "it has a state for the first time", settings={"t": 1}),
    Scenario("thousandth-step", "all that corrects for a beginning is over", settings={"t": 999}),
    Scenario("no-gradient", "what the state alone does", dout=zeros),
    Scenario("nothing-yet", "0 divided by eps", dout=zeros, settings={"t": 0}),
    Scenario("tiny-first", "squares that underflow, and no state", dout=tiny, settings={"t": 0}),
    Scenario("near-eps", "a root of the size of eps", dout=normal(1e-9), settings={"t": 0}),
)  # fmt: skip


def _with(**options: Any) -> Scenario:
    words = ", ".join(f"{name} {value}" for name, value in options.items())
    return Scenario(f"with-{'-'.join(options)}", words.replace("_", " "), settings={"options": options})


STEPS: Mapping[str, tuple[Scenario, ...]] = {
    "sgd": (*SCENARIOS, _with(weight_decay=0.2)),
    "momentum": (*OF_ALL, _with(nesterov=True), _with(momentum=0.3, weight_decay=0.2), _with(momentum=1.5)),
    "adagrad": (*OF_ALL, _with(eps=0.5)),
    "rmsprop": (*OF_ALL, _with(alpha=0.3), _with(eps=0.5)),
    "adam": (*OF_ALL, _with(betas=(0.3, 0.6)), _with(eps=0.5)),
    "adamw": (*OF_ALL, _with(betas=(0.3, 0.6)), _with(weight_decay=2.0)),
}


def of_gradient(what: str, change: Callable[[Any], Any], error: type[Exception]) -> Refusal:
    return Refusal(what, lambda e: e.layer.update({"p": e.inputs["p"]}, {"p": change(e.inputs["g"])}), error)


def of_state(what: str, state: Callable[[Example], Any], error: type[Exception]) -> Refusal:
    return Refusal(what, lambda e: setattr(e.layer, "state", state(e)), error)


def refusals_of(*state: str) -> tuple[Refusal, ...]:
    def with_arrays(change: Callable[[Array], Any]) -> Callable[[Example], Any]:
        return lambda e: {"p": {name: change(e.inputs[name]) if name != "t" else 3 for name in state}}

    found = (
        of_gradient("a gradient of another shape", lambda g: g[1:], ValueError),
        of_gradient("a gradient of another dtype", lambda g: g.astype(np.longdouble), TypeError),
        of_gradient("a gradient that is a list", lambda g: g.tolist(), TypeError),
        Refusal("gradients of other names", lambda e: e.layer.update({"p": e.inputs["p"]}, {}), ValueError),
        Refusal("a negative learning rate", lambda e: setattr(e.layer, "lr", -0.1), ValueError),
        of_state("a state that is no mapping", lambda _: [], TypeError),
        of_state("a state of other names", lambda e: {"p": {"momentum": e.inputs["g"]}}, ValueError),
    )
    if not state:
        return found
    return (
        *found,
        of_state("the state of another parameter", lambda e: {"q": e.layer.state["p"]}, ValueError),
        of_state("a state of another shape", with_arrays(lambda a: a[1:]), ValueError),
        of_state("a state of another dtype", with_arrays(lambda a: a.astype(np.longdouble)), TypeError),
        of_state("a state of lists", with_arrays(lambda a: a.tolist()), TypeError),
    )
