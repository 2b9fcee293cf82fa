"""A user's class is found by file and name, and where it is not the message says why, in one line."""

import re
import sys
from pathlib import Path
from types import ModuleType

import own_layers
import pytest
from torch import nn

from torch_ref import load

FILES = {
    "own_layers.py": Path(own_layers.__file__).read_text(encoding="utf-8"),
    "empty.py": "",
    "broken.py": "class Layer(:\n",
    "fails.py": "def half(x):\n    return x / 0\n\nhalf(1)\n",
    "imports.py": "import no_such_module\n",
    "exits.py": "import sys\nsys.exit(0)\n",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere.py:Affine", "nowhere.py: there is no such file"),
        (
            "own_layers.py:Affin",
            "own_layers.py:Affin: there is no Affin; the file has Affine, Sized, OneSize, AsPyTorch",
        ),
        ("own_layers.py", "own_layers.py: say which class, own_layers.py:NAME, of Affine, Sized"),
        (
            "empty.py",
            "empty.py: say which class, empty.py:NAME, of no class with a backward, gradient or loss, and no f",
        ),
        ("own_layers", "own_layers: it must be file.py:Name or package.module:Name"),
        ("broken.py:Layer", "broken.py:1: invalid syntax"),
        ("fails.py:Layer", "fails.py: ZeroDivisionError as it is imported: division by zero (fails.py:2, in half)"),
        ("imports.py:Layer", "imports.py: it cannot be imported: No module named 'no_such_module' (imports.py:1"),
        ("nomodule:Layer", "nomodule: it cannot be imported: No module named 'nomodule'"),
        ("exits.py:Layer", "exits.py: it calls sys.exit as it is imported (exits.py:2, in <module>)"),
    ],
)
def test_what_cannot_be_loaded_is_told(target: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        load(target)


def test_classes_are_loaded_from_files_and_from_modules() -> None:
    assert load("torch.nn:Linear") is nn.Linear
    assert load("own_layers.py:Affine.forward").__qualname__ == "Affine.forward"
    assert own_layers.Affine is not load("own_layers.py:Affine")
    assert "candidate_own_layers" in sys.modules  # the name itself is taken, by the file beside these tests


# Files inside a package


IN_A_PACKAGE = """
from .base import Layer
from ..utils import f
from of_mine.utils import f as same
import neighbour_of_mine
class Affine(Layer):
    n = f() + same() + neighbour_of_mine.g
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a name that no other test has imported."""
    sub = tmp_path / "of_mine" / "sub"
    sub.mkdir(parents=True)
    for file, content in (
        (sub.parent / "__init__.py", ""),
        (sub.parent / "utils.py", "def f():\n    return 3\n"),
        (sub / "__init__.py", ""),
        (sub / "base.py", "class Layer:\n    pass\n"),
        (sub / "neighbour_of_mine.py", "g = 4\n"),
        (sub / "layers.py", IN_A_PACKAGE),
    ):
        file.write_text(content, encoding="utf-8")
    monkeypatch.chdir(sub)
    for name in [name for name in sys.modules if name.split(".")[0] in ("of_mine", "neighbour_of_mine")]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


@pytest.mark.usefixtures("package")
def test_a_file_in_a_package_is_imported_by_its_name_there() -> None:
    found = load("layers.py:Affine")
    assert (found.__module__, found.n) == ("of_mine.sub.layers", 10)
    assert found is load("of_mine.sub.layers:Affine")


def test_where_another_module_has_the_packages_name_the_file_is_loaded_by_itself(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "of_mine" / "sub" / "alone.py").write_text("class Affine:\n    pass\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "of_mine", ModuleType("of_mine"))
    monkeypatch.delitem(sys.modules, "alone", raising=False)
    assert load("alone.py:Affine").__module__ == "alone"


def test_another_file_of_that_name_in_the_other_package_is_not_taken_for_it(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = package / "elsewhere" / "of_mine" / "sub"
    elsewhere.mkdir(parents=True)
    for folder in (elsewhere.parent, elsewhere):
        (folder / "__init__.py").write_text("", encoding="utf-8")
    for folder in (elsewhere, package / "of_mine" / "sub"):
        (folder / "alone.py").write_text(f"class Affine:\n    place = {str(folder)!r}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(package / "elsewhere"))
    __import__("of_mine.sub")
    assert load("alone.py:Affine").place == str(package / "of_mine" / "sub")


def test_what_a_package_itself_fails_at_is_told(package: Path) -> None:
    (package / "of_mine" / "__init__.py").write_text("import no_such_module\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^layers\.py: it cannot be imported: No module named 'no_such_module'"):
        load("layers.py:Affine")
