"""Recurrent layers beside PyTorch's own: each with first and last states, and of x alone, as it stands in a network."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

import numpy_impl
from torch_ref import places
from torch_ref.families.recurrent import formulas
from torch_ref.families.recurrent.causes import causes_of
from torch_ref.families.recurrent.data import OF_X, SEQUENCES, length, state
from torch_ref.families.recurrent.form import Form
from torch_ref.families.recurrent.formulas import Cell
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import Data

RULES = {"Wx": "weight_ih_l0.T", "Wh": "weight_hh_l0.T", "bx": "bias_ih_l0", "bh": "bias_hh_l0"}


class WithStates(nn.Module):
    """States as (N, H), of one layer in one direction. Given the first ones it returns the last ones beside y."""

    def forward(self, x: torch.Tensor, *states: torch.Tensor) -> Any:
        given = [one[None] for one in states]
        y, last = super().forward(x, *([tuple(given)] if len(given) > 1 else given))
        if not states:
            return y
        return y, *(one[0] for one in (last if isinstance(last, tuple) else (last,)))


class TorchRNN(WithStates, nn.RNN): ...  # type: ignore[misc]


class TorchLSTM(WithStates, nn.LSTM): ...  # type: ignore[misc]


class TorchGRU(WithStates, nn.GRU): ...  # type: ignore[misc]


def example(gates: int, states: tuple[str, ...], cls: Callable[..., Any], data: Data) -> Example:
    D, H, T, width = data.D, data.H, length(data), gates * data.H
    layer = cls(data.weights(D, width), data.weights(data.H, width), data.biases(width), data.biases(width))
    inputs = {"x": data.x(data.N, T, D)} | {f"{name}0": state(data) for name in states}
    return Example(layer, inputs, {"dout": data.dout(data.N, T, H)} | {f"d{n}": data.dout(data.N, H) for n in states})


def _of_x(what: str, change: Callable[[Any], Any]) -> Refusal:
    return Refusal(what, lambda e: e.layer.forward(change(e.inputs["x"])), ValueError)


REFUSALS = (
    _of_x("x with a feature less", lambda x: x[..., 1:]),
    _of_x("x without a batch", lambda x: x[0]),
    _of_x("x of no time", lambda x: x[:, :0]),
    Refusal("Wx of another shape", lambda e: setattr(e.layer, "Wx", e.layer.Wx[1:]), ValueError),
    Refusal("bh that would broadcast", lambda e: setattr(e.layer, "bh", e.layer.bh[:1]), ValueError),
    Refusal("bx that is a list", lambda e: setattr(e.layer, "bx", e.layer.bx.tolist()), TypeError),
)
OF_STATES = (
    Refusal("h0 of one sample", lambda e: e.layer.forward(e.inputs["x"], e.inputs["h0"][:1]), ValueError),
    Refusal("h0 as PyTorch has it", lambda e: e.layer.forward(e.inputs["x"], e.inputs["h0"][None]), ValueError),
)


def _register(name: str, layer: Any, module: Any, cell: Cell) -> None:
    """Of x alone first: that is the one which a network asks for."""

    def twin(one: Any) -> nn.Module:
        made: nn.Module = module(*(len(places.parameter(one, name)) for name in ("Wx", "Wh")), batch_first=True)
        return made

    common: Any = {
        "parameters": RULES,
        "batches_only": True,
    }
    alone = partial(example, layer.gates, ())
    flat = ("one-time",)  # from a state of zeros: Wh has no effect
    of_x = Pair(
        f"{name}_of_x",
        layer,
        twin,
        alone,
        inputs=("x",),
        refusals=REFUSALS,
        data_sets=OF_X,
        flat_on=flat,
        **common,
        **_formulas(Form(cell)),
    )
    register(of_x)
    states, first = layer.states, tuple(f"{one}0" for one in layer.states)
    register(
        Pair(
            name,
            layer,
            twin,
            partial(example, layer.gates, states),
            twin_name=layer.__name__,
            inputs=("x", *first),
            outputs=("y", *states),
            input_gradients=("x", *first),
            optional=(*first, *(f"d{one}" for one in states)),
            refusals=(*REFUSALS, *OF_STATES),
            data_sets=SEQUENCES,
            flat_on=("beyond-exp", "huge"),
            **common,
            **_formulas(Form(cell, first, returns=True)),
        )
    )


def _formulas(form: Form) -> Any:
    return {"forward": form.forward, "backward": form.backward, "causes": causes_of(form)}


_register("rnn", numpy_impl.RNN, TorchRNN, formulas.RNN)
_register("lstm", numpy_impl.LSTM, TorchLSTM, formulas.LSTM)
_register("gru", numpy_impl.GRU, TorchGRU, formulas.GRU)
