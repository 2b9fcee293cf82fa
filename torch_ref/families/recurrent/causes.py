"""Slips that recurrent layers are known for, and what they make of the gradients."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import permutations
from typing import Any, TypeAlias

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, concatenate
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction, Suspect
from torch_ref.families.recurrent import formulas
from torch_ref.families.recurrent.form import Form, Given
from torch_ref.families.recurrent.formulas import Back, Cell, GRUCell, Links, RNNCell, split
from torch_ref.families.recurrent.sums import accumulated
from torch_ref.families.recurrent.wrong_cells import backward_cells, forward_cells

Results: TypeAlias = dict[str, Ball]
LETTERS = {1: "h", 3: "rzn", 4: "ifgo"}  # PyTorch's order of the gates


def causes_of(form: Form) -> Sequence[Suspect]:
    """Of a layer in this form."""
    return tuple(_causes_of(form))


def _causes_of(form: Form) -> Iterator[Suspect]:
    yield from _of_last_states(form)
    yield from _of_links(form)
    yield from _of_sums(form)
    for says, cell in backward_cells(form.cell):
        yield Cause(says, _predicted(form, lambda given, cell=cell: form.gradients(given, cell)))  # type: ignore[misc]
    for says, cell in forward_cells(form.cell):
        yield Cause(says, _outputs(form, cell))
    yield from _of_biases(form)
    if form.biases:  # all weights lie as ours do
        yield from _of_orders(form)


KEPT = 100  # data sets: each tensor asks for the results of a slip on the same


def _predicted(form: Form, make: Callable[[Given], Results]) -> Prediction:
    """What a slip makes of all tensors, once for each data set."""

    @lru_cache(maxsize=KEPT)
    def results(case: Case) -> Results:
        exact: Callable[[Any], Ball] = case.exact
        params = {name: exact(value) for name, value in case.params.items()}
        return make(form.given([*map(exact, case.inputs.values())], [*map(exact, case.upstream.values())], params))

    return lambda case, name: results(case).get(name)


def _of_last_states(form: Form) -> Iterator[Cause]:
    """Their upstream gradients."""
    for name in ("dh", "dc")[: len(form.states)] if form.returns else ():

        def without(case: Case, tensor: str, name: str = name) -> Ball | None:
            return case.given(upstream={name: np.zeros_like(case.upstream[name])})[tensor]

        yield Cause(f"{name}, the gradient of the last state, is not added", without)


def _of_links(form: Form) -> Iterator[Cause]:
    def cut(_later: Back, _WhT: Ball, dout: Ball) -> Ball:
        return dout

    def only_products(later: Back, WhT: Ball, dout: Ball) -> Ball:
        return dout + later.dv @ WhT

    def without_dout(later: Back, WhT: Ball, dout: Ball) -> Ball:
        return accumulated(later.dv, WhT, 0 * dout, *later.to_h)

    def no_c(_later: Back) -> None:
        return None

    if form.cell.states == 2:
        yield _linked(form, "what later steps send back, by h and by c, is not added", Links(cut, no_c))
        yield _linked(form, "what later steps send back by h is not added: a step has its own dout alone", Links(cut))
        yield _linked(
            form, "what later steps send back by c is not added: dc begins anew in each step", Links(to_c=no_c)
        )
    else:
        yield _linked(form, "what later steps send back is not added: a step has its own dout alone", Links(cut))
    if isinstance(form.cell, GRUCell):
        yield _linked(form, "dh z, what goes back by the part that is kept, is not added", Links(only_products))
    if isinstance(form.cell, RNNCell):  # of square matrices alone

        def not_transposed(later: Back, WhT: Ball, dout: Ball) -> Ball:
            return accumulated(later.dv, WhT.T, dout)

        yield _linked(
            form, "Wh is not transposed on the way back: da Wh, where it must be da Whᵀ", Links(not_transposed)
        )
    yield _linked(form, "dout counts at the last time alone", Links(without_dout))


def _linked(form: Form, says: str, links: Links) -> Cause:
    return Cause(says, _predicted(form, lambda given: form.gradients(given, links=links)))


def _of_sums(form: Form) -> Iterator[Cause]:
    """Over time."""
    yield Cause(
        "it is that of the first time alone: = where it must be += over time",
        _predicted(form, lambda given: _at_one_time(form, given, 0)),
    )
    yield Cause("it is that of the last time alone", _predicted(form, lambda given: _at_one_time(form, given, -1)))
    yield Cause(
        "it is taken with h_t, where it must be with h_(t - 1)", _predicted(form, lambda given: _shifted(form, given))
    )
    yield Cause(
        "it is the gradient of the state after the first step", _predicted(form, lambda given: _late(form, given))
    )


def _at_one_time(form: Form, given: Given, t: int) -> Results:
    found, kept = formulas.run(form.cell, given.x, given.states, given.weights)
    steps = formulas.back_steps(form.cell, kept, given.upstream, given.weights.Wh.T)
    h0 = given.states[0] if given.states else formulas.zeros_for(given.x, given.weights.Wh.shape[0])
    before, step = [h0, *(h for h, *_ in found[:-1])][t], steps[t]
    weights = {"dWx": given.x[:, t].T @ step.du, "dWh": before.T @ step.dv}
    return _of_weights(form, given, weights | {"dbx": step.du.sum(0), "dbh": step.dv.sum(0)})


def _of_weights(form: Form, given: Given, found: Results) -> Results:
    """The gradients of the weights are these, those of the inputs none of this slip's."""
    right = formulas.backward(form.cell, given.x, given.states, given.upstream, given.weights)
    return {name: ball for name, ball in form.named(right | found).items() if name not in form.of_inputs}


