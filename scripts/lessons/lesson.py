"""What a lesson is: an error of the book's code, and what is seen of it, there and here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, TypeAlias

import numpy as np

ROUNDINGS = 1e-12  # of a few operations in float64


@dataclass(frozen=True)
class Refused:
    """What came instead of a result. Where right is to refuse, any words and any kind of error will do."""

    error: str
    words: str


@dataclass(frozen=True, eq=False)
class Observation:
    """One thing, by the book's code, here, and as it is right: a number, an array or a refusal.

    `by` is who says what is right, PyTorch or the mathematics; `within`, in units of its greatest entry (of 1 where
    that is 0), is how far a result may lie from it.
    """

    what: str
    book: Any
    here: Any
    right: Any
    by: str = "PyTorch"
    within: float = ROUNDINGS

    @property
    def shows_the_error(self) -> bool:
        """Whether the book's code lies further off than is allowed."""
        return not self._is_right(self.book)

    @property
    def shows_the_repair(self) -> bool:
        return self._is_right(self.here)

    def _is_right(self, got: Any) -> bool:
        if isinstance(got, Refused) or isinstance(self.right, Refused):
            return isinstance(got, Refused) and isinstance(self.right, Refused)
        if np.shape(got) != np.shape(self.right):
            return False
        scale = np.max(np.abs(self.right)) or 1
        return bool(np.max(np.abs(np.subtract(got, self.right, dtype=float))) <= self.within * scale)


Observe: TypeAlias = Callable[[], Iterator[Observation]]


@dataclass(frozen=True)
class Lesson:
    number: int
    title: str
    observe: Observe

    @property
    def text(self) -> str:
        """What the book's code does, what goes wrong, what is done here: the docstring."""
        return cleandoc(self.observe.__doc__ or "")


LESSONS: list[Lesson] = []


def lesson(number: int, title: str) -> Callable[[Observe], Observe]:
    """Puts a function that observes an error into the list, in the order of their numbers."""

    def add(observe: Observe) -> Observe:
        LESSONS.append(Lesson(number, title, observe))
        LESSONS.sort(key=lambda lesson: lesson.number)
        return observe

    return add


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    """What it returns, or what it says as it refuses."""
    try:
        return function(*args)
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        return Refused(type(error).__name__, str(error).splitlines()[0])
