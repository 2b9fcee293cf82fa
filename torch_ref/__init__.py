"""The PyTorch side of each pair: the twins, autograd as the oracle, proven bounds, and the comparison itself.

The public names are those of `__init__.pyi`. They are imported when the first is asked for: PyTorch takes a second, for
which `check-layer --help` need not wait.
"""

import ast
import importlib
import pathlib
import typing

_STUB = ast.parse(pathlib.Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
_MODULES = {one.name: node.module for node in _STUB.body if isinstance(node, ast.ImportFrom) for one in node.names}

__all__ = [*_MODULES]  # noqa: PLE0604 - names


def __getattr__(name: str) -> typing.Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    importlib.import_module("torch_ref.families")  # which fills the registry
    globals()[name] = getattr(importlib.import_module(_MODULES[name]), name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
