"""What a training leaves behind, iteration by iteration: a record, its row in the table, its line in history.csv."""

import csv
import os
import zlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from torch_ref import command_line

HEADER = """\
           train accuracy   test accuracy      batch loss     drift ReLUs radius
iteration   NumPy PyTorch   NumPy PyTorch   NumPy PyTorch  max|ΔW| apart    used"""


@dataclass
class Record:
    """After so many updates: what the batch that comes next shows, and how far the two sides have drifted apart.

    `relus_apart` counts its ReLUs that are open on one side only, `radius_used` is the greatest share of a proven
    radius, where the batch was verified; `drift` is max |ΔW|, `other_drift` that of a training in another dtype.
    """

    iteration: int
    numpy_loss: float
    torch_loss: float
    drift: float
    relus_apart: int
    other_drift: float | None = None
    radius_used: float | None = None
    numpy_train_accuracy: float | None = None
    torch_train_accuracy: float | None = None
    numpy_test_accuracy: float | None = None
    torch_test_accuracy: float | None = None

    @property
    def is_row(self) -> bool:
        """Whether the accuracies were measured."""
        return self.numpy_test_accuracy is not None

    def row(self, verdict: str) -> str:
        shares = (
            self.numpy_train_accuracy,
            self.torch_train_accuracy,
            self.numpy_test_accuracy,
            self.torch_test_accuracy,
        )
        numbers = "".join(
            f"{value:8.4f}" if abs(value or 0) < 1000 else f"{value:8.1e}"
            for value in (*shares, self.numpy_loss, self.torch_loss)
        )
        return f"{self.iteration:9d}{numbers}{self.drift:9.1e}{self.relus_apart:6d}{verdict:>8}"


NAMES = [field.name for field in fields(Record)]


class HistoryFile:
    """history.csv as it grows, under another name until the training ends, so that nobody reads half a line.

    Nothing of it stays in memory. `mark`, its size and a checksum, is what a checkpoint keeps: what is appended later,
    whole or torn, a resumed training cuts off.
    """

    def __init__(self, folder: Path) -> None:
        self.growing, self.finished = folder / "history.csv.part", folder / "history.csv"
        self.mark = 0, 0
        self._lines: list[str] = []

    def start(self) -> None:
        self.growing.unlink(missing_ok=True)  # a link is replaced, not followed
        self.growing.write_bytes(b"")
        self.mark, self._lines = (0, 0), [_line(NAMES)]
        self.flush()

    def resume(self, size: int, checksum: int) -> None:
        """Goes on after so many bytes. Raises ValueError where they are not those of the checkpoint."""
        file = self.growing if self.growing.is_file() else self.finished  # which an ended training leaves
        content = file.read_bytes()[:size] if file.is_file() else b""
        if (len(content), zlib.crc32(content)) != (size, checksum):
            raise ValueError(f"--resume: {file} must begin with the {size} bytes of the checkpoint, got others")
        if file is self.finished or file.is_symlink():
            command_line.write_files(self.growing.parent, {self.growing.name: content})
        self.mark, self._lines = (size, checksum), []

    def append(self, record: Record) -> None:
        self._lines.append(_line(["" if value is None else repr(value) for value in astuple(record)]))
        if len(self._lines) == 1000:
            self.flush()

    def flush(self) -> None:
        size, checksum = self.mark
        content = "".join(self._lines).encode()
        with self.growing.open("r+b") as file:
            file.truncate(size)  # what is torn, or later than the checkpoint
            file.seek(size)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self.mark, self._lines = (size + len(content), zlib.crc32(content, checksum)), []

    def content(self) -> bytes:
        self.flush()
        return self.growing.read_bytes()


def read(file: Path) -> Iterator[Record]:
    """The records of a history, one at a time."""
    with file.open(newline="") as lines:
        for row in csv.DictReader(lines):
            yield Record(*(_number(name, row[name]) for name in NAMES))  # type: ignore[arg-type] # None where it may be


def _line(cells: list[str]) -> str:
    return ",".join(cells) + "\n"


def _number(name: str, text: str) -> float | int | None:
    if not text:
        return None
    return int(text) if name in ("iteration", "relus_apart") else float(text)
