"""Why a result is wrong: the slip that reproduces it, on every data set, to within the bound. Nothing is guessed.

A cause is said of a tensor only if, wherever the tensor was computed, it holds what the cause predicts: also where that
is the right value. Causes are tried from the most to the least specific.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.any_layer import LAST_RESORTS, causes_for
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import SKIPPED, Cause, Prediction, Read, Suspect

CHANGED = "changed before it is used"


class Observation(NamedTuple):
    """One tensor that a layer computed on one data set, and the data set as the layer left it."""

    case: Case
    got: Array
    left: Case

    def is_right(self, name: str) -> bool:
        return reproduces(self.got, self.case.right[name], self.case)


def causes_of(name: str, observations: Sequence[Observation]) -> list[str]:
    """The slips, in words, each of which explains all observations of a tensor: none, if no slip is known that does.

    They are several where the data cannot tell them apart. Where all is right there are none.
    """
    wrong = [one for one in observations if not one.is_right(name)]
    if not wrong:
        return []
    dtypes, expected = {one.got.dtype for one in wrong}, wrong[0].case.dtype
    if dtypes == {expected}:
        return _explanations(name, observations)
    if len(dtypes) > 1:
        return []
    (dtype,) = dtypes
    returned = f"it is returned in {dtype}, not in {expected}"
    # Rounded to what it ought to be, is it right then, or has it another slip besides?
    converted = [one._replace(got=one.got.astype(expected)) for one in observations]
    if all(one.is_right(name) for one in converted):
        return [returned]
    return [f"{says}; and {returned}" for says in _explanations(name, converted)]


def _explanations(name: str, observations: Sequence[Observation]) -> list[str]:
    wrong = [one for one in observations if not one.is_right(name)]
    right = [one for one in observations if one.is_right(name)]
    in_place = _of([*_in_place(wrong)], name, wrong, right)
    if in_place:
        return in_place
    suspects = (*wrong[0].case.pair.causes, *causes_for(wrong[0].case.pair.parameters))
    found = _of(suspects, name, wrong, right) or _of(LAST_RESORTS, name, wrong, right)
    if not found or not changed_in(wrong):
        return found
    # It may as well be another slip, with the data as they are left.
    of_left = _of(suspects, name, _as_left(wrong), _as_left(right))
    return found if not of_left or set(of_left) == set(found) else []


def changed_in(observations: Sequence[Observation]) -> list[str]:
    """The names of the arrays whose values the layer has changed; a wider dtype of its own is no change."""
    names = ((one, name) for one in observations for name in changes(one.case, one.left))
    return sorted({name for one, name in names if not _is_wider(one.case.arrays()[name], one.left.arrays()[name])})


def _is_wider(before: Array, after: Array) -> bool:
    return before.dtype != after.dtype and np.array_equal(before.astype(after.dtype), after, equal_nan=True)


def _as_left(observations: Sequence[Observation]) -> list[Observation]:
    return [one._replace(case=one.left) for one in observations]


def _of(
    suspects: Sequence[Suspect], name: str, wrong: Sequence[Observation], right: Sequence[Observation]
) -> list[str]:
    found: list[Cause] = []
    for cause in _tried(suspects, name, wrong):
        if not _explains(cause, name, wrong, right):
            continue
        relatives = [other for other in found if cause.family and other.family == cause.family]
        if not any(_say_the_same(cause.predicts, other.predicts, name, wrong) for other in relatives):
            found.append(cause)
    return list(dict.fromkeys(cause.says for cause in found))


def _in_place(wrong: Sequence[Observation]) -> Iterator[Cause]:
    """What can be said only when one has seen the layer run."""
    left = {id(one.case): one.left for one in wrong}
    changed = changed_in(wrong)
    if changed:
        yield Cause(
            f"{' and '.join(changed)} {CHANGED}",
            lambda case, name: left[id(case)].right[name] if id(case) in left else None,
        )


def changes(case: Case, left: Case) -> list[str]:
    """The names of the arrays that are not as they were."""
    before, after = case.arrays(), left.arrays()
    return [name for name, value in before.items() if _identity(value) != _identity(after[name])]


def _identity(array: Array) -> tuple[Any, ...]:
    return array.shape, array.dtype, array.tobytes()


def _tried(suspects: Sequence[Suspect], name: str, wrong: Sequence[Observation]) -> Iterator[Cause]:
    """With the number in them, if they have one."""
    for suspect in suspects:
        if isinstance(suspect, Cause):
            yield suspect
        elif isinstance(suspect, Read):
            a = next(filter(None, (suspect.reads(one, name) for one in wrong)), 0)
            if a:
                yield Cause(suspect.says.format(a=f"{a:g}"), suspect.predicts(a))
        else:
            a = _fitted(suspect.direction, name, wrong)
            if a:
                yield Cause(
                    suspect.says.format(a=f"{suspect.shown(suspect.sign * a):g}"), suspect.predicts(a), suspect.family
                )


def _explains(cause: Cause, name: str, wrong: Sequence[Observation], right: Sequence[Observation]) -> bool:
    """Wrong values are predicted; and where the values are right, so is the prediction, or it is none that fits.

    (A slip that changes the shape may be made "where the shapes allow it".) Half of the wrong observations or more must
    tell something: an entry that is wrong, and that the prediction says to within a finite radius; or, of a cause that
    overflows, which results are finite.
    """
    predicts = cause.predicts
    telling = skipped = 0
    for one in wrong:
        ball = predicts(one.case, name)
        if ball is SKIPPED:
            skipped += 1
            continue
        if ball is not None and ball.shape == one.got.shape and np.isinf(ball.radius).all():
            continue  # so wide that anything is within: neither for nor against
        if ball is None or not reproduces(one.got, ball, one.case):
            return False
        telling += _tells(one, name, ball)
    if cause.overflows and any(np.isfinite(one.got).any() for one in (*wrong, *right)):
        telling = len(wrong) - skipped
    if not telling or 2 * telling < len(wrong) - skipped:
        return False
    for one in right:
        ball = predicts(one.case, name)
        if isinstance(ball, Ball) and ball.shape == one.got.shape and not reproduces(one.got, ball, one.case):
            return False
    return True


@ieee_arithmetic
def _tells(one: Observation, name: str, ball: Ball) -> bool:
    right = one.case.right[name]
    if ball.shape != right.shape:
        return True
    is_wrong = ~(abs(one.got - right.centre) <= right.radius)
    foretold = is_wrong & ~np.isinf(ball.radius)
    return bool((foretold & np.isfinite(one.got)).any() or (foretold.any() and not is_wrong.all()))


def _say_the_same(one: Prediction, other: Prediction, name: str, wrong: Sequence[Observation]) -> bool:
    """Such as a factor of the batch and one of all samples, where there is one leading axis."""
    balls = [(one(w.case, name), other(w.case, name)) for w in wrong]
    return all(a is not None and b is not None and np.array_equal(a.centre, b.centre, equal_nan=True) for a, b in balls)


@ieee_arithmetic
def reproduces(got: Any, ball: Ball, case: Case) -> bool:
    """Whether an array has the shape of the ball and the dtype of the data, and lies within the ball.

    A ball of a narrower format asks for numbers of that format, and where its radius is infinite for no more. Where a
    radius is NaN only that both are NaN, infinite or finite is compared. Any other infinite radius reproduces nothing.
    """
    if not isinstance(got, np.ndarray | np.generic) or (got.shape, got.dtype) != (ball.shape, case.dtype):
        return False
    is_narrower = ball.format.dtype.itemsize < case.dtype.itemsize
    if is_narrower and not np.array_equal(got, got.astype(ball.format.dtype).astype(got.dtype), equal_nan=True):
        return False
    centre, radius = ball.centre, ball.radius
    within = abs(got.astype(ball.format.wide) - centre) <= radius
    kinds_agree = (np.isnan(got) == np.isnan(centre)) & (np.isinf(got) == np.isinf(centre))
    within = np.where(np.isnan(radius), kinds_agree, within)
    return bool((within | np.isinf(radius) if is_narrower else within & ~np.isinf(radius)).all())


def _fitted(direction: Prediction, name: str, wrong: Sequence[Observation]) -> float:
    """The number a, to three digits, that fits got = right + a · direction; 0 where none can be read off.

    One wrong entry would fit any number: there must be two or more.
    """
    fits, entries = [], 0
    for one in wrong:
        ball, right = direction(one.case, name), one.case.right[name]
        if ball is None or not ball.shape == right.shape == one.got.shape:
            continue
        d, difference = ball.centre.astype(float), one.got - right.centre.astype(float)
        usable = np.isfinite(difference) & np.isfinite(d)
        size = np.sum(d[usable] ** 2)
        if 0 < size < np.inf:
            fits.append(np.sum(difference[usable] * d[usable]) / size)
            entries += int(np.count_nonzero(usable & (d != 0) & (abs(difference) > right.radius)))
        if entries > 1:
            break
    return float(f"{fits[0]:.3g}") if entries > 1 and np.isfinite(fits[0]) else 0.0
