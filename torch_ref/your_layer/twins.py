"""The twin that a user's layer is compared with: a pair of the registry, or any PyTorch module."""

import ast
import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import nn

from torch_ref.families.losses import ONE_HOT, ROWS
from torch_ref.pair import Kind, Pair
from torch_ref.registry import PAIRS, pair_like
from torch_ref.your_layer.build import build, name_of

Like: TypeAlias = str | Pair | nn.Module | Callable[..., nn.Module]

# The attributes that say how many features a module takes, and gives.
IN = ("in_features", "num_features", "in_channels", "num_channels")
OUT = ("out_features", "out_channels")


@dataclass(frozen=True)
class Twin:
    """`maker` makes the module for sizes ("in", "out"); `pair`, where there is one, makes it itself.

    `sizes` are those that the twin has, and no others.
    """

    name: str
    maker: Callable[[Mapping[str, int]], nn.Module]
    pair: Pair | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

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

    @property
    def is_loss(self) -> bool:
        """Whether it takes targets too."""
        try:
            forward = inspect.signature(self.make({"in": 5, "hidden": 3, "out": 3}).forward)
        except (ValueError, TypeError):
            return False
        return len([one for one in forward.parameters.values() if one.default is one.empty]) > 1


def twin_like(like: Like, targets: str | None = None) -> Twin:
    """A pair by its name or one of its classes' names, a module of torch.nn by its name or as an expression, or a
    function that makes one.

    Raises ValueError for a name that is none of these.
    """
    if isinstance(like, Pair):
        return Twin(like.name, nn.Identity, like)
    if isinstance(like, nn.Module):
        return _of_one_size(type(like).__name__, lambda _: deepcopy(like))
    if not isinstance(like, str):
        return Twin(getattr(like, "__name__", "the twin"), lambda sizes: build(like, sizes))
    name, arguments = _parsed(like)
    pair = pair_like(name)
    if pair is PAIRS["softmax_with_loss"]:
        pair = {"one-hot": ONE_HOT, "rows": ROWS}.get(targets or "", pair)
    if pair and pair.kind is not Kind.OPTIMIZER and arguments is None:
        return Twin(name, nn.Identity, pair)
    found: Any = getattr(nn, name, None)
    if isinstance(found, type) and issubclass(found, nn.Module):
        if arguments is None:
            return Twin(f"nn.{name}", lambda sizes: build(found, sizes))
        args, named = arguments
        made = _of_one_size(like, lambda _: found(*args, **named))
        only_sizes = all(isinstance(one, int) and not isinstance(one, bool) for one in args) and not named
        return Twin(like, nn.Identity, pair, made.sizes) if pair and only_sizes else made
    layers = [pair for pair in PAIRS.values() if pair.kind is not Kind.OPTIMIZER]
    known = ", ".join(dict.fromkeys(n for pair in layers for n in (name_of(pair.layer), pair.twin_name, pair.name)))
    raise ValueError(
        f"like: it must be one of {known}, a module of torch.nn such as Softmax(dim=1), or a callable, got {like!r}"
    )


def _parsed(like: str) -> tuple[str, tuple[list[Any], dict[str, Any]] | None]:
    """The name of a module, and the arguments, if it is called: "nn.Conv2d(3, 4, 3, padding=1)"."""
    name, called, _ = like.partition("(")
    name = name.strip().removeprefix("torch.").removeprefix("nn.")
    if not called:
        return name, None
    try:
        call = ast.parse(like.strip(), mode="eval").body
        args, keywords = (call.args, call.keywords) if isinstance(call, ast.Call) else ([call], [])
        named = {str(one.arg): ast.literal_eval(one.value) for one in keywords}
        return name, ([ast.literal_eval(one) for one in args], named)
    except (SyntaxError, ValueError):
        raise ValueError(f"like: it must be a module with literal arguments, as Softmax(dim=1), got {like!r}") from None


def _of_one_size(name: str, maker: Callable[[Mapping[str, int]], nn.Module]) -> Twin:
    """A twin whose sizes its own module tells."""
    module = Twin(name, maker).make({})
    layers: list[Any] = [one for one in module.modules() if not [*one.children()]]
    takes = [getattr(one, n) for one in layers for n in IN if hasattr(one, n)]
    gives = [getattr(one, n) for one in layers for n in OUT if hasattr(one, n)]
    shapes = [one.normalized_shape[-1] for one in layers if hasattr(one, "normalized_shape")]
    sizes = {"in": (takes or shapes)[:1], "out": gives[-1:]}
    return Twin(name, maker, sizes={kind: int(some[0]) for kind, some in sizes.items() if some})


def shape_for(module: nn.Module) -> tuple[int, ...]:
    """The shape of a sample, where a module takes images or sequences with channels: neither square nor all alike."""
    for one in module.modules():
        axes = type(one).__name__[-2:]
        if axes in ("1d", "2d") and not isinstance(one, nn.BatchNorm1d):
            channels = next((getattr(one, n) for n in IN if hasattr(one, n)), 3)
            return (channels, 7, 6) if axes == "2d" else (channels, 7)
    return ()
