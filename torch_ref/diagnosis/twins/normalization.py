"""Slips of batch-norm, layer-norm, group-norm and RMS-norm: which dependences a dx forgets, and other statistics."""

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from torch_ref.diagnosis.cause import Cause
from torch_ref.diagnosis.severity import Severity
from torch_ref.diagnosis.twins.changed import by_backward, by_forward, changes, own_forward, passing

PER_CHANNEL = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.GroupNorm)
NORMS = (*PER_CHANNEL, nn.LayerNorm, nn.RMSNorm)
EPS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)

# What becomes of a statistic, and of the numbers in the rows that are normalized together
Statistic = Callable[[Tensor, int, Tensor], Tensor]  # of its value, of their number, and of x
Rows = Callable[[Any, Tensor], tuple[Tensor, Callable[[Tensor], Tensor]]]  # a row each, and the way back


def causes_of(module: Any) -> Iterator[Cause]:
    if isinstance(module, NORMS):
        yield from _of_constants(isinstance(module, nn.RMSNorm))
        yield from OF_DX
        yield from OF_STATISTICS
        yield from _of_other_rows(module)
        yield from OF_GAMMA
    yield from eps_causes(module)


def eps_causes(module: Any) -> Iterator[Cause]:
    """Another eps than the twin's is a convention; one for each that is in use."""
    own = getattr(module, "eps", None)
    if isinstance(own, float):
        says = f"its eps is {{}}, where the twin's is {own:g}"
        yield from changes(says, "eps", {f"{eps:g}": eps for eps in EPS}, own, severity=Severity.CONVENTION)


def _as_it_is(statistic: Tensor, _n: int, _x: Tensor) -> Tensor:
    return statistic


def _constant(statistic: Tensor, _n: int, _x: Tensor) -> Tensor:
    return statistic.detach()


def _by(count: Callable[[int, Tensor], float]) -> Statistic:
    """Its gradient is divided by this count, and not by n."""
    return lambda statistic, n, x: passing(statistic, statistic * (n / count(n, x)))


