"""A user's recurrent layer beside PyTorch's: with as many states and biases as the user has, and gates in any order."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any, TypeAlias

import numpy as np
from torch import nn

from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Pair
from torch_ref.results import torch_results
from torch_ref.scenarios import Data
from torch_ref.your_layer.maker import Maker
from torch_ref.your_layer.measured import like_module
from torch_ref.your_layer.methods import NAMES, inputs_of, method_of
from torch_ref.your_layer.recurrent_form import proven
from torch_ref.your_layer.recurrent_twin import Recurrent
from torch_ref.your_layer.twins import SOME, Twin

Made: TypeAlias = tuple[Pair, Callable[..., Any]]

NEAR = 1e-6  # of numbers of the size of 1, in float64: another order of the gates is far off


def is_recurrent(module: Any) -> bool:
    return isinstance(module, nn.RNNBase | nn.RNNCellBase)


def like_recurrent(maker: Maker, twin: Twin) -> Made:
    """As `like_module`: with PyTorch's two biases, or one if the class has but one."""
    states = inputs_of(maker.cls, method_of(maker.cls, NAMES[maker.kind][0]))[1:]
    try:
        return _in_any_order(maker, twin, states, 2)
    except ValueError:
        return _in_any_order(maker, twin, states, 1)


def _in_any_order(maker: Maker, twin: Twin, states: Sequence[str], biases: int) -> Made:
    """With the order of the gates in which the two forwards agree, else in PyTorch's."""

    own = Recurrent(twin.make(SOME | dict(maker.sizes)), states, biases)
    gates = own.gates

    def form(order: Sequence[int]) -> Made:
        module = replace(twin, maker=lambda sizes: Recurrent(twin.make(sizes), states, biases, order))
        pair, factory = like_module(maker, module)
        return proven(pair, own, order), factory

    found = form(range(len(gates)))
    for order in permutations(range(len(gates))):
        other = form(order) if order != (*range(len(gates)),) else found
        if _agree(*other):
            if other is not found:
                theirs = " ".join(gates[i] for i in order)
                maker.notes[f"its gates are in the order {theirs}, where PyTorch's is {' '.join(gates)}"] = (
                    Severity.CONVENTION
                )
            return other
    return found


def _agree(pair: Pair, factory: Callable[..., Any]) -> bool:
    """On ordinary data, in the value of forward."""
    ours, theirs = (pair.example(make, Data(pair.ordinary, np.float64)) for make in (factory, pair.layer))
    wanted = torch_results(pair, theirs)[pair.outputs[0]]
    try:
        got = ours.layer.forward(*ours.inputs.values())
    except Exception:  # noqa: BLE001 - a user's code may raise anything
        return False
    return np.shape(got) == wanted.shape and bool((abs(got - wanted) <= NEAR).all())
