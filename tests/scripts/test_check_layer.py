"""check_layer.py as a user runs it: the exit status, one line for what could not be run, and no traceback of ours."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import own_layers
import pytest
from processes import are_alive, children_of

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_layer.py"
LAYERS = Path(own_layers.__file__).parent
HARD = """
import os, ctypes, time
import own_layers

class Loops(own_layers.Affine):
    def backward(self, dout):
        while True:
            pass

class LoopsInForward(own_layers.Affine):
    def forward(self, x):
        while True:
            pass

class LoopsWhenMade(own_layers.Affine):
    def __init__(self, W, b):
        time.sleep(1000)

class EndsTheProcess(own_layers.Affine):
    def backward(self, dout):
        os._exit(0)

class Crashes(own_layers.Affine):
    def backward(self, dout):
        ctypes.string_at(0)

class Interrupts(own_layers.Affine):
    def backward(self, dout):
        raise KeyboardInterrupt("me")

class WritesDeepDown(own_layers.Affine):
    written = False

    def backward(self, dout):
        if not WritesDeepDown.written:
            os.write(1, b"out")
            os.write(2, b"error")
            WritesDeepDown.written = True
        return super().backward(dout)

class LeavesAChild(own_layers.Affine):
    child = None

    def backward(self, dout):
        if LeavesAChild.child is None:
            LeavesAChild.child = os.fork()
            if LeavesAChild.child == 0:
                time.sleep(1000)
        return super().backward(dout)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("layers")
    for name in ("own_layers.py", "hostile_layers.py"):
        (made / name).write_text((LAYERS / name).read_text())
    (made / "hard.py").write_text(HARD)
    return made


def check(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "120"}
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=environment, check=False)


def test_wrong_and_the_page(folder: Path) -> None:
    arguments = ("--like", "Linear", "--dtype", "float64", "--html", "new/report.html")
    wrong = check(folder, "hostile_layers.py:WrongShape", *arguments)
    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert "y: it is transposed" in wrong.stdout
    assert wrong.stdout.endswith(f"the same as a page: {Path('new') / 'report.html'}\n")
    assert "y: it is transposed" in (folder / "new" / "report.html").read_text(encoding="utf-8")
    assert not list((folder / "new").glob(".writing-*"))
    (again,) = re.findall(r"^replay: python (.*)$", wrong.stdout, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, *shlex.split(again)], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, wrong.stdout.splitlines()[0])


