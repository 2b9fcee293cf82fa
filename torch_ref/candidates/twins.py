"""What a layer of somebody else's is compared with: a pair of the registry, or any PyTorch module."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch
from torch import nn

from torch_ref.candidates.building import build
from torch_ref.pair import Pair
from torch_ref.pairs import PAIRS, loss_of

Like: TypeAlias = str | Pair | nn.Module | Callable[..., nn.Module]

REGISTERED = {
    "Affine": "affine",
    "Linear": "affine",
    "ReLU": "relu",
    "SoftmaxWithLoss": "softmax_with_loss",
    "CrossEntropyLoss": "softmax_with_loss",
    "TwoLayerNet": "two_layer_net",
}


@dataclass(frozen=True)
class Twin:
    """`maker` makes the module for sizes ("in", "out"); `pair`, where there is one, makes it itself."""

    name: str
    maker: Callable[[Mapping[str, int]], nn.Module]
    pair: Pair | None = None

    def make(self, sizes: Mapping[str, int]) -> nn.Module:
        """The module; PyTorch draws first weights for it, of which its global random state shall not notice."""
        with torch.random.fork_rng(devices=[]):
            try:
                made = self.maker(sizes)
            except Exception as error:
                raise ValueError(f"{self.name}: the twin cannot be made: {error}") from error
        if not isinstance(made, nn.Module):
            raise ValueError(f"{self.name}: it must make an nn.Module, got {type(made).__name__}")  # noqa: TRY004
        return made


def twin_like(like: Like, targets: str | None = None) -> Twin:
    """A pair by its name or that of one of its two classes, a module of torch.nn by its name, or what makes a module.

    Raises ValueError for a name that is none of these.
    """
    if isinstance(like, str):
        like = like.removeprefix("torch.")
        name = REGISTERED.get(like.removeprefix("nn."), like)
        if name == "softmax_with_loss" and targets == "one-hot":
            pair = replace(
                PAIRS["softmax_with_loss_rows"], name="softmax_with_loss_one_hot", example=loss_of("one-hot")
            )
            return Twin(like, nn.Identity, pair)
        if name == "softmax_with_loss" and targets == "rows":
            name = "softmax_with_loss_rows"
        if name in PAIRS:
            return Twin(like, nn.Identity, PAIRS[name])
        found: Any = getattr(nn, like.removeprefix("nn."), None)
        if not _is_module_class(found):
            known = ", ".join([*REGISTERED, *(name for name in PAIRS if name not in REGISTERED.values())])
            raise ValueError(f"like: it must be one of {known}, a module of torch.nn, or a callable, got {like!r}")
        return Twin(f"nn.{like.removeprefix('nn.')}", lambda sizes: build(found, sizes))
    if isinstance(like, Pair):
        return Twin(like.name, nn.Identity, like)
    if isinstance(like, nn.Module):
        return Twin(type(like).__name__, lambda _: deepcopy(like))
    return Twin(getattr(like, "__name__", "the twin"), lambda sizes: build(like, sizes))


def _is_module_class(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, nn.Module)
