"""Recurrent modules in the form in which people write them: states are inputs beside x, and gates in any order."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from torch_ref.your_layer.shapes import Shape

LENGTH = 4  # of a sequence
GATES = {"LSTM": "ifgo", "GRU": "rzn"}  # in PyTorch's order


class Recurrent(nn.Module):
    """PyTorch's cell, once or along a sequence, with weights of its own; states that it is not given are 0.

    (x, h) -> h of an RNN or a GRU, (x, h, c) -> (h, c) of an LSTM; (x, h, c) -> y of a sequence. The gates lie in
    `order`: its i-th number is PyTorch's place of the gate that comes i-th here. With one bias the other one is 0.
    """

    def __init__(self, module: Any, states: Sequence[str] = ("h",), biases: int = 2, order: Sequence[int] = ()) -> None:
        super().__init__()
        kind = type(module).__name__.removesuffix("Cell")
        self.is_sequence = isinstance(module, nn.RNNBase)
        self.has_relu = getattr(module, "nonlinearity", "") == "relu"
        self.has_c = kind == "LSTM"
        self.batch_first = getattr(module, "batch_first", True)
        self.gates = GATES.get(kind, "h")
        self.order = tuple(order) or tuple(range(len(self.gates)))
        self.cell: Callable[..., Any] = getattr(torch, _name_of_cell(kind, module))
        self.takes: dict[str, Shape] = {"x": self._x(), **dict.fromkeys(states, ("N", "H"))}
        width, size = len(self.gates) * module.hidden_size, module.input_size
        self.weight_ih = nn.Parameter(torch.randn(width, size))
        self.weight_hh = nn.Parameter(torch.randn(width, module.hidden_size))
        for name in (("bias_ih", "bias_hh") if biases == 2 else ("bias",)) if module.bias else ():
            self.register_parameter(name, nn.Parameter(torch.randn(width)))
        if getattr(module, "num_layers", 1) != 1 or getattr(module, "bidirectional", False):
            raise ValueError(f"{type(module).__name__}: it must have one layer in one direction, to be a twin")

    def _x(self) -> Shape:
        if not self.is_sequence:
            return ("N", "D")
        return ("N", LENGTH, "D") if self.batch_first else (LENGTH, "N", "D")

    def forward(self, x: torch.Tensor, *states: torch.Tensor) -> Any:
        steps = x.unbind(int(self.batch_first)) if self.is_sequence else (x,)
        zero = x.new_zeros(len(steps[0]), self.weight_hh.shape[1])
        h, c = (*states, *([zero] * (2 - len(states))))
        ys = []
        for step in steps:
            if self.has_c:
                h, c = self.cell(step, (h, c), *self._weights())
            else:
                h = self.cell(step, h, *self._weights())
            ys.append(h)
        if self.is_sequence:
            return torch.stack(ys, int(self.batch_first))
        return (h, c) if self.has_c else h

    def _weights(self) -> list[torch.Tensor]:
        """As PyTorch's cell takes them."""
        own = dict(self.named_parameters())
        found = [self._in_torchs_order(one) for one in own.values()]
        return [*found, torch.zeros_like(found[-1])] if "bias" in own else found

    def _in_torchs_order(self, weight: torch.Tensor) -> torch.Tensor:
        blocks = weight.chunk(len(self.gates))
        return torch.cat([blocks[self.order.index(gate)] for gate in range(len(self.gates))])


def _name_of_cell(kind: str, module: Any) -> str:
    return {"LSTM": "lstm_cell", "GRU": "gru_cell"}.get(kind, f"rnn_{getattr(module, 'nonlinearity', 'tanh')}_cell")
