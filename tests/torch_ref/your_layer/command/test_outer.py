"""check-layer within this process, but for the inner one: what it writes, and what it tells."""

import json
import os
import runpy
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from wrong_files import HARD, MY_AFFINE

from torch_ref.your_layer.command import options, outer

ONE = ("--like", "Linear", "--dtype", "float64", "--only", "b_gradient")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, content in (("my_layers.py", MY_AFFINE), ("hard.py", HARD)):
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("my_layers", "hard"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


def test_all_that_is_written_and_the_line_that_replays(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["my_layers.py:MyAffine", *ONE, "--json", "a b/r.json", "--html=r.html", "--map", "W=weight.T", "--seed=2"]
    assert options.main(given) == 1
    said = capsys.readouterr()
    *_, replay, page, as_json = said.out.splitlines()
    assert "<h1>my_layers.py:MyAffine" in Path("r.html").read_text(encoding="utf-8")
    found = json.loads(Path("a b/r.json").read_text(encoding="utf-8"))
    assert (found["verdict"], found["status"], found["seed"]) == ("WRONG: db", 1, 2)
    assert (page, as_json, said.err) == ("the same as a page: r.html", "the same as JSON: a b/r.json", "")
    again = "my_layers.py:MyAffine --like Linear --map W=weight.T --only b_gradient --dtype float64 --seed 2"
    assert replay == f"replay: check-layer {again}"
    monkeypatch.setattr(sys, "argv", ["check-layer", *shlex.split(replay)[2:]])
    assert options.main() == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "my_layers.py:MyAffine, compared with Linear: WRONG: db"
    assert replay in out


def test_as_json_alone(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also as python -m torch_ref; and an error is JSON too."""
    arguments = ["hard.py:Right", *ONE, "--json", "-", "--html", "page.html"]
    monkeypatch.setattr(sys, "argv", ["torch_ref/__main__.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("torch_ref", run_name="__main__")
    found = json.loads(capsys.readouterr().out)
    assert (ended.value.code, found["ok"], found["verdict"]) == (0, True, "right, as far as checked")
    assert found["remarks"] == ["importing hard.py prints 'once\\nmore': each run begins with that"]
    assert Path("page.html").is_file()
    assert options.main(["hard.py:Leaves", *ONE, "--json", "-", "--html", "page.html"]) == 1
    said = capsys.readouterr()
    error = json.loads(said.out)
    assert error["status"] == 1
    assert error["error"].startswith("hard.py:Leaves: it ends the process at hard.py:23, in backward, with status 3, d")
    assert said.err == f"python -m torch_ref: {error['error']}\n"
    assert "<h1>WRONG</h1>" in Path("page.html").read_text(encoding="utf-8")


def test_an_error_is_written_to_the_file_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert options.main(["nowhere.py:X", "--like", "ReLU", "--json", "r.json", "--html", "r.html"]) == 2
    error = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert error == {"error": "nowhere.py: there is no such file", "status": 2}
    assert capsys.readouterr().out == ""
    assert not Path("r.html").exists()


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--shape", "3,x", "argument --shape: must be an integer of 1 or more, got 'x'"),
        ("--init", "eps", "argument --init: must be NAME=VALUE with a Python literal, got 'eps'"),
        ("--map", "W", "argument --map: must be MINE=THEIRS, got 'W'"),
    ],
)
def test_wrong_options_are_told(option: str, value: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options.main(["x.py:A", "--like", "ReLU", option, value])
    assert message in capsys.readouterr().err
    assert options.parse(["x.py:A", "--like", "ReLU", "--init", "eps = 1e-5", "--shape", "3,8"], "").shape == (3, 8)


def test_neither_help_nor_a_wrong_option_waits_for_pytorch() -> None:
    code = """
import sys
from torch_ref.your_layer.command import options, outer
try:
    options.main(sys.argv[1:])
finally:
    assert not {"torch", "numpy"} & set(sys.modules)
"""
    for arguments, status in (["--help"], 0), (["x.py:A", "--lik", "ReLU"], 2):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr


def test_of_a_right_layer_nothing_is_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    assert outer._tell({"text": "right\n", "replay": "", "status": 0}, {}, alone=False) == 0
    assert capsys.readouterr().out == "right\n"


def test_a_process_that_does_not_answer_is_ended_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outer, "GRACE", 0.0)
    code = (
        'print("no json"); print(\'{"check": "forward", "done": 0, "of": 9}\', flush=True); import time; time.sleep(99)'
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert outer._follow(process, 2.0) == ("forward", None)
    monkeypatch.delattr(os, "killpg", raising=False)  # as where there are no groups
    outer.end(process)
    assert process.returncode == -signal.SIGKILL
    outer.end(process)
    parsed = options.parse(["hard.py:Right", "--like", "ReLU", "--timeout", "2"], "")
    told = outer._no_report(None, "forward", Path("nowhere"), parsed)  # type: ignore[arg-type] # as if not ended
    assert told == {
        "error": "hard.py:Right: it does not end within 2 s (--timeout), during the check forward",
        "status": 1,
    }
    ended = outer._no_report(-9, "", Path("nowhere"), parsed)
    assert ended == {"error": "hard.py:Right: it ends the process, with signal 9, as it is made and tried", "status": 2}
