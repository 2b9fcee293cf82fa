"""Optimizers beside those of torch.optim: one step from a given state."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

import numpy_impl
from torch_ref.families.optimizers import causes, causes_adaptive, formulas
from torch_ref.families.optimizers.data import STEPS, example_of, refusals_of
from torch_ref.pair import Kind, Pair
from torch_ref.registry import register
from torch_ref.training.weights import Names

ADAM: Names = {"m": "exp_avg", "v": "exp_avg_sq", "t": "step"}


def of_optimizer(
    layer: Callable[..., Any], twin: Callable[..., Any], state: Names, options: Sequence[str], **more: Any
) -> Pair:
    """`twin(parameters, optimizer)` makes PyTorch's, with the settings of NumPy's."""
    names = tuple(state)
    return Pair(
        more.pop("name"),
        layer,
        lambda optimizer: lambda parameters: twin(parameters, optimizer),
        more.pop("example", example_of(*names)),
        kind=Kind.OPTIMIZER,
        inputs=("p", "g", *names),
        outputs=("p", *names),
        input_gradients=(),
        optimizer_state=state,
        options=options,
        batches_only=True,
        refusals=refusals_of(*names),
        **more,
    )


SGD = register(
    of_optimizer(
        numpy_impl.SGD,
        lambda ps, ours: torch.optim.SGD(ps, ours.lr, weight_decay=ours.weight_decay),
        {},
        ("lr", "weight_decay"),
        name="sgd",
        twin_name="SGD",
        forward=formulas.sgd,
        causes=causes.SGD,
        data_sets=STEPS["sgd"],
    )
)
MOMENTUM = register(
    of_optimizer(
        numpy_impl.Momentum,
        lambda ps, ours: torch.optim.SGD(
            ps, ours.lr, ours.momentum, nesterov=ours.nesterov, weight_decay=ours.weight_decay
        ),
        {"v": "momentum_buffer"},
        ("lr", "momentum", "nesterov", "weight_decay"),
        name="momentum",
        twin_name="SGD",
        forward=formulas.momentum,
        causes=causes.MOMENTUM,
        data_sets=STEPS["momentum"],
    )
)
ADAGRAD = register(
    of_optimizer(
        numpy_impl.AdaGrad,
        lambda ps, ours: torch.optim.Adagrad(ps, ours.lr, eps=ours.eps),
        {"h": "sum"},
        ("lr", "eps"),
        name="adagrad",
        twin_name="Adagrad",
        forward=formulas.adagrad,
        causes=causes_adaptive.ADAGRAD,
        data_sets=STEPS["adagrad"],
    )
)
RMSPROP = register(
    of_optimizer(
        numpy_impl.RMSprop,
        lambda ps, ours: torch.optim.RMSprop(ps, ours.lr, ours.alpha, ours.eps),
        {"h": "square_avg"},
        ("lr", "alpha", "eps"),
        name="rmsprop",
        twin_name="RMSprop",
        forward=formulas.rmsprop,
        causes=causes_adaptive.RMSPROP,
        data_sets=STEPS["rmsprop"],
    )
)
OF_ADAM = register(
    of_optimizer(
        numpy_impl.Adam,
        lambda ps, ours: torch.optim.Adam(ps, ours.lr, ours.betas, ours.eps),
        ADAM,
        ("lr", "betas", "eps"),
        name="adam",
        twin_name="Adam",
        forward=formulas.adam,
        causes=causes_adaptive.ADAM,
        data_sets=STEPS["adam"],
    )
)
OF_ADAMW = register(
    of_optimizer(
        numpy_impl.AdamW,
        lambda ps, ours: torch.optim.AdamW(ps, ours.lr, ours.betas, ours.eps, ours.weight_decay),
        ADAM,
        ("lr", "betas", "eps", "weight_decay"),
        name="adamw",
        twin_name="AdamW",
        forward=formulas.adamw,
        causes=causes_adaptive.ADAMW,
        data_sets=STEPS["adamw"],
    )
)
