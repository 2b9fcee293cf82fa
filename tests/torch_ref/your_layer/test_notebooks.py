"""A notebook is loaded by what its cells define; what they do beside is not done, and lines are told by the cell."""

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examining import examined
from wrong_files import MY_AFFINE, write_notebook

from torch_ref import load, text_of
from torch_ref.your_layer.command import outer
from torch_ref.your_layer.lines import name_of_file, told
from torch_ref.your_layer.locate import file_of, line_of_method

DEFINES_AND_TRAINS = """EPS, (LOW, HIGH) = 1e-5, (-1, 1)
rate: float = np.float64(0.1) * 2
declared: int
sigmoid = lambda x: 1 / (1 + np.exp(-x))
table = {"low": [LOW, *range(3)], HIGH: f"{EPS}"}
data = open("no_such_file")
table["more"] = 1
rate += 1
try:
    import cupy as xp
except ImportError:
    xp = np
try:
    print("tried")
except ValueError:
    pass
try:
    import json
finally:
    print("tried")
class Patched:
    rate = 1
Patched.halved = lambda self: self.rate / 2
Patched.same, Patched.rate = Patched, 2
Patched.rate = 3

for step in range(10):
    raise SystemExit("trains")

def affine_forward(x, w, b):
    return x @ w + b, (x.copy(), w)

print("trained")

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.mean(axis=0)
"""
MAY_FAIL = """from sys import exit as leave
from no_such import layer as gone
class Net(Base):
    pass
class Leaves:
    leave()
late = data
if EPS:
    pass
"""
CELLS = [
    ["import numpy as np\n", "from google.colab import drive\n", "%matplotlib inline\n", "files = !ls\n", "np.sum?\n"],
    "%%bash\nexit 1",
    DEFINES_AND_TRAINS,
    "if True:\n    !pip install nothing\nrest = (17\n    % 5)",
    MAY_FAIL,
    MY_AFFINE,
    "def unfinished(:\n",
]  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_notebook(tmp_path / "hw2.ipynb", CELLS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "hw2", raising=False)
    return tmp_path


def test_what_is_defined_is_there_and_nothing_else_was_run(capsys: pytest.CaptureFixture[str]) -> None:
    defined = vars(inspect.getmodule(load("hw2.ipynb:MyAffine")))
    assert (defined["EPS"], defined["LOW"], defined["HIGH"]) == (1e-5, -1, 1)
    assert (defined["rate"], defined["xp"], defined["rest"], defined["sigmoid"](0)) == (0.2, np, 2, 0.5)
    assert defined["table"] == {"low": [-1, 0, 1, 2], 1: "1e-05"}
    assert not {"data", "step", "files", "drive", "Leaves", "Net", "declared"} & set(defined)
    assert (defined["Patched"].rate, defined["Patched"]().halved()) == (1, 0.5)
    assert "json" not in defined
    assert capsys.readouterr().out == ""
    assert "hw2" in sys.modules


def test_lines_are_told_by_the_cell_and_the_source_is_found() -> None:
    functions = load("hw2.ipynb:affine")
    found = examined(functions, dtypes=(np.float64,))
    (problem,) = found.problems
    assert problem.where == "hw2.ipynb cell 3, line 35, in affine_backward"
    assert text_of(found).startswith("hw2.ipynb:affine_forward, compared with Linear: WRONG: db\n")
    assert inspect.getsource(functions[1]).startswith("def affine_backward(dout, cache):")
    cls = load("hw2.ipynb:MyAffine")
    assert file_of(cls) == str(Path("hw2.ipynb").resolve())
    assert line_of_method(cls, "backward") == "hw2.ipynb cell 6, line 13, in backward"
    (problem,) = examined(cls, dtypes=(np.float64,), skip=("forward",)).problems
    assert problem.where == "hw2.ipynb cell 6, line 13, in backward"


def test_a_class_without_a_method_is_in_its_file() -> None:
    assert line_of_method(load("hw2.ipynb:Patched"), "backward") == "hw2.ipynb"
    assert [name_of_file(file) for file in IN_A_SESSION] == ["<stdin>", "", "", "<string>"]


