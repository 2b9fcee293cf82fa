"""What commands share: one line for what stands in their way, and files that are whole."""

import argparse
import errno
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from torch_ref import command_line

NOTHING = argparse.Namespace()


def raising(error: BaseException) -> Callable[[argparse.Namespace], int]:
    def work(_: argparse.Namespace) -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError("8 GiB"), 2, "not enough memory: 8 GiB"),
        (ValueError("a wrong value"), 2, "a wrong value"),
        (FileNotFoundError(errno.ENOENT, "gone", "x.py"), 2, "[Errno 2] gone: 'x.py'"),
    ],
)
def test_what_stands_in_the_way_is_one_line(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/check-layer"])
    assert command_line.run(raising(error), NOTHING) == status
    assert capsys.readouterr().err == f"check-layer: {said}\n"


def test_output_that_nobody_can_take_is_given_up(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up: list[int] = []
    monkeypatch.setattr(os, "dup2", lambda _, number: given_up.append(number))
    assert command_line.run(raising(BrokenPipeError()), NOTHING) == 141
    assert command_line.run(raising(OSError(errno.ENOSPC, "No space left")), NOTHING) == 2
    assert given_up == [1, 1]
    assert "standard output: No space left" in capsys.readouterr().err


def test_the_status_is_that_of_the_work_also_without_an_output(monkeypatch: pytest.MonkeyPatch) -> None:
    assert command_line.run(lambda _: 1, NOTHING) == 1
    monkeypatch.setattr(sys, "stdout", None)
    assert command_line.run(lambda _: 0, NOTHING) == 0


def test_a_code_page_without_greek_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert command_line.run(lambda _: stream.write("Δ\n"), NOTHING) == 2  # characters
    assert (tmp_path / "out").read_text(encoding="ascii") == "?\n"


def test_a_command_is_named_as_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    for path, name in (
        ("/venv/bin/check-layer", "check-layer"),
        ("scripts/check_layer.py", "check_layer.py"),
        ("/site-packages/torch_ref/__main__.py", "python -m torch_ref"),
    ):
        monkeypatch.setattr(sys, "argv", [path])
        assert command_line.program() == name
        assert command_line.parser("", "").prog == name


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (command_line.integer(1), "0", "must be an integer of 1 or more, got '0'"),
        (command_line.integer(1, 4), "x", "must be an integer from 1 to 4, got 'x'"),
        (command_line.non_negative, "nan", "must be a number of 0 or more, got 'nan'"),
        (command_line.non_negative, "x", "must be a number of 0 or more, got 'x'"),
    ],
)
def test_arguments_explain_themselves(parse: Callable[[str], object], text: str, message: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=re.escape(message)):
        parse(text)
    assert parse("3") == 3


def test_a_folder_that_cannot_be_written_to_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "page").mkdir(parents=True)
    with pytest.raises(OSError, match=r"^--html: cannot write to the folder .*file: "):
        command_line.make_folder(tmp_path / "file", [], option="--html")
    with pytest.raises(OSError, match=r"^--out: cannot write .*page: it is a folder$"):
        command_line.make_folder(tmp_path / "folder", ["page"])
    command_line.make_folder(tmp_path / "new", ["page"])
    assert list((tmp_path / "new").iterdir()) == []


def test_files_are_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command_line.write_files(tmp_path, {"a": b"old", "b": b"old"})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"^--json: the results could not be written to .*: No space left$"):
        command_line.write_files(tmp_path, {"a": b"new", "b": b"new"}, option="--json")
    assert [(file.name, file.read_bytes()) for file in sorted(tmp_path.iterdir())] == [("a", b"old"), ("b", b"old")]
