"""The twin that a user's layer is compared with: a pair of the registry, or any PyTorch module."""

import ast
import contextlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn import functional

import numpy_impl
from torch_ref.families import PAIRS, pair_like
from torch_ref.families.losses import ONE_HOT, ROWS
from torch_ref.pair import Kind, Pair
from torch_ref.your_layer.build import SIZES, build, name_of
from torch_ref.your_layer.function_twin import is_loss, maker_of
from torch_ref.your_layer.methods import INPUTS
from torch_ref.your_layer.module_options import Arguments, with_options, with_settings
from torch_ref.your_layer.shapes import Shape

Like: TypeAlias = str | Pair | nn.Module | Callable[..., Any]

# The attributes that say how many features a module takes, and gives.
IN = ("in_features", "num_features", "in_channels", "num_channels", "num_embeddings", "input_size")
OUT = ("out_features", "out_channels", "embedding_dim", "hidden_size")

# Layers with options, or chance, beside whose modules a user's layer is checked: the module has the options.
BY_MODULE: tuple[Any, ...] = (
    numpy_impl.BatchNorm, numpy_impl.LayerNorm, numpy_impl.RMSNorm, numpy_impl.GroupNorm, numpy_impl.Dropout,
)  # fmt: skip


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
        return is_loss(taken_by(self.make(SOME)))


SOME = {"in": 5, "hidden": 3, "out": 3}


def taken_by(module: nn.Module) -> list[str]:
    """The names of the inputs that a module must be given."""
    if hasattr(module, "takes"):
        return list(vars(module)["takes"])
    forward = inspect.signature(module.forward).parameters.values()
    return [one.name for one in forward if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]


def twin_like(like: Like, targets: str | None = None, shape: Sequence[int] = ()) -> Twin:
    """A pair by its name or one of its classes' names; a module of torch.nn or a function of torch.nn.functional, by
    its name or as an expression; a module, a callable that makes one, or a function of tensors. `shape` is that of a
    sample, where x is not (N, D).

    Raises ValueError for a name that is none of these.
    """
    if isinstance(like, Pair):
        return Twin(like.name, nn.Identity, like)
    if isinstance(like, nn.Module):
        made = _of_one_size(type(like).__name__, lambda _: deepcopy(like))
        return _by_options(pair_like(made.name), made, shape)
    if not isinstance(like, str):
        return _of_callable(like, shape)
    name, arguments = _parsed(like)
    name, pair = _pair_of(name, targets, arguments)
    found: Any = getattr(nn, name, None)
    if pair and pair.kind is not Kind.OPTIMIZER and arguments is None and not pair.like:
        return Twin(name, nn.Identity, pair)
    if isinstance(found, type) and issubclass(found, nn.Module):
        return _of_class(found, like if arguments else f"nn.{name}", arguments, pair, shape)
    module = _as_module(name, arguments)
    if module:
        return twin_like(module + like[len(like.partition("(")[0]) :], targets, shape)
    function = getattr(functional, name, None) or getattr(torch, name, None)
    if callable(function) and not isinstance(function, type):
        args, named = arguments or ([], {})
        return Twin(like, maker_of(function, _x_of(name, shape), args, named))
    layers = [pair for pair in PAIRS.values() if pair.kind is not Kind.OPTIMIZER]
    known = ", ".join(dict.fromkeys(n for pair in layers for n in (name_of(pair.layer), pair.twin_name, pair.name)))
    raise ValueError(
        f"like: it must be one of {known}, a module of torch.nn such as Softmax(dim=1),"
        f" a function of torch.nn.functional such as gelu, or a callable, got {like!r}"
    )


