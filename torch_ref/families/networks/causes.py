"""Slips of putting layers and a loss together, and what they make of the gradients."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from numpy_impl import SoftmaxWithLoss
from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Fitted, Prediction
from torch_ref.families.composites.causes import with_formulas
from torch_ref.families.composites.formulas import Link
from torch_ref.families.losses.causes import BY_CLASSES, LABELS, by_epsilon
from torch_ref.families.networks.formulas import Chain

Tensors = dict[str, Ball]


def causes_of(chain: Chain) -> Sequence[Cause | Fitted]:
    """Those of any chain, of each link without parameters, and of each weight that a gradient passes through."""
    return (
        *(_of_a_classifier(chain) if chain.last.layer is SoftmaxWithLoss else ()),
        *(cause for link in chain.links if not link.names for cause in _of_a_function(chain, link)),
        Cause(
            "the way back starts from ones, where it must start from the gradient of the loss",
            _at_once(lambda case: _back_from(chain, case, lambda dz: case.exact(np.ones(dz.shape)))),
        ),
        *(cause for link in chain.links[1:] for cause in _of_weights(chain, link)),
    )


def _of_a_classifier(chain: Chain) -> Iterator[Cause]:
    yield from (*LABELS, BY_CLASSES, *by_epsilon(lambda case: _pass(chain, case)[0][-1]))


def _of_a_function(chain: Chain, link: Link) -> Iterator[Cause]:
    function = link.pair.layer.__name__
    alike = [other for other in chain.links if other.pair is link.pair]
    name = f"the {function}" if len(alike) == 1 else link.place
    passed_by = with_formulas(chain, link, backward=lambda _, dout, **__: {"dx": dout})
    left_out = with_formulas(chain, link, forward=lambda x, **_: x)
    yield Cause(
        f"the gradient does not pass through {name} on its way back",
        _at_once(lambda case: passed_by.back(*_pass(chain, case))),
    )
    yield Cause(  # forward only: back through the mask
        f"{name} is left out on the way forward",
        _at_once(lambda case: {"loss": left_out.forward(*_data(case), **_params(case))} | _gradients(left_out, case)),
    )


def _of_weights(chain: Chain, link: Link) -> Iterator[Fitted]:
    """The layers before it get their gradients through W + a dW."""
    earlier = [f"d{name}" for other in chain.links[: chain.links.index(link)] for name in other.names.values()]
    for name in (name for own, name in link.names.items() if own == "W"):

        def through(case: Case, value: Callable[[Case], Ball], name: str = name) -> Tensors:
            inputs, dz, params = _pass(chain, case)
            found = chain.back(inputs, dz, {**params, name: value(case)})
            return {gradient: found[gradient] for gradient in earlier}

        def after_a_step(a: float, name: str = name, through: Any = through) -> Prediction:
            return _at_once(lambda case: through(case, lambda c: c.exact(c.params[name]) + c.right[f"d{name}"] * a))

        yield Fitted(
            f"{name} is updated before it is used: by a step of SGD, learning rate {{a}}",
            _at_once(lambda case, n=name, through=through: through(case, lambda c: c.right[f"d{n}"])),  # type: ignore[misc]
            after_a_step,
            -1,
        )


def _params(case: Case) -> dict[str, Ball]:
    return {name: case.exact(value) for name, value in case.params.items()}


def _data(case: Case) -> tuple[Ball, Any]:
    return case.exact(case.x), case.inputs["t"]


def _pass(chain: Chain, case: Case) -> tuple[list[Ball], Ball, dict[str, Ball]]:
    """What each link is given, the gradient of the logits, and the parameters."""
    x, t = _data(case)
    inputs = chain.inputs(x, _params(case))
    return inputs, chain.start(inputs[-1], t), _params(case)


def _gradients(chain: Chain, case: Case) -> Tensors:
    return chain.back(*_pass(chain, case))


def _back_from(chain: Chain, case: Case, change: Callable[[Ball], Ball]) -> Tensors:
    inputs, dz, params = _pass(chain, case)
    return chain.back(inputs, change(dz), params)


def _at_once(results: Callable[[Case], Tensors]) -> Prediction:
    """A prediction from a function of all tensors, which is asked for one after another."""
    kept = lru_cache(maxsize=32)(results)
    return lambda case, name: kept(case).get(name)