def test_a_line_is_found_in_the_trace_of_a_process_that_was_ended() -> None:
    trace = 'File "/lib/own.py", line 3 in f\n  File "/a/hw2.ipynb[3]", line 7 in backward\n'
    assert outer._line_in(trace, "b/hw2.ipynb:MyAffine") == "hw2.ipynb cell 3, line 7, in backward"
    assert outer._line_in(trace, "a.own:MyAffine") == "own.py:3, in f"
    assert outer._line_in(trace, "other.py:MyAffine") == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Net", "; Net could not be defined: NameError: name 'Base' is not defined (hw2.ipynb cell 5, line 3)"),
        ("Leaves", "; Leaves could not be defined: SystemExit (hw2.ipynb cell 5, line 5)"),
        (
            "gone",
            "; gone could not be defined: ModuleNotFoundError: No module named 'no_such' (hw2.ipynb cell 5, ",
        ),
        ("late", "; late could not be defined: NameError: name 'data' is not defined (hw2.ipynb cell 5, line 7)"),
        ("unfinished", "; a cell cannot be read: "),
    ],
)
def test_what_could_not_be_defined_is_told_if_it_is_asked_for(name: str, why: str) -> None:
    with pytest.raises(
        ValueError, match=re.escape(f"hw2.ipynb:{name}: there is no {name}; the file has MyAffine")
    ) as e:
        load(f"hw2.ipynb:{name}")
    assert why in str(e.value)
    assert "\n" not in str(e.value)


def test_where_all_cells_are_read_no_reason_is_given(folder: Path) -> None:
    write_notebook(folder / "small.ipynb", [MY_AFFINE])
    write_notebook(folder / "text.ipynb", [MY_AFFINE], kind="markdown")
    for notebook in ("small", "text"):
        with pytest.raises(ValueError, match=r"there is no Other; the file has (MyAffine|no class .*NAME_forward)$"):
            load(f"{notebook}.ipynb:Other")


@pytest.mark.parametrize("content", [b"class A: pass", b"[]", b"{}", json.dumps({"cells": [1]}).encode(), b"\xff\xfe"])
def test_a_file_that_is_no_notebook_is_one_line(content: bytes, folder: Path) -> None:
    (folder / "bad.ipynb").write_bytes(content)
    with pytest.raises(ValueError, match=r"^bad\.ipynb: it is no notebook of Jupyter's format 4 \(.*\)$"):
        load("bad.ipynb:A")
    with pytest.raises(ValueError, match=r"^nowhere\.ipynb: there is no such file$"):
        load("nowhere.ipynb:A")


def test_a_place_is_told_by_what_it_is_in() -> None:
    assert told("/a/hw2.py", 3) == "hw2.py:3"
    assert told("/a/hw2.ipynb[12]", 3, "f") == "hw2.ipynb cell 12, line 3, in f"
    assert told("/tmp/ipykernel_12/345.py", 3, "f") == "line 3 of its cell, in f"


IN_A_SESSION = ["<stdin>", "/tmp/ipykernel_12/345.py", "<ipython-input-3-ab>", "<string>"]


@pytest.mark.parametrize("file", IN_A_SESSION)
@pytest.mark.parametrize("module", ["no_module", "__main__", None])
def test_a_class_of_a_session_is_examined_and_shown(file: str, module: str | None) -> None:
    defined: dict[str, Any] = {"__name__": module} if module else {}
    exec(compile(MY_AFFINE.replace("self.x = x.copy()", "self.x = x"), file, "exec"), defined)
    found = examined(defined["MyAffine"], dtypes=(np.float64,), only=("b_gradient",))
    assert [problem.sentence for problem in found.problems] == [
        "db: it is divided by the length of the batch, once too often"
    ]
    assert found.problems[0].where == told(file, 13, "backward")
    assert str(found) == text_of(found)
    assert "MyAffine, compared with Linear: WRONG: db" in str(found).splitlines()[0]
    frame = found._repr_html_()
    assert frame.startswith("<iframe sandbox ")
    assert frame.count("<") == 2  # the page is text within the attribute
    assert "array(" not in repr(found)
