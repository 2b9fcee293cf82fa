"""A lesson from the trainer."""

from collections.abc import Iterator

from training.batches import batches_of_an_epoch

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
    an_epoch = batches_of_an_epoch(IMAGES, BATCH)
    yield Observation(
        "evaluations in 20 epochs",
        book=len(book.iterations_evaluated(EPOCHS * IMAGES // BATCH, IMAGES, BATCH)),
        here=sum(i % an_epoch == 0 for i in range(EPOCHS * an_epoch)),
        right=EPOCHS,
        by="one an epoch",
    )
