"""Which of a layer's arrays is which parameter of its pair, and whether transposed: the one rule, and its result.

By name first (W, weight and gamma are one kind, with their numbers), then by shape, then by shape transposed. Shapes that
fit both ways are settled by the names: W is (in, out), `weight` is (out, in). Where that leaves it open, the rule has two
answers, and a trial run says which (`settled`).
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from numpy_impl.validation import Array
from torch_ref.training.weights import Names
from torch_ref.your_layer.build import canonical

Shape: TypeAlias = tuple[int | None, ...]  # None is a length that is not known


class Place(NamedTuple):
    """Where a layer keeps a parameter of the pair: the name there, and whether it is transposed there."""

    name: str
    transposed: bool = False

    def read(self, array: Array) -> Array:
        """The pair's array, from the layer's, or the other way round."""
        return array.T if self.transposed else array


Places: TypeAlias = Mapping[str, Place]  # by the pair's names


class Wanted(NamedTuple):
    """A parameter of the pair, and the rule by which it is made of PyTorch's (`training.weights`)."""

    name: str
    shape: Shape
    rule: str

    @property
    def path(self) -> str:
        return self.rule.removesuffix(".T")

    @property
    def is_turned(self) -> bool:
        """Whether PyTorch keeps the transpose."""
        return self.rule.endswith(".T")

    def __str__(self) -> str:
        shape = self.shape[::-1] if self.is_turned else self.shape
        return f"{self.path} of {len(shape)} axes" if None in shape else f"{self.path} {shape}"


def wanted_of(rules: Names, shapes: Mapping[str, Shape]) -> list[Wanted]:
    return [Wanted(name, tuple(shapes[name]), rule) for name, rule in rules.items()]


def match(
    who: str, own: Mapping[str, Array], wanted: Sequence[Wanted], told: Names | None = None, *, of_arrays: bool = False
) -> list[Places]:
    """One answer, or two, the likelier first, where a run must tell them apart.

    `told` maps the layer's names to PyTorch's, {"W": "weight.T"}; it is None where nobody can be asked. The layer is
    made `of_arrays` where its constructor was given the wanted shapes: then these do not say how it takes a matrix.

    Raises ValueError where a parameter of the pair has no counterpart, or more than one.
    """
    shapes = {name: array.shape for name, array in own.items()}
    found = {want.name: [place] for want, place in _as_told(shapes, wanted, told or {}, of_arrays)}
    for only in (_is_named, _is_straight, _is_any):
        for want in wanted:
            if want.name in found:
                continue
            taken = {places[0].name for places in found.values()}
            free = [name for name in shapes if name not in taken]
            fitting = [ways for name in free if (ways := _ways(name, shapes[name], want, of_arrays))]
            fitting = [ways for ways in fitting if only(ways, want)]
            if len(fitting) == 1:
                found[want.name] = fitting[0]
    missing = [want for want in wanted if want.name not in found]
    if missing:
        free_shapes = {n: s for n, s in shapes.items() if n not in {places[0].name for places in found.values()}}
        raise ValueError(f"{who}: {_missing(missing[0], shapes, free_shapes, can_tell=told is not None)}")
    first, other = ({want.name: found[want.name][i] for want in wanted} for i in (0, -1))
    return [first] if first == other else [first, other]


def settled(answers: Sequence[Places], runs: Callable[[Places], bool]) -> Places:
    """The first that runs; if none does, the likelier one."""
    return answers[0] if len(answers) == 1 else next((one for one in answers if runs(one)), answers[0])


