"""The page of an examination, and the places that it names."""

import re
from pathlib import Path
from typing import Any

import own_layers
from examining import examined
from lessons.book import TwoLayerNet

from torch_ref import candidate, examine, html_of
from torch_ref.your_layer.locate import file_of, line_of_method


def test_the_page_shows_what_is_wrong_first_and_needs_nothing_else() -> None:
    page = html_of(examined("GivesNan"))
    assert page.index("y: wrong") < page.index("dx: right") < page.index("What was checked")
    assert "NaN on each of them" in page
    assert 'style="background:#000" title="nan"' in page
    assert not re.search(r"(src|href)=|<script|@import|url\(", page)
    assert page.count("<table") == page.count("</table>")


def test_the_page_of_other_shapes_and_large_tensors() -> None:
    page = html_of(examined("WrongShape"))
    assert "y: wrong" in page
    assert "got shape (3, 6), expected (6, 3)" in page

    class WrongOnPixels(own_layers.Affine):
        def backward(self, dout: Any) -> Any:
            dx = super().backward(dout)
            if dx.shape[1] == 784:
                dx[3, 700] = 5
            return dx

    found = examine(candidate(WrongOnPixels, "Linear"))
    (picture,) = (picture for picture in found.pictures if picture.is_wrong)
    assert picture.scenario == "book"
    assert picture.worst[0].index == (3, 700)
    top, left = picture.corner
    assert picture.got[3 - top, 700 - left] == 5
    assert "shown is a part of it as a matrix, from row 0, column 688" in html_of(found)

    class LeavesSomething(own_layers.Affine):
        calls = 0

        def backward(self, dout: Any) -> Any:
            self.calls += 1
            return super().backward(dout) * self.calls

    assert "dx: right in one call" in html_of(examine(candidate(LeavesSomething, "Linear")))


def test_a_page_is_made_where_a_tensor_is_missing() -> None:
    found = examined("NoGradient")
    assert found.pictures == ()
    assert "backward must leave a gradient of W" in html_of(found)


def test_a_place_is_named_for_anything() -> None:
    assert file_of(5) == ""
    assert Path(file_of(own_layers.Affine)).name == "own_layers.py"
    assert line_of_method(own_layers.Affine, "").startswith("own_layers.py:")
    assert line_of_method(own_layers.Affine, "parameters").startswith("own_layers.py:")
    assert line_of_method(TwoLayerNet, "backward").endswith(", in gradient")
    assert line_of_method(int, "") == ""
