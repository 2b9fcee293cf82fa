"""The twin that a user's layer is compared with: a pair of the registry, or any PyTorch module."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import nn

from torch_ref.families.losses import ONE_HOT, ROWS
from torch_ref.pair import Kind, Pair
from torch_ref.registry import PAIRS, pair_like
from torch_ref.your_layer.build import build, name_of

Like: TypeAlias = str | Pair | nn.Module | Callable[..., nn.Module]


@dataclass(frozen=True)
class Twin:
    """`maker` makes the module for sizes ("in", "out"); `pair`, where there is one, makes it itself."""

    name: str
    maker: Callable[[Mapping[str, int]], nn.Module]
    pair: Pair | None = None

    def make(self, sizes: Mapping[str, int]) -> nn.Module:
        """The module; PyTorch draws first weights for it, and its global random state is put back."""
        with torch.random.fork_rng(devices=[]):
            try:
                made = self.maker(sizes)
            except Exception as error:
                raise ValueError(f"{self.name}: the twin cannot be made: {error}") from error
        if not isinstance(made, nn.Module):
            raise ValueError(f"{self.name}: it must make an nn.Module, got {type(made).__name__}")  # noqa: TRY004
        return made


def twin_like(like: Like, targets: str | None = None) -> Twin:
    """A pair by its name or one of its classes' names, a module of torch.nn by its name, or a function that makes one.

    Raises ValueError for a name that is none of these.
    """
    if isinstance(like, Pair):
        return Twin(like.name, nn.Identity, like)
    if isinstance(like, nn.Module):
        return Twin(type(like).__name__, lambda _: deepcopy(like))
    if not isinstance(like, str):
        return Twin(getattr(like, "__name__", "the twin"), lambda sizes: build(like, sizes))
    name = like.removeprefix("torch.")
    pair = pair_like(name.removeprefix("nn."))
    if pair is PAIRS["softmax_with_loss"]:
        pair = {"one-hot": ONE_HOT, "rows": ROWS}.get(targets or "", pair)
    if pair and pair.kind is not Kind.OPTIMIZER:
        return Twin(name, nn.Identity, pair)
    found: Any = getattr(nn, name.removeprefix("nn."), None)
    if isinstance(found, type) and issubclass(found, nn.Module):
        return Twin(f"nn.{name.removeprefix('nn.')}", lambda sizes: build(found, sizes))
    layers = [pair for pair in PAIRS.values() if pair.kind is not Kind.OPTIMIZER]
    known = ", ".join(dict.fromkeys(n for pair in layers for n in (name_of(pair.layer), pair.twin_name, pair.name)))
    raise ValueError(f"like: it must be one of {known}, a module of torch.nn, or a callable, got {name!r}")
