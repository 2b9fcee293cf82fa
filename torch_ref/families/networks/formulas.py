"""The formulas of a chain of layers and a loss, put together from those of the layers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch_ref.bounds import Ball
from torch_ref.families.composites.formulas import Links, Params, proven
from torch_ref.pair import Pair


@dataclass(frozen=True)
class Chain(Links):
    """Links in order, and the pair of the loss at the end, with its options."""

    last: Pair
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_proven(self) -> bool:
        return super().is_proven and self.last.is_proven

    def back(self, inputs: Sequence[Ball], dout: Ball, params: Params) -> dict[str, Ball]:
        """The gradients of the parameters from that of the logits."""
        found = self.gradients(inputs, dout, params)
        del found["dx"]  # x is data
        return found

    def start(self, logits: Ball, t: Any, dout: Any = 1) -> Ball:
        """The gradient of the logits."""
        return proven(self.last.backward)(logits, t, dout, **self.options)["dx"]

    def forward(self, x: Any, t: Any, **params: Any) -> Any:
        return proven(self.last.forward)(self.inputs(x, params)[-1], t, **self.options)

    def backward(self, x: Ball, t: Any, **params: Ball) -> dict[str, Ball]:
        inputs = self.inputs(x, params)
        return self.back(inputs, self.start(inputs[-1], t), params)
