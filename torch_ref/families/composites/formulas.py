"""The formulas of layers one after another, put together from those of the layers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from torch_ref.bounds import Ball
from torch_ref.oracles.many_digits import exactly
from torch_ref.pair import Pair

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Link:
    """One layer of a chain: its place, its pair, the chain's names of its parameters, {"W": "W1"}.

    And what else its formulas take: its options, and its buffers as they are before the pass.
    """

    place: str
    pair: Pair
    names: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def forward(self, x: Any, params: Params) -> Any:
        y = proven(self.pair.forward)(x, **self._known(x, params))
        return y[0] if isinstance(y, tuple) else y  # without the buffers as they are after it

    def backward(self, x: Ball, dout: Ball, params: Params) -> dict[str, Ball]:
        return proven(self.pair.backward)(x, dout, **self._known(x, params))

    def _known(self, x: Any, params: Params) -> dict[str, Any]:
        exact = x.format.exact if isinstance(x, Ball) else exactly
        options = {name: exact(one) if isinstance(one, np.ndarray) else one for name, one in self.options.items()}
        return {own: params[name] for own, name in self.names.items()} | options


@dataclass(frozen=True)
class Links:
    """Links in order."""

    links: Sequence[Link]

    @property
    def is_proven(self) -> bool:
        return all(link.pair.is_proven for link in self.links)

    def inputs(self, x: Any, params: Params) -> list[Any]:
        """What each link is given, and at the end what the last one gives."""
        found = [x]
        for link in self.links:
            found.append(link.forward(found[-1], params))
        return found

    def gradients(self, inputs: Sequence[Ball], dout: Ball, params: Params) -> dict[str, Ball]:
        """dx, and the gradients of the parameters; a layer that stands in two places adds them up.

        A pre-activation within its radius of 0 leaves a wide ball: it may be on either side.
        """
        found: dict[str, Ball] = {}
        for link, link_input in reversed(list(zip(self.links, inputs, strict=False))):
            gradients = link.backward(link_input, dout, params)
            dout = gradients.get("dx", dout)  # of indices there is none, and they come first
            for own, name in link.names.items():
                gradient = gradients[f"d{own}"]
                found[f"d{name}"] = found[f"d{name}"] + gradient if f"d{name}" in found else gradient
        return {"dx": dout, **{f"d{name}": found[f"d{name}"] for name in params}}


def sequential(links: Links, x: Any, params: Params) -> Any:
    return links.inputs(x, params)[-1]


def sequential_backward(links: Links, x: Ball, dout: Ball, params: Params) -> dict[str, Ball]:
    return links.gradients(links.inputs(x, params), dout, params)


def residual(links: Links, x: Any, params: Params) -> Any:
    """x + f(x)."""
    return x + links.inputs(x, params)[-1]


def residual_backward(links: Links, x: Ball, dout: Ball, params: Params) -> dict[str, Ball]:
    """dx = dout + that of f."""
    found = sequential_backward(links, x, dout, params)
    return {**found, "dx": dout + found["dx"]}


def proven(formula: Callable[..., Any] | None) -> Callable[..., Any]:
    if formula is None:
        raise ValueError("a chain of layers has proven bounds only if each of its layers has")
    return formula
