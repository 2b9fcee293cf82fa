"""A lesson from the trainer."""

from collections.abc import Iterator

import numpy as np
from training.batches import Batches

from lessons import book
from lessons.lesson import Observation, lesson

IMAGES, BATCH, EPOCHS = 60_000, 128, 20


@lesson(11, "The accuracy is evaluated where i % (images / batch) is 0, a remainder of floats")
def remainder_of_floats() -> Iterator[Observation]:
    """60000 / 128 is 468.75, and an integer i is a multiple of that once in 1875 iterations, every fourth epoch:
    most rows of the log are missing, and a curve through the rest looks as smooth as any. (With batches of 100 the
    quotient happens to be whole.) Here an epoch is a whole number of batches, ⌈images / batch⌉, the last one
    shorter.
    """
    evaluated = book.iterations_evaluated(EPOCHS * IMAGES // BATCH, IMAGES, BATCH)
    batches = Batches(np.random.default_rng(0), IMAGES, BATCH, shuffled=True)
    epochs = 0
    for _ in range(EPOCHS * -(-IMAGES // BATCH)):
        epochs += batches.state["start"] == 0
        batches.next()
    yield Observation("evaluations in 20 epochs", len(evaluated), epochs, EPOCHS, "one an epoch")
