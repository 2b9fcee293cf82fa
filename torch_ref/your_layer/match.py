"""Which of a layer's arrays is which parameter of its pair, and whether transposed: the one rule, and its result.

By name first (W, weight and gamma are of one kind, and numbers count), then by shape, then by shape transposed. A
matrix whose shape fits both ways is as its name says: W (in, out), `weight` (out, in). Where names and shapes leave it
open the rule has two answers, and a run tells them apart (`settled`).
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from numpy_impl.validation import Array
from torch_ref.places import attributes, canonical, holder_of, is_gradient_of, params_in
from torch_ref.training.weights import Names

Shape: TypeAlias = tuple[int | None, ...]  # None is a length that is not known


class Place(NamedTuple):
    """Where a layer keeps a parameter of the pair: the path there, and how it lies there.

    `line` is (1, -1) or (-1, 1) for a vector that is kept as a row or a column; `is_channels_last` says that a kernel
    is kept as (KH, KW, C, F).
    """

    name: str
    transposed: bool = False
    line: tuple[int, ...] = ()
    is_channels_last: bool = False

    def of_pair(self, array: Array) -> Array:
        """The pair's array, from the layer's; a bias of a row may have its gradient without that axis."""
        if self.line:
            fits = array.size == array.shape[self.line.index(-1)] if array.ndim == len(self.line) else False
            return array.reshape(-1) if fits else array
        if self.is_channels_last:
            return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
        return array.T if self.transposed else array

    def of_layer(self, array: Array) -> Array:
        """The layer's array, from the pair's."""
        if self.line:
            return array.reshape(self.line)
        if self.is_channels_last:
            return array.transpose(2, 3, 1, 0)
        return array.T if self.transposed else array


Places: TypeAlias = Mapping[str, Place]  # by the pair's names

# From the surest to the least sure: an array is the parameter if it is the only one that passes the step.
_STEPS: Sequence[Callable[[Place, str], bool]] = (
    lambda place, wanted: canonical(place.name) == canonical(wanted),
    lambda place, _: not place.transposed,
    lambda *_: True,
)


def match(
    who: str,
    own: Mapping[str, Array],
    rules: Names,
    wanted: Mapping[str, Shape],
    told: Names | None = None,
    *,
    of_arrays: bool = False,
) -> list[Places]:
    """One answer, or two, the likelier first. `rules` and `wanted` are the pair's parameters, and their shapes.

    `told` maps the layer's names to PyTorch's, {"W": "weight.T"}. A layer whose constructor was given the wanted arrays
    is made `of_arrays`: its shapes do not say which way it takes a matrix.

    Raises ValueError where a parameter of the pair has no counterpart, or more than one.
    """
    found = _as_told(own, rules, wanted, told or {}, of_arrays)
    if len(own) == len(rules) and all(its.startswith("params[") for its in own) and not found:
        found = _in_order(own, rules, wanted, of_arrays)
    for passes in _STEPS:
        for name in [name for name in rules if name not in found]:
            taken = {ways[0].name for ways in found.values()}
            ways = [_ways(its, own[its].shape, name, wanted[name], of_arrays) for its in own if its not in taken]
            fitting = [way for way in ways if way and passes(way[0], name)]
            if len(fitting) == 1:
                found[name] = fitting[0]
    for name in rules:
        if name not in found:
            taken = {ways[0].name for ways in found.values()}
            left = {its: array.shape for its, array in own.items() if its not in taken}
            raise ValueError(
                f"{who}: the twin's parameter {_missing(rules[name], wanted[name], left)}; the parameters are"
                f" {_listed(own)}: keep them as attributes or in a dict `params`, or map one to it, NAME={rules[name]}"
            )
    likelier, other = ({name: found[name][i] for name in rules} for i in (0, -1))
    return [likelier] if likelier == other else [likelier, other]


def _in_order(
    own: Mapping[str, Array], rules: Names, wanted: Mapping[str, Shape], of_arrays: bool
) -> dict[str, list[Place]]:
    """A list has no names: its order is that of the twin's parameters, where the shapes allow it."""
    pairs = zip(own.items(), rules, strict=True)
    found = {name: _ways(its, array.shape, name, wanted[name], of_arrays) for (its, array), name in pairs}
    square = {name: [Place(its, turned) for turned in (False, True)] for its, name in zip(own, rules, strict=True)}
    found = {name: ways or (square[name] if _is_square(wanted[name]) else []) for name, ways in found.items()}
    return found if all(found.values()) else {}


def _is_square(shape: Shape) -> bool:
    return len(shape) == 2 and shape[0] == shape[1]


def settled(answers: Sequence[Places], runs: Callable[[Places], bool]) -> Places:
    """The first that runs; if none does, the likelier one."""
    return answers[0] if len(answers) == 1 else next((one for one in answers if runs(one)), answers[0])


