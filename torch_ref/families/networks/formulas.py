"""The formulas of a chain of layers and a loss, put together from those of the layers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch_ref.bounds import Ball
from torch_ref.pair import Pair

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Link:
    """One layer of a chain: its place, its pair, the network's names of its parameters, {"W": "W1"}, its options."""

    place: str
    pair: Pair
    names: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def forward(self, x: Any, params: Params) -> Any:
        return _proven(self.pair.forward)(x, **self._known(params))

    def backward(self, x: Ball, dout: Ball, params: Params) -> dict[str, Ball]:
        return _proven(self.pair.backward)(x, dout, **self._known(params))

    def _known(self, params: Params) -> dict[str, Any]:
        return {own: params[name] for own, name in self.names.items()} | dict(self.options)


@dataclass(frozen=True)
class Chain:
    """Links in order, and the pair of the loss at the end."""

    links: Sequence[Link]
    last: Pair

    def inputs(self, x: Any, params: Params) -> list[Any]:
        """What each link is given, and at the end the logits."""
        found = [x]
        for link in self.links:
            found.append(link.forward(found[-1], params))
        return found

    def back(self, inputs: Sequence[Ball], dout: Ball, params: Params) -> dict[str, Ball]:
        """The gradients of the parameters from that of the logits; a layer that stands in two places adds them up.

        A pre-activation within its radius of 0 leaves a wide ball: it may be on either side.
        """
        found: dict[str, Ball] = {}
        for link, link_input in reversed(list(zip(self.links, inputs, strict=False))):
            gradients = link.backward(link_input, dout, params)
            dout = gradients["dx"]
            for own, name in link.names.items():
                gradient = gradients[f"d{own}"]
                found[f"d{name}"] = found[f"d{name}"] + gradient if f"d{name}" in found else gradient
        return {f"d{name}": found[f"d{name}"] for name in params}

    def start(self, logits: Ball, t: Any, dout: Any = 1) -> Ball:
        """The gradient of the logits."""
        return _proven(self.last.backward)(logits, t, dout)["dx"]

    def forward(self, x: Any, t: Any, **params: Any) -> Any:
        return _proven(self.last.forward)(self.inputs(x, params)[-1], t)

    def backward(self, x: Ball, t: Any, **params: Ball) -> dict[str, Ball]:
        inputs = self.inputs(x, params)
        return self.back(inputs, self.start(inputs[-1], t), params)


def _proven(formula: Callable[..., Any] | None) -> Callable[..., Any]:
    if formula is None:
        raise ValueError("a network has proven bounds only if each of its layers has")
    return formula
