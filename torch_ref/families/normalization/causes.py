"""Slips that normalizations are known for beside those of PyTorch's modules, and what they make of them."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import SKIPPED, Cause, Prediction
from torch_ref.diagnosis.severity import Severity
from torch_ref.families.normalization.formulas import (
    all_but_channels,
    by_squares,
    by_statistics,
    dx_of,
    per_channel,
    variance_of,
)
from torch_ref.pair import Example
from torch_ref.right import bounds_of

BY_SQUARES = (
    "inaccurate: the variance is taken as mean(x^2) - mean^2, which loses its digits where the mean is large beside the"
    " spread; subtract the mean first"
)


def _with(case: Case, **changed: Any) -> dict[str, Ball]:
    """The results by the pair's formulas with some of their arguments changed."""
    forward, backward = case.pair.forward, case.pair.backward
    pair = replace(
        case.pair,
        forward=forward and (lambda *given, **known: forward(*given, **(known | changed))),
        backward=backward and (lambda *given, **known: backward(*given, **(known | changed))),
    )
    return bounds_of(pair, Example(case.layer, case.inputs, case.upstream), case.params)


@lru_cache(maxsize=64)  # the tensors of a layer ask for the same
def _of_squares(case: Case) -> dict[str, Ball]:
    return _with(case, variance=by_squares)


def _by_squares(case: Case, name: str) -> Any:
    """Nothing is told where the variance may be negative."""
    ball = _of_squares(case)[name]
    return ball if np.isfinite(ball.radius).all() else SKIPPED


INACCURATE = Cause(BY_SQUARES, _by_squares, severity=Severity.INACCURATE)

# Of BatchNorm: its running statistics, and what it does in which mode


def _running(predict: Callable[[Ball, Ball, Ball, float], Ball]) -> Prediction:
    """Of the old statistic, that of the batch, biased and unbiased, and momentum."""

    def of(case: Case, name: str) -> Ball | None:
        if name not in case.pair.buffers:
            return None
        x, axes, m = case.exact(case.x), all_but_channels(case.x), case.layer.momentum
        mu, n = x.mean(axes, keepdims=True), x.size // x.shape[1]
        old = case.exact(getattr(case.layer, name))
        new, times = (mu, 1.0) if name == "running_mean" else (variance_of(x, mu, axes), n / max(n - 1, 1))
        return predict(old, new.reshape(-1), new.reshape(-1).scaled(times, 3), float(m))

    return of


def _only(name: str, predict: Prediction) -> Prediction:
    return lambda case, tensor: predict(case, tensor) if tensor == name else None


def _moved(old: Ball, new: Ball, m: float) -> Ball:
    return old.scaled(1 - m, 2) + new.scaled(m, 2)


RUNNING = (
    Cause("it stays as it was", _running(lambda old, *_: old)),
    Cause(
        "it is kept with the variance divided by n, where it must be n - 1",
        _only("running_var", _running(lambda old, biased, _, m: _moved(old, biased, m))),
    ),
    Cause(
        "momentum weighs the old value, where it must weigh the new one",
        _running(lambda old, _, new, m: _moved(old, new, 1 - m)),
    ),
    Cause("it is that of the batch alone, where it must be moved towards it", _running(lambda *given: given[2])),
)


def _in_mode(*, training: bool) -> Prediction:
    return lambda case, name: None if name in case.pair.buffers else _with(case, training=training)[name]


def _dx_of_training(case: Case, name: str) -> Ball | None:
    """Beside the running statistics."""
    if name != "dx":
        return None
    x, layer, axes = case.exact(case.x), case.layer, all_but_channels(case.x)
    mu, variance = (per_channel(case.exact(a), x) for a in (layer.running_mean, layer.running_var))
    g = case.exact(case.dout) * per_channel(case.exact(case.params["gamma"]), x)
    return dx_of(g, by_statistics(x, mu, variance, layer.eps), axes)


TRAINING = (
    *RUNNING,
    Cause("the running statistics are used in training, where it must be those of the batch", _in_mode(training=False)),
)
EVALUATION = (
    Cause(
        "it is moved in evaluation, where it must stay as it was",
        _running(lambda old, _, new, m: _moved(old, new, m)),
    ),
    Cause(
        "the statistics of the batch are used in evaluation, where it must be the running ones",
        _in_mode(training=True),
    ),
    Cause("the derivative is that of training: in evaluation the statistics are constants", _dx_of_training),
)
