"""What is checked of the blocks that show check-layer: what it prints and writes, and how it is called."""

import contextlib
import io
import re
import subprocess
import sys
import tempfile
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documents import ROOT, Block, blocks, text_of
from printed import environment
from shown import assert_shows, exactly, of_its_size

from numpy_impl import Affine
from torch_ref import autograd, twin
from torch_ref.your_layer.command import options


def my_affine() -> str:
    return next(block.text for block in blocks("README.md") if block.text.startswith("class MyAffine"))


def is_the_report(block: Block, folder: Path) -> None:
    (folder / "my_layers.py").write_text(my_affine(), encoding="utf-8")
    command = "check-layer my_layers.py:MyAffine --like Linear"
    assert f"`{command}`" in text_of(block.document)
    script, arguments = "scripts/check_layer.py", command.split()[1:]  # the same, also where nothing is installed
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(ROOT / script), *arguments],
        cwd=folder, env=environment(), capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert_shows(block, done.stdout, of_its_size)


def is_what_allclose_says(block: Block, _: Path) -> None:
    assert "`np.testing.assert_allclose`" in text_of(block.document)
    names: dict[str, Any] = {}
    exec(my_affine(), names)
    rng = np.random.default_rng(0)
    W, b, x, dout = (rng.standard_normal(shape) for shape in ((5, 3), (3,), (6, 5), (6, 3)))
    layer = names["MyAffine"](W, b)
    layer.forward(x)
    layer.backward(dout)
    with pytest.raises(AssertionError) as error:
        np.testing.assert_allclose(layer.db, autograd(twin(Affine(W, b)), x, dout=dout)["db"])
    assert_shows(block, str(error.value), exactly)


FORMS = ["check-layer", "python -m torch_ref", "python scripts/check_layer.py"]


def is_the_command_in_its_forms(block: Block, _: Path) -> None:
    """Each of them answers; that they are one command, the tests of the command show."""
    arguments = " my_layers.py:MyAffine --like Linear"
    assert block.text.splitlines() == [form + arguments for form in FORMS]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"check-layer": "torch_ref.your_layer.command.options:main"}
    for form in FORMS[1:]:
        command = [sys.executable, *form.split()[1:], "--help"]
        done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
        assert f"example: {form} my_layers.py:MyAffine --like Linear" in done.stdout


IN_JSON = "check-layer my_layers.py:MyAffine --like Linear --json report.json"


@cache
def checked() -> tuple[str, str]:
    """What that command prints and writes."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("my_layers.py").write_text(my_affine(), encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()) as out:
            assert options.main(IN_JSON.split()[1:]) == 1
        return out.getvalue(), Path("report.json").read_text(encoding="utf-8")


def is_printed_by_it(block: Block, _: Path) -> None:
    assert_shows(block, checked()[0], exactly)


def is_written_by_it(block: Block, _: Path) -> None:
    assert_shows(block, checked()[1], exactly)


def is_that_command(block: Block, _: Path) -> None:
    assert block.text == f"{IN_JSON}\n"


def is_an_action(block: Block, _: Path) -> None:
    """Its two commands; the actions themselves are GitHub's."""
    install, check = re.findall(r"^- run: (.*)$", block.text, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert install.startswith(f'pip install "{project["name"]} @ git+')
    assert check == IN_JSON
    assert "path: report.json" in block.text