def _as_told(
    own: Mapping[str, Array], rules: Names, wanted: Mapping[str, Shape], told: Names, of_arrays: bool
) -> dict[str, list[Place]]:
    by_path = {rule.removesuffix(".T"): name for name, rule in rules.items()}
    found = {}
    for its, theirs in told.items():
        name = by_path.get(theirs.removesuffix(".T"), "")
        if its not in own or not name:
            twins = ", ".join(f"{rules[name]} {wanted[name]}" for name in rules)
            raise ValueError(f"map {its}={theirs}: the parameters are {_listed(own)}; those of the twin are {twins}")
        place = Place(its, theirs.endswith(".T") != rules[name].endswith(".T"), _line(own[its].shape, wanted[name]))
        if not of_arrays and not place.line and not _fits(own[its].shape, wanted[name], transposed=place.transposed):
            shape = place.of_pair(own[its]).shape
            raise ValueError(f"map {its}={theirs}: the shapes do not fit, {shape} and {wanted[name]}")
        found[name] = [place]
    return found


def _ways(its: str, shape: tuple[int, ...], name: str, wanted: Shape, of_arrays: bool) -> list[Place]:
    """How an array of the layer can be the parameter, the likelier way first; none, if it cannot."""
    line = _line(shape, wanted)
    if line:
        return [Place(its, line=line)]
    if len(wanted) == 4 and shape != wanted and shape == tuple(wanted[i] for i in (2, 3, 1, 0)):
        return [Place(its, is_channels_last=True)]
    fits = [turned for turned in (False, True) if _fits(shape, wanted, transposed=turned)]
    if len(shape) == 2 and fits:
        is_out_in = _is_out_in(its), _is_out_in(name)
        by_name = None if None in is_out_in else is_out_in[0] != is_out_in[1]
        if of_arrays:
            fits = [False, True]
        elif shape[0] == shape[1]:
            fits = [] if by_name is None else [by_name]
        fits.sort(key=lambda turned: turned is not bool(by_name))
    return [Place(its, turned) for turned in fits]


def _line(shape: tuple[int, ...], wanted: Shape) -> tuple[int, ...]:
    """How a vector lies there as a row or a column, or beside more axes of length 1; () if it does not."""
    ones = [n == 1 for n in shape]
    if len(wanted) == 1 and len(shape) > 1 and sum(ones) >= len(shape) - 1 and wanted[0] in (None, max(shape)):
        at = ones.index(False) if False in ones else len(shape) - 1 if shape[0] == 1 else 0
        return tuple(-1 if i == at else 1 for i in range(len(shape)))
    return ()


def _fits(shape: tuple[int, ...], wanted: Shape, *, transposed: bool) -> bool:
    if len(shape) != len(wanted) or (transposed and len(shape) != 2):
        return False
    return all(n in (None, own) for n, own in zip(wanted, shape[::-1] if transposed else shape, strict=True))


def _is_out_in(name: str) -> bool | None:
    """Whether a matrix of this name is (out, in), as `weight` is, or (in, out), as W is; other names do not say it."""
    last = name.rpartition(".")[2].lower()
    return last.startswith("weight") if last.startswith("w") else None


def _missing(rule: str, wanted: Shape, left: Mapping[str, tuple[int, ...]]) -> str:
    fitting = [its for its, shape in left.items() if any(_fits(shape, wanted, transposed=t) for t in (False, True))]
    got = " and ".join(fitting) or "none of that shape"
    if len(fitting) == 1:
        got += ", a square one: its name must be W, if it is (in, out), or weight, if it is (out, in)"
    size = f"of {len(wanted)} axes" if None in wanted else wanted
    return f"{rule} {size} must have one counterpart, got {got}"


def _listed(own: Mapping[str, Array]) -> str:
    return ", ".join(f"{name} {array.shape}" for name, array in own.items()) or "none"


def parameters_of(layer: Any) -> dict[str, Array]:
    """The arrays that may be parameters, by their paths: those of `params`, else the attributes that are float arrays.

    `params` is a mapping, or a list of arrays, of objects that hold one, or of pairs of an array and its gradient.
    """
    params = params_in(layer)
    if isinstance(params, Mapping):
        return _parameters_in(params)
    if isinstance(params, list | tuple) and params:
        paths = {f"params[{i}]" + "[0]" * isinstance(one, tuple): one for i, one in enumerate(params)}
        return _parameters_in({path: one[0] if isinstance(one, tuple) else one for path, one in paths.items()})
    names = [name for name in attributes(layer) if not name.startswith("_")]
    for cls in type(layer).__mro__:
        names += [name for name, value in vars(cls).items() if isinstance(value, property)]
    things = {}
    for name in names:
        with contextlib.suppress(Exception):  # a property may be one of what forward leaves
            things[name] = getattr(layer, name)
    found = _parameters_in(things)
    for name, thing in things.items():  # layers of a layer
        if name not in found and hasattr(type(thing), "forward"):
            found |= {f"{name}.{path}": array for path, array in parameters_of(thing).items()}
    return {name: value for name, value in found.items() if not any(is_gradient_of(name, other) for other in found)}


def _parameters_in(things: Mapping[str, Any]) -> dict[str, Array]:
    arrays: dict[str, Any] = {}
    for name, thing in things.items():
        holder = holder_of(thing)
        arrays[name] = getattr(thing, holder) if holder else thing
    return {name: value for name, value in arrays.items() if _is_parameter(value)}


def _is_parameter(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype.kind == "f"
