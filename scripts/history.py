"""What a training leaves behind, iteration by iteration: a record, its row in the table, its line in history.csv."""

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

HEADER = """\
            train accuracy   test accuracy      loss of the batch
iteration   NumPy PyTorch   NumPy PyTorch    NumPy  PyTorch   |Δloss|  max|ΔW|"""


@dataclass
class Record:
    """After so many updates: the loss of the batch that comes next, the drift of the weights, in rows accuracies."""

    iteration: int
    numpy_loss: float
    torch_loss: float
    loss_difference: float
    weight_difference: float
    numpy_train_accuracy: float | None = None
    torch_train_accuracy: float | None = None
    numpy_test_accuracy: float | None = None
    torch_test_accuracy: float | None = None

    @property
    def is_row(self) -> bool:
        """Whether the accuracies were measured."""
        return self.numpy_test_accuracy is not None

    def row(self) -> str:
        accuracies = (
            f"{self.numpy_train_accuracy:8.4f}{self.torch_train_accuracy:8.4f}"
            f"{self.numpy_test_accuracy:8.4f}{self.torch_test_accuracy:8.4f}"
        )
        losses = f" {self.numpy_loss:8.5f} {self.torch_loss:8.5f}{self.loss_difference:10.1e}"
        return f"{self.iteration:9d}{accuracies}{losses}{self.weight_difference:10.1e}"


def to_csv(history: Sequence[Record]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Record))
    writer.writerows(map(astuple, history))
    return text.getvalue().encode()
