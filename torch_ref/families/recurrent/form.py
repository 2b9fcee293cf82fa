"""The form in which a layer takes its data and keeps its weights, and the formulas in that form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch_ref.bounds import Ball
from torch_ref.families.recurrent import formulas
from torch_ref.families.recurrent.formulas import AS_IT_IS, Cell, Links, Upstream, Weights

OURS = {"Wx": "Wx", "Wh": "Wh", "bx": "bx", "bh": "bh"}


class Given:
    """All that a pass is given, in the form of the formulas."""

    def __init__(self, x: Any, states: Sequence[Any], upstream: Upstream, weights: Weights) -> None:
        self.x, self.states, self.upstream, self.weights = x, states, upstream, weights


@dataclass(frozen=True)
class Form:
    """`states` are the names of the first ones, "h0" and "c0", where they are inputs; `returns` says whether the last
    ones are outputs.
    """

    cell: Cell
    states: Sequence[str] = ()
    returns: bool = False

    biases: Sequence[str] = ("bx", "bh")

    @property
    def of_inputs(self) -> Sequence[str]:
        """The names of the gradients of the inputs."""
        return ("dx", *(f"d{name}" for name in self.states))

    def forward(self, *inputs: Any, **params: Any) -> Any:
        found = formulas.forward(self.cell, inputs[0], inputs[1:], self.weights(params))
        return found if self.returns else found[0]

    def backward(self, *given: Ball, **params: Ball) -> dict[str, Ball]:
        count = 1 + len(self.states)
        return self.gradients(self.given(given[:count], given[count:], params))

    def given(self, inputs: Sequence[Ball], upstream: Sequence[Ball], params: Mapping[str, Ball]) -> Given:
        x, *states = inputs
        return Given(x, states, Upstream(*upstream), self.weights(params))

    def weights(self, params: Mapping[str, Any]) -> Weights:
        return Weights(**params)

    def gradients(self, given: Given, cell: Cell | None = None, links: Links = AS_IT_IS) -> dict[str, Ball]:
        """By the layer's names; of another cell or other links, those of a slip."""
        found = formulas.backward(cell or self.cell, given.x, given.states, given.upstream, given.weights, links)
        return self.named(found)

    def named(self, found: Mapping[str, Ball]) -> dict[str, Ball]:
        """The gradients in the layer's form, under its names."""
        own = {"dx": "dx", **{f"d{one}0": f"d{name}" for one, name in zip("hc", self.states, strict=False)}}
        weights = {f"d{name}": found[f"d{name}"] for name in OURS}
        return {name: found[key] for key, name in own.items()} | weights
