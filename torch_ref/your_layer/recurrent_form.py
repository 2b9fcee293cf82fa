"""The formulas of recurrent layers in the form of a user's layer, so that its bounds are proven."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch_ref.bounds import Ball, concatenate
from torch_ref.families.recurrent import formulas
from torch_ref.families.recurrent.causes import causes_of
from torch_ref.families.recurrent.form import Form, Given
from torch_ref.families.recurrent.formulas import RNN, Cell, GRUCell, LSTMCell, Upstream, Weights, split, zeros_for
from torch_ref.pair import Pair
from torch_ref.results import scenarios_of
from torch_ref.training.weights import Names
from torch_ref.your_layer.recurrent_twin import Recurrent


def or_clipped(function: Callable[[Any], Any]) -> Any:
    """A gate that is all but shut may be so in any way, as by a clipped exponent: u² of the open one is nothing to the
    sums that it takes part in.
    """

    def found(a: Any) -> Any:
        y = function(a)
        return y.result(y.centre, y.radius + y.format.u**2) if isinstance(y, Ball) else y

    return staticmethod(found)


class ClippedLSTM(LSTMCell):
    sigmoid, sigmoid_slope = or_clipped(LSTMCell.sigmoid), or_clipped(LSTMCell.sigmoid_slope)


class ClippedGRU(GRUCell):
    sigmoid, sigmoid_slope = or_clipped(GRUCell.sigmoid), or_clipped(GRUCell.sigmoid_slope)


CELLS: dict[str, Cell] = {"h": RNN, "ifgo": ClippedLSTM(), "rzn": ClippedGRU()}
LEFT_OUT = ("remainders", "long-batch", "book", "mnist", "integers")  # they take long, or saturate all gates


@dataclass(frozen=True)
class OwnForm(Form):
    """Along a sequence, or one step. `rules` are the pair's, `order` is that of the gates, as `Recurrent` has it."""

    rules: Names = field(default_factory=dict)
    order: Sequence[int] = ()
    is_sequence: bool = True
    batch_first: bool = True

    def forward(self, *inputs: Any, **params: Any) -> Any:
        x, states = self._in(inputs[0]), self._all_states(inputs)
        y, *last = formulas.forward(self.cell, x, states, self.weights(params))
        return self._out(y) if self.is_sequence else last[0] if len(last) == 1 else tuple(last)

    def given(self, inputs: Sequence[Ball], upstream: Sequence[Ball], params: Mapping[str, Ball]) -> Given:
        dout, *others = upstream
        of_last = Upstream(self._in(dout), dc=others[0] if others else None)
        return Given(self._in(inputs[0]), self._all_states(inputs), of_last, self.weights(params))

    def weights(self, params: Mapping[str, Any]) -> Weights:
        """In PyTorch's order; a bias that there is not is 0."""
        found = {rule.removesuffix(".T"): self._turned(params[name], rule) for name, rule in self.rules.items()}
        found = {rule: self._by(value, [self.order.index(i) for i in self._gates]) for rule, value in found.items()}
        Wx, Wh = found["weight_ih"], found["weight_hh"]
        none = zeros_for(Wh[:1], Wh.shape[1]).reshape(-1)
        return Weights(Wx, Wh, found.get("bias_ih", found.get("bias", none)), found.get("bias_hh", none))

    def named(self, found: Mapping[str, Ball]) -> dict[str, Ball]:
        theirs = {"weight_ih": "dWx", "weight_hh": "dWh", "bias_ih": "dbx", "bias": "dbx", "bias_hh": "dbh"}
        own = {f"d{name}": found[f"d{state}0"] for state, name in zip("hc", self.states, strict=False)}
        for name, rule in self.rules.items():
            own[f"d{name}"] = self._turned(self._by(found[theirs[rule.removesuffix(".T")]], self.order), rule)
        return {"dx": self._out(found["dx"])} | own

    @property
    def _gates(self) -> range:
        return range(self.cell.gates)

    def _by(self, value: Any, order: Sequence[int]) -> Any:
        parts = split(value, self.cell.gates)
        return concatenate([parts[i] for i in order], -1)

    def _turned(self, value: Any, rule: str) -> Any:
        """From the layer's form to (D, k H), or back."""
        return value if rule.endswith(".T") or len(value.shape) == 1 else value.T

    def _in(self, a: Any) -> Any:
        """Of the shape (N, T, …)."""
        if not self.is_sequence:
            return a.reshape(a.shape[0], 1, a.shape[1])
        return a if self.batch_first else a.transpose(1, 0, 2)

    def _out(self, a: Any) -> Any:
        if not self.is_sequence:
            return a.reshape(a.shape[0], a.shape[2])
        return a if self.batch_first else a.transpose(1, 0, 2)

    def _all_states(self, inputs: Sequence[Any]) -> list[Any]:
        """Those that are given, and zeros in the place of a c that is not."""
        _, *states = inputs
        missing = self.cell.states - len(states) if states else 0
        return [*states, *[0 * states[0]] * missing]


def proven(pair: Pair, twin: Recurrent, order: Sequence[int]) -> Pair:
    """The pair, whose bounds were measured, with the formulas of its form; as it is where there are none."""
    cell = CELLS.get(twin.gates)
    if cell is None or twin.has_relu:
        return pair
    form = OwnForm(
        cell, tuple(pair.inputs[1:]), biases=(), rules=dict(pair.parameters), order=tuple(order),
        is_sequence=twin.is_sequence, batch_first=twin.batch_first,
    )  # fmt: skip
    small = replace(pair, data_sets=[one for one in pair.data_sets if one.name not in LEFT_OUT])
    data_sets = tuple(scenarios_of(small))  # that the twin takes, which may have but one size
    return replace(
        pair,
        forward=form.forward,
        backward=form.backward,
        causes=(*causes_of(form), *pair.causes),
        data_sets=data_sets,
        flat_on=[one.name for one in data_sets if one.name != pair.ordinary.name],
    )
