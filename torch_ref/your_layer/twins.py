"""What a layer of somebody else's is compared with: a pair of the registry, or any PyTorch module."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import nn

from torch_ref.your_layer.build import build
from torch_ref.pair import Pair
from torch_ref.families.losses import ONE_HOT, ROWS
from torch_ref.registry import PAIRS, pair_like

Like: TypeAlias = str | Pair | nn.Module | Callable[..., nn.Module]

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
        pair = pair_like(like.removeprefix("nn."))
        if pair is PAIRS["softmax_with_loss"]:
            pair = {"one-hot": ONE_HOT, "rows": ROWS}.get(targets or "", pair)
        if pair:
            return Twin(like, nn.Identity, pair)
        found: Any = getattr(nn, like.removeprefix("nn."), None)
        if not _is_module_class(found):
            names = [[getattr(p.layer, "__name__", ""), p.twin_name, p.name] for p in PAIRS.values()]
            known = ", ".join(dict.fromkeys(name for some in names for name in some))
            raise ValueError(f"like: it must be one of {known}, a module of torch.nn, or a callable, got {like!r}")
        return Twin(f"nn.{like.removeprefix('nn.')}", lambda sizes: build(found, sizes))
    if isinstance(like, Pair):
        return Twin(like.name, nn.Identity, like)
    if isinstance(like, nn.Module):
        return Twin(type(like).__name__, lambda _: deepcopy(like))
    return Twin(getattr(like, "__name__", "the twin"), lambda sizes: build(like, sizes))


def _is_module_class(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, nn.Module)
