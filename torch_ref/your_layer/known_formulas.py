"""A user's layer beside a module whose formulas are known: its bounds are proven, not measured."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from torch_ref.bounds import Ball
from torch_ref.families.normalization.causes import INACCURATE
from torch_ref.families.normalization.examples import OFFSET
from torch_ref.families.normalization.of_module import Formulas, formulas_of
from torch_ref.pair import Pair
from torch_ref.results import scenarios_of


def with_formulas(pair: Pair, module: Any) -> Pair:
    """The pair of a module with the formulas of a normalization, if it is one; else as it is."""
    found = formulas_of(module)
    if found is None or not {*pair.parameters.values()} <= {"weight", "bias"}:
        return pair
    offset = replace(pair.ordinary, name=OFFSET.name, why=OFFSET.why, x=OFFSET.x)
    causes = pair.causes if isinstance(module, nn.RMSNorm) else (INACCURATE, *pair.causes)
    return by_formulas(replace(pair, data_sets=(*pair.data_sets, offset), causes=causes), found)


def by_formulas(pair: Pair, found: Formulas) -> Pair:
    """These take the parameters by PyTorch's names, where the pair has the layer's."""
    rules = pair.parameters

    def theirs(given: Mapping[str, Any]) -> dict[str, Any]:
        return {rules.get(name, name): value for name, value in given.items()}

    def backward(x: Ball, dout: Ball, **given: Any) -> dict[str, Ball]:
        right = found.backward(x, dout, **theirs(given))
        return {"dx": right["dx"]} | {f"d{name}": right[f"d{path}"] for name, path in rules.items()}

    # On data that the module takes; what these show of somebody else's sizes is not known.
    data_sets = tuple(replace(one, is_resized=True) for one in scenarios_of(pair))
    return replace(
        pair, forward=lambda x, **given: found.forward(x, **theirs(given)), backward=backward, data_sets=data_sets
    )
