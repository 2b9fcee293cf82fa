"""Imports point one way: tests and scripts to torch_ref to numpy_impl, which imports NumPy alone."""

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import numpy_impl
import torch_ref

ROOT = Path(__file__).parents[1]
FOLDERS = ("numpy_impl", "torch_ref", "scripts", "tests")
ALLOWED = {
    numpy_impl: {"numpy", "numpy_impl"},
    torch_ref: {
        "mpmath",
        "safetensors",
        "numpy",
        "numpy_impl",
        "rich",
        "threadpoolctl",
        "torch",
        "torch_ref",
        "pytest",
    },
}


@pytest.mark.parametrize(
    ("package", "other"), [("numpy_impl", "torch"), ("torch_ref", "torch"), ("torch_ref.families", "pytest")]
)
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
    named = {name: getattr(package, name) for name in dir(package) if not name.startswith("_")}
    public = {name for name, value in named.items() if not isinstance(value, type(ast))}
    assert sorted(package.__all__) == sorted(public)  # type: ignore[attr-defined]


def test_the_public_names_of_torch_ref_are_imported_when_they_are_asked_for() -> None:
    assert torch_ref.verify is torch_ref.verify
    assert callable(torch_ref.verify)
    with pytest.raises(AttributeError, match="module 'torch_ref' has no attribute 'verfy'"):
        _ = torch_ref.verfy  # type: ignore[attr-defined]


def test_no_file_is_too_long_to_be_held_in_the_head() -> None:
    for folder in FOLDERS:
        for file in (ROOT / folder).glob("**/*.py"):
            assert len(file.read_text("utf-8").splitlines()) <= 250, file.name


@pytest.mark.parametrize("command", sorted(file.stem for file in (ROOT / "scripts").glob("*.py")))
def test_each_command_explains_itself_at_once(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(command)
    assert inspect.signature(module.main).parameters["argv"].default is None
    with pytest.raises(SystemExit) as ended:
        module.main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert (module.__doc__ or "").splitlines()[0] in text
    assert f"example: python scripts/{command}.py" in text
    assert "None" not in text.replace("NoneType", "")
    assert "torch" not in module.__dict__


def test_imports_name_what_they_take_and_no_path_is_edited_but_for_a_users_file() -> None:
    edits = set()
    for folder in FOLDERS:
        for file in (ROOT / folder).glob("**/*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                assert not (isinstance(node, ast.ImportFrom) and node.names[0].name == "*"), file.name
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("sys.path."):
                    edits.add(file.name)
    assert edits == {"load.py"}  # what is loaded may import what lies beside it


def test_users_are_never_refused_by_an_assert() -> None:
    for package in ("numpy_impl", "torch_ref"):
        for file in (ROOT / package).glob("**/*.py"):
            tree = ast.parse(file.read_text("utf-8"))
            assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree)), file.name


def test_the_top_level_is_as_it_was_laid_out() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    names = {name.split("/")[0] for name in listed.splitlines()} or {"numpy_impl"}  # no repository
    assert {name for name in names if not name.startswith(".")} <= {*FOLDERS, "pyproject.toml", "README.md", "LICENSE"}


def imports_of(module: str, file: Path, known: set[str]) -> set[str]:
    """The modules of its package that a module imports anywhere, also for types alone."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names} & known
            found |= names or {node.module} & known
    return found - {module}


def circle_in(graph: Mapping[str, set[str]]) -> list[str]:
    """A path that leads back to its beginning; empty where there is none."""
    done: set[str] = set()

    def walk(path: list[str]) -> list[str]:
        for following in sorted(graph.get(path[-1], ())):
            if following in path:
                return [*path[path.index(following) :], following]
            if following not in done and (found := walk([*path, following])):
                return found
        done.add(path[-1])
        return []

    return next((found for module in graph if module not in done and (found := walk([module]))), [])


@pytest.mark.parametrize("package", ["numpy_impl", "torch_ref"])
def test_no_module_imports_itself_in_a_circle(package: str) -> None:
    files = {".".join(f.relative_to(ROOT).with_suffix("").parts): f for f in (ROOT / package).glob("**/*.py")}
    files = {module.removesuffix(".__init__"): file for module, file in files.items()}
    assert circle_in({module: imports_of(module, file, set(files)) for module, file in files.items()}) == []


def test_a_circle_is_found() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"d", "b"}, "d": set()}) == ["b", "c", "b"]
