"""history.csv: what is written is read again, nothing stays in memory, and what a crash tore is cut off."""

import math
import os
import tracemalloc
from pathlib import Path

import pytest
from training.figures import POINTS, curves
from training.history import HEADER, HistoryFile, Record, read

ROW = Record(600, 0.1234567890123456789, 1e-300, 5e-324, 3, None, 0.97, 0.5, 0.25, 0.125, 1.0)
STEP = Record(7, math.inf, -0.0, 1e300, 0, 2.5e-16)


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.start()
    for record in (ROW, STEP):
        file.append(record)
    (tmp_path / "history.csv").write_bytes(file.content())
    assert list(read(tmp_path / "history.csv")) == [ROW, STEP]
    assert (tmp_path / "history.csv").read_text().splitlines()[0].startswith("iteration,numpy_loss,torch_loss,drift")


def test_a_row_stands_below_its_heading() -> None:
    for line in HEADER.splitlines():
        assert len(line) <= 80
    row = ROW.row("97% ok")
    assert len(row) == len(HEADER.splitlines()[1]) == 80
    assert row.split() == [
        "600",
        "0.5000",
        "0.2500",
        "0.1250",
        "1.0000",
        "0.1235",
        "0.0000",
        "4.9e-324",
        "3",
        "97%",
        "ok",
    ]


@pytest.mark.parametrize("torn", ["", "8,0.1", "8,0.1,0.2\n9,"])
def test_a_resumed_history_has_what_was_flushed_and_nothing_later(torn: str, tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.start()
    file.append(STEP)
    file.flush()
    mark = file.mark
    file.append(ROW)
    file.flush()
    with file.growing.open("a") as growing:
        growing.write(torn)
    resumed = HistoryFile(tmp_path)
    resumed.resume(*mark)
    resumed.append(ROW)
    (tmp_path / "history.csv").write_bytes(resumed.content())
    assert list(read(tmp_path / "history.csv")) == [STEP, ROW]


def test_a_history_of_another_checkpoint_is_refused(tmp_path: Path) -> None:
    HistoryFile(tmp_path).start()
    for size, checksum in ((10_000, 0), (10, 0)):
        with pytest.raises(ValueError, match=f"must begin with the {size} bytes of the checkpoint, got others"):
            HistoryFile(tmp_path).resume(size, checksum)


def test_what_a_failed_write_has_left_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = HistoryFile(tmp_path)
    file.start()
    file.append(STEP)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            file.flush()
    (tmp_path / "history.csv").write_bytes(file.content())
    assert list(read(tmp_path / "history.csv")) == [STEP]


def full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_memory_does_not_grow_with_the_records(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.start()

    def peak(records: int) -> int:
        tracemalloc.start()
        for _ in range(records):
            file.append(STEP)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2000)
    assert peak(20_000) < 1.5 * peak(2000)


def test_a_long_history_is_drawn_in_parts(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.start()
    records = 2 * POINTS + 1
    for i in range(records):
        row = (0.5, 0.5, 0.5, 0.5) if i % 500 == 0 else ()
        file.append(Record(i, float(i), 2.0 * i, 1e-9 * (i % 3), 0, None, None, *row))
    file.flush()
    drawn = curves(file.growing)
    assert drawn.width == 3
    assert len(drawn.iterations) == math.ceil(records / 3) <= POINTS
    assert drawn.iterations[1] == drawn.numpy_loss[1] == drawn.torch_loss[1] / 2 == (3 + 4 + 5) / 3
    assert drawn.drift[1] == 2e-9  # the greatest, not the mean
    assert [record.iteration for record in drawn.rows] == [0, 500, 1000, 1500, 2000]


def test_large_losses_keep_their_columns() -> None:
    for loss in (1234.5, 1e30, float("inf")):
        row = Record(0, loss, loss, 0.0, 0, None, None, 0.5, 0.5, 0.5, 0.5).row("–")
        assert len(row) == 80
        assert len(row.split()) == 10
