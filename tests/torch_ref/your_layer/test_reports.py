"""The page of an examination, and the places in the code that it names."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import own_layers
from examining import examined
from lessons.book import TwoLayerNet

from torch_ref import html_of, text_of
from torch_ref.your_layer.locate import file_of, line_of_method


def test_the_page_shows_what_is_wrong_first_and_needs_nothing_else() -> None:
    page = html_of(examined("GivesNan"))
    assert page.index("y: wrong") < page.index("dx: right") < page.index("What was checked")
    assert "NaN on each of them" in page
    assert 'style="background:#000" title="nan"' in page
    assert not re.search(r"(src|href)=|<script|@import|url\(", page)
    assert page.count("<table") == page.count("</table>")


class WrongOnPixels(own_layers.Affine):
    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        if dx.shape[1] == 784:
            dx[3, 700] = 5
        return dx


class LeavesSomething(own_layers.Affine):
    calls = 0

    def backward(self, dout: Any) -> Any:
        self.calls += 1
        return super().backward(dout) * self.calls


def test_the_page_of_other_shapes_and_large_tensors() -> None:
    page = html_of(examined("WrongShape"))
    assert "y: wrong" in page
    assert "got shape (3, 6), expected (6, 3)" in page

    found = examined(WrongOnPixels)
    (picture,) = (picture for picture in found.pictures if picture.is_wrong)
    assert (picture.scenario, picture.worst[0].index) == ("book", (3, 700))
    top, left = picture.corner
    assert picture.got[3 - top, 700 - left] == 5
    assert "shown is a part of it as a matrix, from row 0, column 688" in html_of(found)
    assert "dx: right in one call" in html_of(examined(LeavesSomething))


def test_a_page_is_made_where_a_tensor_is_missing() -> None:
    found = examined("NoGradient")
    assert found.pictures == ()
    assert "backward must leave a gradient of W" in html_of(found)


def test_a_place_is_named_for_anything() -> None:
    assert (file_of(int), line_of_method(int, "")) == ("", "")
    assert Path(file_of(own_layers.Affine)).name == "own_layers.py"
    assert line_of_method(own_layers.Affine, "").startswith("own_layers.py:")
    assert line_of_method(own_layers.Affine, "parameters") == line_of_method(own_layers.Affine, "")
    assert line_of_method(TwoLayerNet, "backward").endswith(", in gradient")


IN_A_REPL = """
class Mine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        print("forward")
        self.x = x.copy()
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.mean(axis=0)
        return dout @ self.W.T

class Empty:
    pass
"""


def test_a_class_without_a_source_file_is_examined_as_any_other() -> None:
    defined: dict[str, Any] = {"__name__": "no_module"}  # as in a REPL, where inspect finds no file
    exec(compile(IN_A_REPL, "<stdin>", "exec"), defined)
    found = examined(defined["Mine"], dtypes=(np.float64,))
    assert [(problem.sentence, problem.where) for problem in (*found.problems, *found.advice)] == [
        ("db: it is divided by the length of the batch, once too often", "<stdin>:11, in backward"),
        ("it prints 'forward'", "<stdin>:7, in forward"),
    ]
    assert text_of(found).startswith("<stdin>:Mine, compared with Linear: WRONG")
    assert line_of_method(defined["Empty"], "forward") == ""