def _as_told(
    shapes: Mapping[str, tuple[int, ...]], wanted: Sequence[Wanted], told: Names, of_arrays: bool
) -> Iterator[tuple[Wanted, Place]]:
    by_path = {want.path: want for want in wanted}
    for name, theirs in told.items():
        path, is_turned = theirs.removesuffix(".T"), theirs.endswith(".T")
        if name not in shapes or path not in by_path:
            raise ValueError(
                f"map {name}={theirs}: the parameters are {_listed(shapes)};"
                f" those of the twin are {', '.join(map(str, wanted))}"
            )
        want, place = by_path[path], Place(name, is_turned != by_path[path].is_turned)
        if not of_arrays and not _fits(shapes[name], want.shape, transposed=place.transposed):
            raise ValueError(f"map {name}={theirs}: the shapes do not fit, {shapes[name]} and that of {want}")
        yield want, place


def _ways(name: str, shape: tuple[int, ...], want: Wanted, of_arrays: bool) -> list[Place]:
    """How an array can be the parameter, the likelier way first; none, if it cannot."""
    fits = [turned for turned in (False, True) if _fits(shape, want.shape, transposed=turned)]
    if len(shape) != 2 or not fits:
        return [Place(name)] if False in fits else []
    is_out_in = _is_out_in(name), _is_out_in(want.name)
    by_name = None if None in is_out_in else is_out_in[0] != is_out_in[1]
    if of_arrays:
        fits = [False, True]
    elif shape[0] == shape[1]:
        fits = [] if by_name is None else [by_name]
    return [Place(name, turned) for turned in sorted(fits, key=lambda turned: turned is not (by_name or False))]


def _fits(own: tuple[int, ...], shape: Shape, *, transposed: bool) -> bool:
    if len(own) != len(shape) or (transposed and len(own) != 2):
        return False
    return all(n in (None, m) for n, m in zip(shape, own[::-1] if transposed else own, strict=True))


def _is_out_in(name: str) -> bool | None:
    """Whether a matrix of this name is (out, in), as `weight` is, and W is not; of another name nobody can tell."""
    last = name.rpartition(".")[2].lower()
    return last.startswith("weight") if last.startswith("w") else None


def _is_named(ways: Sequence[Place], want: Wanted) -> bool:
    return canonical(ways[0].name) == canonical(want.name)


def _is_straight(ways: Sequence[Place], _: Wanted) -> bool:
    return not ways[0].transposed


def _is_any(*_: Any) -> bool:
    return True


def _missing(
    want: Wanted, shapes: Mapping[str, tuple[int, ...]], free: Mapping[str, tuple[int, ...]], *, can_tell: bool
) -> str:
    fitting = [n for n, s in free.items() if any(_fits(s, want.shape, transposed=turned) for turned in (False, True))]
    square = [name for name in fitting if len(free[name]) == 2 and len(set(free[name])) == 1]
    got = " and ".join(fitting) or "none of that shape"
    if square and len(fitting) == 1:
        got = f"{got}, which is square: its name must be W, if it is (in, out), or weight, if it is (out, in)"
    or_say = f", or say which is which, W={want.path}.T" if can_tell else ""
    return (
        f"the twin's parameter {want} must have one counterpart, got {got};"
        f" the parameters are {_listed(shapes)}: keep them as attributes or in a dict `params`{or_say}"
    )


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none"


def parameters_of(layer: Any) -> dict[str, Array]:
    """The arrays that may be parameters: those of the mapping `params`, or the attributes that are float arrays."""
    params = getattr(layer, "params", None)
    if isinstance(params, Mapping):
        return {name: value for name, value in params.items() if _is_parameter(value)}
    names = [name for name in getattr(layer, "__dict__", {}) if not name.startswith("_")]
    for cls in type(layer).__mro__:
        names += [name for name, value in vars(cls).items() if isinstance(value, property)]
    arrays = {}
    for name in names:
        with contextlib.suppress(Exception):  # a property may be one of what forward leaves
            arrays[name] = getattr(layer, name)
    found = {name: value for name, value in arrays.items() if _is_parameter(value)}
    return {name: value for name, value in found.items() if not (name[0] == "d" and name[1:] in found)}


def _is_parameter(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype.kind == "f"