def test_a_twin_of_your_own_and_all_options(folder: Path) -> None:
    done = check(
        folder, "own_layers:LayerNorm", "--like", "own_layers.py:make_norm", "--map", "gamma=weight",
        "--map", "beta=bias", "--dtype", "float64", "--skip", "memory_layouts", "--timeout", "60", "--init", "eps=1e-5",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "tolerance: proven rounding bounds" in done.stdout
    assert "NOT checked, as asked: memory_layouts" in done.stdout


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("Loops", 1, r"it does not end within 0.5 s \(--timeout\) at hard.py:\d+, in backward, during the check"),
        ("LoopsInForward", 1, r"it does not end within 0.5 s \(--timeout\) at hard.py:\d+, in forward, as it is made"),
        ("LoopsWhenMade", 2, r"it does not end within 0.5 s \(--timeout\) at hard.py:\d+, in __init__, as it is made"),
        ("EndsTheProcess", 1, r"it ends the process at hard.py:\d+, in backward, with status 0, during the check"),
        ("Crashes", 1, r"it ends the process at hard.py:\d+, in backward, with signal 11, during the check"),
        ("Interrupts", 1, r"it raises KeyboardInterrupt: me, hard.py:\d+, in backward"),
    ],
)
def test_a_layer_that_cannot_be_caught_from_within(folder: Path, name: str, status: int, message: str) -> None:
    page = folder / f"{name}.html"
    page.write_text("right, as of yesterday")
    timeout = "0.5" if name.startswith("Loops") else "60"
    arguments = (f"hard.py:{name}", "--like", "Linear", "--timeout", timeout, "--dtype", "float64", "--html", page.name)
    done = check(folder, *arguments)
    assert done.returncode == status
    assert done.stdout == ""
    assert ("<h1>WRONG</h1>" in page.read_text(encoding="utf-8")) == (status == 1)
    assert re.fullmatch(rf"check_layer\.py: hard\.py:{name}: {message}.*\n", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["own_layers.py:Affine", "--skip", "speed"], "skip: it must name one of forward"),
        (["own_layers.py:Affine", "--only", "speed"], "only: it must name one of forward"),
        (["own_layers.py:Affine", "--html", "own_layers.py/x.html"], "--html: cannot write to the folder"),
        (["own_layers.py:Affine", "--html", "."], "--html: cannot write"),
    ],
)
def test_what_could_not_be_run_is_one_line_and_status_2(folder: Path, arguments: list[str], message: str) -> None:
    done = check(folder, *arguments, "--like", "Linear")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"check_layer.py: {message}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x.py:A"], "the following arguments are required: --like"),
        (["x.py:A", "--like", "ReLU", "--in", "0"], "argument --in: must be an integer of 1 or more, got '0'"),
        (["x.py:A", "--like", "ReLU", "--shape", "3,x"], "argument --shape: must be an integer of 1 or more, got 'x'"),
        (
            ["x.py:A", "--like", "ReLU", "--init", "eps"],
            "argument --init: must be NAME=VALUE with a Python literal, got",
        ),
        (["x.py:A", "--like", "ReLU", "--map", "W"], "argument --map: must be MINE=THEIRS, got 'W'"),
        (["x.py:A", "--like", "ReLU", "--timeout", "-1"], "argument --timeout: must be a number of 0 or more"),
    ],
)
def test_wrong_arguments_are_told_at_once(folder: Path, arguments: list[str], message: str) -> None:
    done = check(folder, *arguments)
    assert done.returncode == 2
    assert f"check_layer.py: error: {message}" in done.stderr


def test_the_help_teaches(folder: Path) -> None:
    done = check(folder, "--help")
    assert done.returncode == 0
    for part in ("Exit status: 0 right, 1 wrong", "--like", "my_layers.py:MyAffine --like Linear --in 8 --out 5"):
        assert part in done.stdout
    assert "default: None" not in done.stdout.replace("TWIN", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.exhaustive
def test_right_and_a_child_that_the_layer_leaves_does_not_keep_us_waiting(folder: Path) -> None:
    done = check(folder, "hard.py:LeavesAChild", "--like", "Linear", "--in", "8", "--out", "5", "--dtype", "float32")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("hard.py:LeavesAChild, compared with Linear: right\n")


@pytest.mark.skipif(os.name != "posix", reason="there is no such signal")
@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(signal.SIGINT, 130, "check_layer.py: interrupted\n"), (signal.SIGTERM, 143, "")],
)
def test_a_signal_ends_both_processes(folder: Path, number: signal.Signals, status: int, said: str) -> None:
    command = [sys.executable, str(SCRIPT), "hard.py:Loops", "--like", "Linear", "--timeout", "500"]
    # A test that runs in the background of a shell inherits that SIGINT is ignored.
    default = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        signal.signal(signal.SIGINT, default)
        while not (children := children_of(process.pid)):
            pass
        process.send_signal(number)
        _, stderr = process.communicate()
    assert (process.returncode, stderr) == (status, said)
    deadline = time.monotonic() + 10
    while are_alive(children):
        assert time.monotonic() < deadline


@pytest.mark.exhaustive
def test_what_is_written_past_pythons_output_is_advice(folder: Path) -> None:
    for strict, status in ((), 0), (("--strict",), 1):
        done = check(folder, "hard.py:WritesDeepDown", "--like", "Linear", "--dtype", "float64", *strict)
        assert done.returncode == status
        assert "it writes to the standard output or error: 'outerror'" in done.stdout