def _pair_of(name: str, targets: str | None, arguments: Arguments | None) -> tuple[str, Pair | None]:
    """The pair of this name, for these targets, or the name of the module that is checked beside in its place."""
    found = getattr(nn, name, None)
    if isinstance(found, type) and issubclass(found, nn.RNNBase):  # which has many forms, that `like_recurrent` tells
        return name, None
    pair = pair_like(name)
    if pair and pair.layer in BY_MODULE:
        return (pair.twin_name if name in (pair.name, name_of(pair.layer)) else name), None
    if pair is PAIRS["softmax_with_loss"]:
        pair = {"one-hot": ONE_HOT, "rows": ROWS}.get(targets or "", pair)
    if pair and not (pair.parameters or pair.like):
        pair = with_options(pair, getattr(nn, name, None) or getattr(nn, _as_module(name, arguments), None), arguments)
    return name, pair


def _of_class(module: Any, name: str, arguments: Arguments | None, pair: Pair | None, shape: Sequence[int]) -> Twin:
    """A module of torch.nn, in any size if it has no arguments; its pair, where that has the same options."""
    if arguments is None:
        twin = Twin(name, lambda sizes: build(module, sizes))
        needs = [one for one in inspect.signature(module).parameters.values() if one.default is one.empty]
        return twin if needs else _by_options(pair, twin, shape)
    args, named = arguments
    made = _of_one_size(name, lambda _: module(*args, **named))
    if pair and pair.like:
        return _by_options(pair, made, shape)
    only_sizes = all(isinstance(one, int) and not isinstance(one, bool) for one in args) and not named
    is_pair = pair and (only_sizes or not pair.parameters)
    return Twin(name, nn.Identity, pair, made.sizes) if is_pair else made


def _by_options(pair: Pair | None, twin: Twin, shape: Sequence[int]) -> Twin:
    """The pair on data for the twin's options, if it is one that has them; else the twin alone."""
    found = with_settings(pair, twin.make({}), shape) if pair and pair.like else None
    return Twin(twin.name, twin.maker, found, twin.sizes) if found else twin


def _as_module(name: str, arguments: Arguments | None) -> str:
    """The module that is the same as a function of torch.nn.functional: LeakyReLU for leaky_relu; or none."""
    classes = {one.lower(): one for one, found in vars(nn).items() if isinstance(found, type)}
    own = name.replace("_", "")
    found = classes.get(own, classes.get(f"{own}loss", ""))
    args, named = arguments or ([], {})
    try:
        module = getattr(nn, found)(*args, **named)
    except Exception:  # noqa: BLE001 - there is none, or it takes other arguments
        return ""
    return found if name.islower() and not [*module.parameters()] else ""


def _of_callable(like: Any, shape: Sequence[int]) -> Twin:
    """One that makes a module of sizes, or else a function of tensors."""
    name = getattr(like, "__name__", "the twin")
    twin = Twin(name, lambda sizes: build(like, sizes))
    try:
        twin.make(SOME)
    except ValueError as error:
        first = next(iter(inspect.signature(like).parameters), "").lower()
        if isinstance(like, type) or not first or (first in SIZES["in"] and first not in INPUTS):
            raise
        with contextlib.suppress(ValueError):
            return Twin(name, maker_of(like, _x_of(name, shape)))
        raise ValueError(f"{error}; nor is it a function of tensors whose shapes are told by their names") from None
    return twin


def _x_of(name: str, shape: Sequence[int]) -> Shape:
    """The shape of x, of a function that tells by its name whether it takes images."""
    of_images: Mapping[str, Shape] = {"1d": (3, 7), "2d": (3, 7, 6)}
    return ("N", *(shape or of_images.get(name[-2:], ("D",))))


def _parsed(like: str) -> tuple[str, Arguments | None]:
    """The name of a module, and the arguments, if it is called: "nn.Conv2d(3, 4, 3, padding=1)"."""
    name, called, _ = like.partition("(")
    name = name.strip().removeprefix("torch.").removeprefix("nn.").removeprefix("functional.").removeprefix("F.")
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
        if isinstance(one, nn.Flatten):
            return (3, 7, 6)
        axes = type(one).__name__[-2:]
        if axes in ("1d", "2d") and not isinstance(one, nn.BatchNorm1d):
            channels = next((getattr(one, n) for n in IN if hasattr(one, n)), 3)
            return (channels, 7, 6) if axes == "2d" else (channels, 7)
    return ()
