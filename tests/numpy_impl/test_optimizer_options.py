"""The options of optimizers: checked when they are given and when they are changed."""

from typing import Any

import numpy as np
import pytest

from numpy_impl import SGD, AdaGrad, Adam, AdamW, Momentum, RMSprop

OPTIONS = [
    (Momentum, "momentum", -0.1, ValueError, "must be from 0 to .*, got -0.1"),
    (Momentum, "momentum", "1", TypeError, "must be a real number, got '1'"),
    (Momentum, "nesterov", 1, TypeError, "must be True or False, got int"),
    (Momentum, "weight_decay", -1, ValueError, "must be from 0 to .*, got -1"),
    (SGD, "weight_decay", float("nan"), ValueError, "must be from 0 to .*, got nan"),
    (AdaGrad, "eps", -1e-9, ValueError, "must be from 0 to .*, got -1e-09"),
    (RMSprop, "alpha", 1, ValueError, "must be from 0 to below 1, got 1"),
    (RMSprop, "alpha", -0.1, ValueError, "must be from 0 to below 1, got -0.1"),
    (RMSprop, "alpha", None, TypeError, "must be a real number, got None"),
    (RMSprop, "alpha", float("inf"), ValueError, "must be finite, got inf"),
    (RMSprop, "eps", True, TypeError, "must be a real number, got True"),
    (Adam, "betas", (0.9, 1.0), ValueError, r"\[1\] must be from 0 to below 1, got 1.0"),
    (Adam, "betas", (-0.1, 0.9), ValueError, r"\[0\] must be from 0 to below 1, got -0.1"),
    (Adam, "betas", (0.9, "0.9"), TypeError, r"\[1\] must be a real number, got '0.9'"),
    (Adam, "betas", (0.9, 0.99, 0.999), ValueError, "must be two numbers, got 3 of them"),
    (Adam, "betas", 0.9, TypeError, "must be two numbers, got float"),
    (Adam, "eps", -1, ValueError, "must be from 0 to .*, got -1"),
    (AdamW, "weight_decay", -0.1, ValueError, "must be from 0 to .*, got -0.1"),
    (AdamW, "lr", -1, ValueError, "must be from 0 to .*, got -1"),
]


@pytest.mark.parametrize(("cls", "name", "value", "error", "message"), OPTIONS)
def test_a_bad_option_is_refused_when_it_is_given_and_when_it_is_changed(
    cls: Any, name: str, value: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=rf"^{cls.__name__}: {name}.*{message}"):
        cls(**{"lr": 0.1, name: value})
    optimizer = cls(0.1)
    before = getattr(optimizer, name)
    with pytest.raises(error, match=message):
        setattr(optimizer, name, value)
    assert getattr(optimizer, name) == before


def test_nesterov_needs_a_momentum_as_in_pytorch() -> None:
    with pytest.raises(ValueError, match="Momentum: nesterov must be False, for momentum is 0, got True"):
        Momentum(0.1, 0, nesterov=True)
    optimizer = Momentum(0.1, nesterov=True)
    with pytest.raises(ValueError, match="Momentum: momentum must be above 0, for nesterov is True, got 0"):
        optimizer.momentum = 0
    assert optimizer.momentum == 0.9
    optimizer.nesterov = False
    optimizer.momentum = 0


def test_options_are_changed_between_steps() -> None:
    adam, params = Adam(1.0), {"p": np.zeros(1)}
    adam.update(params, {"p": np.ones(1)})
    adam.lr, adam.betas = np.float32(0.5), [0.0, np.float64(0.5)]
    assert (adam.lr, adam.betas) == (0.5, (0.0, 0.5))
    adam.update(params, {"p": np.ones(1)})
    # m = 1; v = 0.5 · 0.001 + 0.5, corrected by 1 − 0.5².
    assert params["p"][0] == pytest.approx(-1 - 0.5 / np.sqrt(0.5005 / 0.75), rel=1e-7)
