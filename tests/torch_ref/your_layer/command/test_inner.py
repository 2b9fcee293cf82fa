"""The inner process of check-layer within this one: what is reported of a layer, and what is not its fault."""

import contextlib
import faulthandler
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pytest
from wrong_files import HARD, MY_AFFINE

from torch_ref.your_layer.command import inner, options

ONE = ("--like", "Linear", "--dtype", "float64", "--only", "b_gradient")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in (("my_layers.py", MY_AFFINE), ("hard.py", HARD)):
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("my_layers", "hard"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def reported(target: str, **given: Any) -> dict[str, Any]:
    parsed = options.parse([target, "--like", "Linear", "--dtype", "float64", "--only", "b_gradient"], "")
    settings = vars(parsed) | {"argv": [], "called": "check-layer"} | given
    with inner._elsewhere() as printed:
        return inner.report(settings, lambda *_: None, printed)


def test_what_a_layer_writes_is_told_once_and_apart_from_its_import(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ["b_gradient", "silence"]
    found = json.loads(reported("hard.py:Right", only=both)["json"])
    assert [one["sentence"] for one in found["advice"]] == ["it prints 'made'"]
    found = reported("hard.py:Writes", only=both, strict=True)
    assert "it writes to the standard output or error: 'deepdeep" in found["text"]
    monkeypatch.setattr(inner, "LONG", -1.0)
    Path("quiet.py").write_text(MY_AFFINE)
    assert json.loads(reported("quiet.py:MyAffine")["json"])["remarks"] == [
        "importing quiet.py took 0 s: each run begins with that"
    ]


@pytest.mark.parametrize(
    ("target", "given", "error", "status"),
    [
        ("hard.py:Right", {"only": ["speed"]}, "only: it must name one of forward", 2),
        ("hard.py:CannotBeMade", {}, r"hard.py:CannotBeMade: KeyboardInterrupt (hard.py:32, in __init__)", 2),
        ("hard.py:Interrupts", {}, "hard.py:Interrupts: it raises KeyboardInterrupt: me, hard.py:19, in backward", 1),
        ("hard.py:Right", {"dtype": "float128x"}, "the check itself fails, with TypeError: data type 'float128x'", 2),
    ],
)
def test_why_there_is_no_report(target: str, given: dict[str, Any], error: str, status: int) -> None:
    found = reported(target, **given)
    assert found["error"].startswith(error)
    assert found["status"] == status


def test_an_error_that_is_not_the_files_is_told_without_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(*_: Any) -> Any:
        raise SystemExit(4)

    monkeypatch.setattr("torch_ref.load", leave)
    assert reported("hard.py:Right") == {"error": "hard.py:Right: SystemExit: 4", "status": 2}


class EndedError(Exception):
    """In the place of the end of a process."""


@pytest.mark.parametrize(("target", "timeout", "status"), [("hard.py:Right", 0, 0), ("hard.py:Leaves", 500, 3)])
def test_the_process_says_all_in_lines_and_then_ends(
    target: str, timeout: int, status: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []

    def end(status: int) -> None:
        ended.append(status)
        raise EndedError

    monkeypatch.setattr(os, "_exit", end)
    given = {"argv": [], "called": "check-layer", "like": "Linear", "timeout": timeout}
    settings = vars(options.parse([target, *ONE], "")) | given
    before = os.dup(1)
    with tempfile.TemporaryFile("w+") as out, warnings.catch_warnings(), contextlib.suppress(EndedError):
        os.dup2(out.fileno(), 1)
        try:
            inner.main([repr(settings), str(folder / "trace")])
        finally:
            os.dup2(before, 1)
            faulthandler.cancel_dump_traceback_later()
            faulthandler.enable()
            out.seek(0)
            lines = [json.loads(line) for line in out]
    os.close(before)
    assert ended[0] == status
    assert lines[:2] == [{"check": "", "done": 0, "of": 1}, {"check": "b_gradient, float64", "done": 0, "of": 1}]
    trace = (folder / "trace").read_text()
    assert ('hard.py", line 23 in backward' in trace) == (target == "hard.py:Leaves")
    assert target == "hard.py:Leaves" or lines[2]["status"] == 0
