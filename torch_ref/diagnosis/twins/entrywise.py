"""Slips of activations that work entry by entry: where their derivative is taken, and what of it is left out."""

from collections.abc import Callable, Iterator
from math import pi
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from torch_ref.diagnosis.cause import Cause
from torch_ref.diagnosis.twins.changed import by_backward, changed, derivative, own_forward

ENTRYWISE = (
    nn.SiLU, nn.GELU, nn.ELU, nn.CELU, nn.SELU, nn.Mish, nn.Softplus, nn.Softsign, nn.LogSigmoid, nn.Hardswish,
    nn.Hardtanh, nn.Hardsigmoid, nn.Tanhshrink, nn.LeakyReLU,
)  # fmt: skip

OF_Y = "the derivative is taken at x, where it must be of y: {}"
OTHER_FORM = "it is the {} form of GELU, where the twin's is the {} form"
OTHER_FORMS = OTHER_FORM.format("erf", "tanh"), OTHER_FORM.format("tanh", "erf")


def causes_of(module: Any) -> Iterator[Cause]:
    if not isinstance(module, ENTRYWISE):
        return
    yield from OF_ANY
    if not isinstance(module, nn.LeakyReLU):  # whose slopes are exchanged then
        says = "the derivative is taken at -x, where it must be at x"
        yield by_backward(says, lambda m, x, dout: dout * derivative(m, -x))
    if isinstance(module, nn.ELU | nn.CELU):
        says = OF_Y.format("x + alpha below 0")
        yield by_backward(says, lambda m, x, dout: dout * torch.where(x > 0, 1, x / _scale(m) + m.alpha / _scale(m)))
    if isinstance(module, nn.Softplus):
        yield by_backward(OF_Y.format("1 - exp(-x)"), lambda _, x, dout: dout * -torch.expm1(-x))
    for kind, (words, gate) in GATES.items():
        if isinstance(module, kind):
            yield from _of_product(words, gate)
    if isinstance(module, nn.GELU):
        own, other = ("erf", "tanh") if module.approximate == "none" else ("tanh", "erf")
        yield changed(OTHER_FORM.format(other, own), _exchange_form)


def _scale(module: Any) -> float:
    return float(module.alpha) if isinstance(module, nn.CELU) else 1.0


def _exchange_form(module: Any) -> None:
    module.approximate = "tanh" if module.approximate == "none" else "none"


def _where(is_there: Callable[[Tensor], Tensor]) -> Callable[[Any, Tensor, Tensor], Tensor]:
    """There dx is the derivative alone."""
    return lambda m, x, dout: derivative(m, x) * torch.where(is_there(x), 1, dout)


OF_ANY = (
    by_backward(
        "the derivative is taken at y, where it must be at x",
        lambda m, x, dout: dout * derivative(m, own_forward(m, x)),
    ),
    by_backward(
        "dout is multiplied by y, where it must be the derivative", lambda m, x, dout: dout * own_forward(m, x)
    ),
    by_backward("dout is not multiplied in where x < 0", _where(lambda x: x < 0)),
    by_backward("dout is not multiplied in where x > 0", _where(lambda x: x > 0)),
)

# y = x g(x): the derivative is g(x) + x g'(x)

Gate = Callable[[Any, Tensor], Tensor]


def _gate_of_gelu(module: Any, x: Tensor) -> Tensor:
    if module.approximate == "none":
        return (1 + torch.erf(x / 2**0.5)) / 2
    return (1 + torch.tanh((2 / pi) ** 0.5 * (x + 0.044715 * x**3))) / 2


GATES: dict[type[nn.Module], tuple[str, Gate]] = {
    nn.SiLU: ("sigmoid(x)", lambda _, x: torch.sigmoid(x)),
    nn.GELU: ("Phi(x)", _gate_of_gelu),
    nn.Mish: ("tanh(softplus(x))", lambda _, x: torch.tanh(functional.softplus(x))),
}


def _of_product(words: str, gate: Gate) -> Iterator[Cause]:
    product = f"y is a product of x and {words}"
    yield by_backward(
        f"{product}, and only that of x is differentiated: dx is dout {words}", lambda m, x, dout: dout * gate(m, x)
    )
    yield by_backward(
        f"{product}, and only {words} is differentiated",
        lambda m, x, dout: dout * (derivative(m, x) - gate(m, x)),
    )
    yield by_backward(
        f"{product}: x is left out of the second term of the derivative",
        lambda m, x, dout: dout * (gate(m, x) + _slope(gate, m, x)),
    )
    yield by_backward(f"it is dout times the derivative of {words} alone", lambda m, x, dout: dout * _slope(gate, m, x))


def _slope(gate: Gate, module: Any, x: Tensor) -> Tensor:
    with torch.enable_grad():
        place = x.detach().requires_grad_()
        (found,) = torch.autograd.grad(gate(module, place).sum(), place)
    return found
