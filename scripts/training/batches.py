"""Which images make up the next batch: the same sequence for the same seed, also from the middle on."""

from typing import Any

import numpy as np

from numpy_impl.validation import Array


def batches_of_an_epoch(images: int, size: int) -> int:
    """The last one may be shorter."""
    return -(-images // size)


class Batches:
    """Indices of images, `size` of them at a time, drawn by `rng`.

    By default each is drawn from all images, with replacement, as in the book. With `shuffled` an epoch visits every
    image once, in a new order each time; where `size` does not divide their number its last batch is smaller.
    """

    def __init__(self, rng: np.random.Generator, images: int, size: int, *, shuffled: bool) -> None:
        self._rng, self._images, self._size, self._shuffled = rng, images, size, shuffled
        self._start = 0  # of the next batch, within the order of this epoch
        self._order = np.empty(0, np.int64)
        self._rng_before: Any = None  # the state that the order was drawn from

    def next(self) -> Array:
        """The images of the next batch."""
        if not self._shuffled:
            return self._rng.integers(0, self._images, self._size)
        if self._start == 0:
            self._rng_before = self._rng.bit_generator.state
            self._order = self._rng.permutation(self._images)
        batch = self._order[self._start : self._start + self._size]
        self._start = (self._start + self._size) if self._start + self._size < self._images else 0
        return batch

    @property
    def state(self) -> dict[str, Any]:
        """What `restore` needs to go on from here, as JSON can hold it."""
        return {"start": self._start, "rng": self._rng_before if self._start else self._rng.bit_generator.state}

    def restore(self, state: dict[str, Any]) -> None:
        """The next batch is the one that was next when the state was taken."""
        self._rng.bit_generator.state = state["rng"]
        self._start = 0
        if not 0 <= state["start"] < self._images:
            raise TypeError(f"start must be that of one of {self._images} images, got {state['start']}")
        if state["start"]:
            self.next()
            self._start = state["start"]
