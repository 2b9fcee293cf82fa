"""A user's class is found by file and name, and where it is not the message says why, in one line."""

import re
import sys
from pathlib import Path

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
