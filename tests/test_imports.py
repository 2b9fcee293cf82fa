"""Imports point one way: tests and scripts to torch_ref to numpy_impl, which imports NumPy alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import numpy_impl
import torch_ref

ALLOWED = {
    numpy_impl: {"numpy", "numpy_impl"},
    torch_ref: {"mpmath", "safetensors", "numpy", "numpy_impl", "rich", "torch", "torch_ref", "pytest"},
}


@pytest.mark.parametrize(("package", "other"), [("numpy_impl", "torch"), ("torch_ref", "pytest")])
def test_what_not_everybody_has_or_needs_is_left_unloaded(package: str, other: str) -> None:
    code = f"import sys, {package}; sys.exit({other!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("package", ALLOWED, ids=lambda package: package.__name__)
def test_packages_import_only_what_they_may(package: object) -> None:
    folder = Path(package.__file__).parent  # type: ignore[attr-defined]
    files = list(folder.glob("**/*.py"))
    assert files
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                top = name.split(".")[0]
                assert top in ALLOWED[package] or top in sys.stdlib_module_names, f"{file.name} imports {name}"  # type: ignore[index]


@pytest.mark.parametrize("package", ALLOWED, ids=lambda package: package.__name__)
def test_all_lists_the_public_names(package: object) -> None:
    public = {n for n, v in vars(package).items() if not n.startswith("_") and not isinstance(v, type(ast))}
    assert sorted(package.__all__) == sorted(public)  # type: ignore[attr-defined]


def test_no_file_is_too_long_to_be_held_in_the_head() -> None:
    root = Path(__file__).parents[1]
    for folder in ("numpy_impl", "torch_ref", "scripts", "tests"):
        for file in (root / folder).glob("**/*.py"):
            assert len(file.read_text("utf-8").splitlines()) <= 250, file.name