def _rows(module: Any, x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    if isinstance(module, nn.GroupNorm):
        return x.reshape(len(x) * module.num_groups, -1), lambda rows: rows.reshape(x.shape)
    if isinstance(module, PER_CHANNEL):
        return _of_axis(1)(module, x)
    return x.reshape(-1, prod(module.normalized_shape)), lambda rows: rows.reshape(x.shape)


def _of_axis(axis: int) -> Rows:
    """A row for each place on this axis."""

    def rows(_: Any, x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        turned = x.transpose(0, axis)
        return turned.reshape(len(turned), -1), lambda rows: rows.reshape(turned.shape).transpose(0, axis)

    return rows


def _of_all_axes(_: Any, x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    return x.reshape(1, -1), lambda rows: rows.reshape(x.shape)


def _of_each_place(_: Any, x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """A row for each feature, or pixel, over the batch."""
    return x.reshape(len(x), -1).T, lambda rows: rows.T.reshape(x.shape)


def _in_turn(module: Any, x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """A row for each group, of every so manieth channel."""
    turned = x.reshape(len(x), -1, module.num_groups, *x.shape[2:]).transpose(1, 2)
    rows = turned.reshape(len(x) * module.num_groups, -1)
    return rows, lambda rows: rows.reshape(turned.shape).transpose(1, 2).reshape(x.shape)


def _root(module: Any, variance: Tensor) -> Tensor:
    eps = torch.finfo(variance.dtype).eps if module.eps is None else module.eps
    return (variance + eps).sqrt()


def _eps_outside(module: Any, variance: Tensor) -> Tensor:
    return variance.sqrt() + (torch.finfo(variance.dtype).eps if module.eps is None else module.eps)


def _normal(
    module: Any,
    x: Tensor,
    rows: Rows = _rows,
    mean: Statistic = _as_it_is,
    variance: Statistic = _as_it_is,
    root: Callable[[Any, Tensor], Tensor] = _root,
) -> Tensor:
    values, back = rows(module, x)
    n = values.shape[-1]
    if not isinstance(module, nn.RMSNorm):
        values = values - mean(values.mean(-1, keepdim=True), n, x)
    return back(values / root(module, variance((values * values).mean(-1, keepdim=True), n, x)))


def _weight(module: Any, x: Tensor, *, detached: bool = False) -> Any:
    """Gamma, in a shape that fits x; 1 where there is none."""
    if module.weight is None:
        return 1
    weight = module.weight.detach() if detached else module.weight
    return weight.reshape(1, -1, *[1] * (x.ndim - 2)) if isinstance(module, PER_CHANNEL) else weight


def _affine(module: Any, x: Tensor, normal: Tensor) -> Tensor:
    y = normal * _weight(module, x)
    beta = getattr(module, "bias", None)
    if beta is None:
        return y
    return y + (beta.reshape(1, -1, *[1] * (x.ndim - 2)) if isinstance(module, PER_CHANNEL) else beta)


def _forward(**otherwise: Any) -> Callable[[Any, Tensor], Tensor]:
    return lambda module, x: _affine(module, x, _normal(module, x, **otherwise))


# What dx forgets


def _of_constants(is_rms: bool) -> Iterator[Cause]:
    if is_rms:
        yield by_forward("the mean is subtracted, as in a layer norm", _less_its_mean)
        says = "the mean of the squares is taken for a constant, but it depends on x"
        yield by_forward(says, _forward(variance=_constant), "dx")
        return
    says = "{} taken for {}, but {} on x"
    both = says.format("mean and variance are", "constants", "they depend")
    yield by_forward(both, _forward(mean=_constant, variance=_constant), "dx")
    for what in ("mean", "variance"):
        one = says.format(f"the {what} is", "a constant", "it depends")
        yield by_forward(one, _forward(**{what: _constant}), "dx")


def _less_its_mean(module: Any, x: Tensor) -> Tensor:
    return own_forward(module, x - x.mean(-1, keepdim=True))


def _without_gamma(module: Any, x: Tensor) -> Tensor:
    return _normal(module, x) + 0 * _affine(module, x, torch.ones_like(x))  # a parameter must have a gradient


def _gamma_outside(module: Any, x: Tensor) -> Tensor:
    """What comes back is multiplied by gamma at the end."""
    return _without_gamma(module, passing(x, _weight(module, x, detached=True) * x))


def _divided_by(what: str, count: Callable[[int, Tensor], float]) -> Cause:
    says = f"its sums are divided by {what}, where it must be the number of entries that are normalized together"
    return by_forward(says, _forward(mean=_by(count), variance=_by(count)), "dx")


OF_DX = (
    by_forward("gamma is left out", _without_gamma, "dx"),
    by_forward("gamma stands outside of the sums, where it must be inside", _gamma_outside, "dx"),
    _divided_by("the length of the batch", lambda _, x: len(x)),
    _divided_by("the square of that number", lambda n, _: n * n),
    _divided_by("the number of features", lambda _, x: x.shape[1] if x.ndim > 1 else 1),
    by_forward(
        "its sums are not divided by the number of entries that are normalized together",
        _forward(mean=_by(lambda *_: 1), variance=_by(lambda *_: 1)),
        "dx",
    ),
    by_backward(
        "dout is passed on as it is, but for gamma: the normalization's own derivative is left out",
        lambda module, x, dout: dout * _weight(module, x),
    ),
)

# Other statistics, in y and in all gradients


def _unbiased(variance: Tensor, n: int, _: Tensor) -> Tensor:
    return variance * (n / variance.new_tensor(n - 1.0))


def _unbiased_in_y(variance: Tensor, n: int, x: Tensor) -> Tensor:
    """In y, and in the factor before dx; but the sums in dx are divided by n."""
    return passing(_unbiased(variance, n, x), variance)


UNBIASED = "the variance is divided by n - 1, where it must be n"
OF_STATISTICS = (
    by_forward(UNBIASED, _forward(variance=_unbiased)),
    by_forward(UNBIASED, _forward(variance=_unbiased_in_y), "dx"),
    by_forward(
        "eps stands outside of the root: it is sqrt(variance) + eps",
        _forward(root=_eps_outside),
        severity=Severity.CONVENTION,
    ),
)


def _of_other_rows(module: Any) -> Iterator[Cause]:
    own = {nn.GroupNorm: "of each group of channels", nn.LayerNorm: "of each sample", nn.RMSNorm: "of each sample"}
    says = f"the statistics are those {{}}, where they must be those {own.get(type(module), 'of each channel')}"
    others: dict[str, Rows] = {
        "of each feature, over the batch": _of_each_place,
        "of each channel": _of_axis(1),
        "of each sample": _of_axis(0),
        "of the whole batch": _of_all_axes,
    }
    for what, rows in others.items():
        if what != own.get(type(module), "of each channel"):
            yield by_forward(says.format(what), _forward(rows=rows), family="rows")
    if isinstance(module, nn.GroupNorm):
        in_turn = "its channels are dealt out to the groups in turn, where a group must be of neighbours"
        yield by_forward(in_turn, _forward(rows=_in_turn), family="rows")


# The gradient of gamma, which is the sum of dout times the normalized x

OF_GAMMA = (
    by_forward("it is that of x itself, which must be normalized first", lambda m, x: _affine(m, x, x), "parameters"),
    by_forward(
        "it is that of x minus its mean, which must be divided by the root of the variance as well",
        lambda m, x: _affine(m, x, _normal(m, x, root=lambda _, variance: torch.ones_like(variance))),
        "parameters",
    ),
    by_forward(
        "it is that of y, where it must be the normalized x",
        lambda m, x: _affine(m, x, passing(own_forward(m, x), x)),
        "parameters",
    ),
)