def _shifted(form: Form, given: Given) -> Results:
    found, kept = formulas.run(form.cell, given.x, given.states, given.weights)
    steps = formulas.back_steps(form.cell, kept, given.upstream, given.weights.Wh.T)
    h, dv = concatenate([h for h, *_ in found]), concatenate([step.dv for step in steps])
    return _of_weights(form, given, {"dWh": h.T @ dv})


def _late(form: Form, given: Given) -> Results:
    """dh0 and dc0 as they come to the step before the last."""
    _, kept = formulas.run(form.cell, given.x, given.states, given.weights)
    steps = formulas.back_steps(form.cell, kept, given.upstream, given.weights.Wh.T)
    upstream = given.upstream
    if len(steps) > 1:
        dh = accumulated(steps[1].dv, given.weights.Wh.T, *steps[1].to_h)
        dc = steps[1].to_c
    else:
        dh, dc = upstream.dh or 0 * upstream.dout[:, 0], upstream.dc
    right = formulas.backward(form.cell, given.x, given.states, upstream, given.weights)
    named = form.named(right | {"dh0": dh} | ({} if dc is None else {"dc0": dc}))
    return {name: ball for name, ball in named.items() if name in form.of_inputs and name != "dx"}


def _outputs(form: Form, cell: Cell) -> Prediction:
    """What a wrong step makes of the outputs; of its gradients nothing is said."""

    @lru_cache(maxsize=KEPT)
    def results(case: Case) -> Results:
        params = {name: case.exact(value) for name, value in case.params.items()}
        y = replace(form, cell=cell).forward(*map(case.exact, case.inputs.values()), **params)
        return dict(zip(case.pair.outputs, y if isinstance(y, tuple) else (y,), strict=True))

    return lambda case, name: results(case).get(name)


def _with_params(change: Callable[[str, Array], Array]) -> Callable[[Case], Results]:
    """All results with other values of the parameters."""

    @lru_cache(maxsize=KEPT)
    def results(case: Case) -> Results:
        return case.given(params={name: change(name, value) for name, value in case.params.items()})

    return results


def _of_biases(form: Form) -> Iterator[Cause]:
    """A gate has the bias of another."""
    gates = LETTERS[form.cell.gates]
    for name in form.biases:
        for i, j in permutations(range(len(gates)), 2):

            def changed(p: str, value: Array, name: str = name, i: int = i, j: int = j) -> Array:
                parts = np.split(value.copy(), len(gates), axis=-1)
                if p == name:
                    parts[i] = parts[j]
                return np.concatenate(parts, -1)

            yield Cause(f"the gate {gates[i]} has the bias of {gates[j]} in {name}", _by_name(_with_params(changed)))


def _by_name(results: Callable[[Case], Results]) -> Prediction:
    return lambda case, name: results(case).get(name)


def _of_orders(form: Form) -> Iterator[Cause]:
    """The gates of all weights in another order, and those of their gradients."""
    gates = LETTERS[form.cell.gates]
    for order in permutations(range(len(gates))):
        if order != (*range(len(gates)),):
            says = f"its gates are in the order {' '.join(gates[i] for i in order)}, where it must be {' '.join(gates)}"
            yield Cause(says, _ordered(order))


def _ordered(order: Sequence[int]) -> Prediction:
    """The i-th of `order` is PyTorch's place of the gate that comes i-th."""

    def turned(value: Any, by: Sequence[int]) -> Any:
        parts = split(value, len(order))
        return np.concatenate([parts[i] for i in by], -1)

    inverse = [order.index(i) for i in range(len(order))]
    results = _with_params(lambda _, value: turned(value, inverse))

    def predict(case: Case, name: str) -> Ball:
        ball = results(case)[name]
        if name[1:] not in case.params:
            return ball
        return Ball(turned(ball.centre, order), turned(ball.radius, order), ball.format)

    return predict
