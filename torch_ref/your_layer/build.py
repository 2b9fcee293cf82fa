"""Makes an object of a user's class: the constructor's arguments are told by their names."""

import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from numpy_impl.validation import Array
from torch_ref.checks.chance import seeded
from torch_ref.places import canonical
from torch_ref.your_layer.locate import file_of, line_of_error
from torch_ref.your_layer.surroundings import usual

# How constructors call their arguments, in lower case.
IN = """in d din d_in n_in nin in_dim dim_in input_dim in_size input_size size_in in_features n_features num_features
features in_channels num_inputs n_inputs inputs fan_in size dim normalized_shape channels in_ num_in n_input input
num_embeddings vocab_size vocab"""
HIDDEN = "hidden h d_hidden n_hidden hidden_dim hidden_size hidden_units num_hidden"
OUT = """out m dout d_out n_out nout out_dim dim_out output_dim out_size output_size size_out out_features units
n_classes num_classes classes out_channels num_outputs n_outputs outputs fan_out out_ num_out n_output output n_neurons
neurons embedding_dim embed_dim"""
EXPLICIT = ("num_classes", "n_classes", "classes", "units", "n_neurons", "neurons", "num_features", "features")
SIZES = {"in": IN.split(), "hidden": HIDDEN.split(), "out": OUT.split()}


def make(cls: Any, sizes: Mapping[str, int], params: Mapping[str, Array], options: Mapping[str, Any] | None) -> Any:
    """As `build`, from copies of all. Raises ValueError, in the class's name, whatever the constructor does."""
    try:
        with usual(), seeded(0):  # its first weights are the same each time
            return build(cls, sizes, {name: value.copy() for name, value in params.items()}, deepcopy(options))
    except SystemExit as error:
        raise ValueError(_not_made(cls, "it calls sys.exit", error)) from error
    except Exception as error:
        if str(error).startswith(f"{name_of(cls)}: "):
            raise
        raise ValueError(_not_made(cls, f"{type(error).__name__}: {error}", error)) from error


def _not_made(cls: Any, why: str, error: BaseException) -> str:
    where = line_of_error(error, file_of(cls))
    return f"{name_of(cls)}: it cannot be made: {why}{f' ({where})' if where else ''}"


def build(
    make: Callable[..., Any],
    sizes: Mapping[str, int],
    params: Mapping[str, Array] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """An object from sizes ("in", "hidden", "out"), or from arrays; `options` are arguments by their own names.

    Raises ValueError for another argument that has no default.
    """
    by_kind = _by_kind(params or {})
    arguments = dict(options or {})
    required = []
    for parameter in _parameters(make):
        if parameter.name in arguments:
            continue
        value = _argument(parameter, sizes, by_kind)
        if value is not None:
            arguments[parameter.name] = value
        elif parameter.default is parameter.empty:
            required.append(parameter.name)
    if required:
        raise ValueError(
            f"{name_of(make)}: cannot tell what its argument {required[0]!r} is: neither a size"
            f" ({', '.join(sizes) or 'none'}) nor a parameter ({', '.join(params or {}) or 'none'}) by its name;"
            " give it a value"
        )
    return make(**arguments)


def takes(make: Callable[..., Any], sizes: Mapping[str, int], params: Mapping[str, Array]) -> bool:
    """Whether the constructor has an argument for one of the sizes or arrays."""
    by_kind = _by_kind(params)
    return any(_argument(parameter, sizes, by_kind) is not None for parameter in _parameters(make))


def _by_kind(params: Mapping[str, Array]) -> dict[tuple[str, str], Array]:
    """By kind and number; the only one of its kind also without a number."""
    found = {canonical(name): value for name, value in params.items()}
    kinds = [kind for kind, _ in found]
    return found | {(kind, ""): value for (kind, _), value in found.items() if kinds.count(kind) == 1}


def sizes_in(options: Mapping[str, Any]) -> dict[str, int]:
    """The sizes among the arguments that are given: num_classes=3."""
    return {
        kind: value for name, value in options.items() for kind, words in SIZES.items()
        if name.lower() in words and type(value) is int
    }  # fmt: skip


def name_of(cls: Any) -> str:
    return str(getattr(cls, "__name__", cls))


def _parameters(make: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        found = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def _argument(parameter: inspect.Parameter, sizes: Mapping[str, int], by_kind: Mapping[tuple[str, str], Array]) -> Any:
    """An argument with a default keeps it, unless that is None, or the name says which size the argument is.

    `dtype` is that of the parameters.
    """
    name, default = parameter.name.lower(), parameter.default
    if name == "dtype" and by_kind:
        return next(iter(by_kind.values())).dtype
    if canonical(name) in by_kind and (default is parameter.empty or default is None):
        return by_kind[canonical(name)]
    for kind, words in SIZES.items():
        says_which = kind in name or default is parameter.empty or name in EXPLICIT
        if name in words and kind in sizes and says_which:
            return sizes[kind]
    return None
