"""The formulas of PyTorch's modules of this family, with their options: for somebody else's layer beside one."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from torch import nn

from torch_ref.bounds import Ball
from torch_ref.families.normalization import formulas
from torch_ref.families.normalization.formulas import Variance, variance_of

PER_CHANNEL = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm)


class Formulas(NamedTuple):
    """Of x, or of x and dout, and of the module's parameters by PyTorch's names."""

    forward: Callable[..., Any]
    backward: Callable[..., dict[str, Ball]]


def formulas_of(module: Any) -> Formulas | None:
    """None where it is no normalization in training, or one over several axes at once."""
    if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training:
        return _by(module, _batch_norm, _batch_norm_backward, eps=module.eps)
    if isinstance(module, nn.GroupNorm):
        options = {"eps": module.eps, "groups": module.num_groups}
        return _by(module, formulas.group_norm, formulas.group_norm_backward, **options)
    if isinstance(module, nn.LayerNorm) and len(module.normalized_shape) == 1:
        return _by(module, formulas.layer_norm, formulas.layer_norm_backward, eps=module.eps)
    if isinstance(module, nn.RMSNorm) and len(module.normalized_shape) == 1:
        return _by(module, formulas.rms_norm, formulas.rms_norm_backward, eps=module.eps)
    return None


def _by(module: Any, forward: Callable[..., Any], backward: Callable[..., Any], **options: Any) -> Formulas:
    """What a module has not is 1 or 0; an eps of None is that of the dtype."""
    is_scale = isinstance(module, nn.RMSNorm)

    def known(x: Ball, given: dict[str, Any]) -> dict[str, Any]:
        size = x.shape[1 if isinstance(module, PER_CHANNEL) else -1]
        gamma = given.pop("weight", None)
        beta = given.pop("bias", None)
        found = {"gamma": x.format.exact(np.ones(size)) if gamma is None else gamma}
        if not is_scale:
            found["beta"] = x.format.exact(np.zeros(size)) if beta is None else beta
        if options["eps"] is None:
            found["eps"] = float(np.finfo(x.format.dtype).eps)
        return options | found | given

    def backward_of(x: Ball, dout: Ball, **given: Any) -> dict[str, Ball]:
        found = backward(x, dout, **known(x, dict(given)))
        return {"dx": found["dx"], "dweight": found["dgamma"], "dbias": found.get("dbeta", found["dgamma"])}

    return Formulas(lambda x, **given: forward(x, **known(x, dict(given))), backward_of)


def _batch_norm(x: Ball, gamma: Ball, beta: Ball, eps: float, variance: Variance = variance_of) -> Any:
    none = x.format.exact(np.zeros(gamma.shape))
    return formulas.batch_norm(x, gamma, beta, none, none, eps, 0.0, True, variance)[0]


def _batch_norm_backward(
    x: Ball, dout: Ball, gamma: Ball, beta: Ball, eps: float, variance: Variance = variance_of
) -> dict[str, Ball]:
    return formulas.batch_norm_backward(x, dout, gamma, beta, beta, eps, True, variance)
