"""Finds a user's class or function: file.py:Name, notebook.ipynb:Name or package.module:Name."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from torch_ref.your_layer.locate import line_of_error
from torch_ref.your_layer.notebook import run_definitions, why_not


def load(target: str) -> Any:
    """The class or function of a name, or the functions NAME_forward and NAME_backward, or f,g.

    Raises ValueError where there is none, with the names that are there.
    """
    place, _, name = target.rpartition(":")
    if not place or not name:
        place, name = target, ""
    if not place.endswith(FILES) and not name:
        raise ValueError(f"{target}: it must be file.py:Name or package.module:Name")
    module = _module(place)
    if not name:
        raise ValueError(f"{target}: say which class, {target}:NAME, of {_layers_in(module)}")
    if "," in name:
        return tuple(_named(module, one.strip(), target) for one in name.split(","))
    found = getattr(module, name, None)
    if found is None or inspect.isfunction(found):
        for forward, backward in _pairs(name, module):
            if callable(getattr(module, forward, None)) and callable(getattr(module, backward, None)):
                return getattr(module, forward), getattr(module, backward)
    return _named(module, name, target)


def _pairs(name: str, module: ModuleType) -> Iterator[tuple[str, str]]:
    """The names that a function and its derivative may have: affine_forward, affine_backward; relu, relu_backward."""
    forward = [name] if "forward" in name else [own for own in vars(module) if own.startswith(f"{name}_forward")]
    for one in forward:
        yield one, one.replace("forward", "backward")
    for ending in DERIVATIVES:
        yield name.removesuffix(ending), name.removesuffix(ending) + ending


FILES = (".py", ".ipynb")
DERIVATIVES = ("_backward", "_prime", "_grad", "_gradient", "_derivative")


def _named(module: ModuleType, name: str, target: str) -> Any:
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise ValueError(f"{target}: there is no {name}; the file has {_layers_in(module)}{why_not(module, part)}")
        found = getattr(found, part)
    return found


def _module(place: str) -> ModuleType:
    path = Path(place)
    is_file = place.endswith(FILES)
    if is_file and not path.is_file():
        raise ValueError(f"{place}: there is no such file")
    path = path.resolve()
    root, in_package = _in_package(path) if is_file else (Path.cwd(), place)
    sys.path.insert(0, str(root))  # for its own imports
    if is_file and root != path.parent:
        sys.path.append(str(path.parent))  # of a neighbour, as in a script
    if path.suffix == ".ipynb":
        return run_definitions(path, _free_name(path))
    try:
        if not is_file or _is_found(in_package, path):
            return importlib.import_module(in_package)
        return _run(path)
    except SystemExit as error:
        raise ValueError(f"{place}: it calls sys.exit as it is imported{_at(error, path)}") from error
    except ImportError as error:
        raise ValueError(f"{place}: it cannot be imported: {error}{_at(error, path)}") from error
    except SyntaxError as error:
        raise ValueError(f"{place}:{error.lineno or 1}: {error.msg}") from error
    except Exception as error:
        raise ValueError(f"{place}: {type(error).__name__} as it is imported: {error}{_at(error, path)}") from error


def _in_package(path: Path) -> tuple[Path, str]:
    """The folder that holds the file's outermost package, and the file's name in it: pkg.sub.layers."""
    root, names = path.parent, [path.stem]
    while (root / "__init__.py").is_file():
        root, names = root.parent, [root.name, *names]
    return root, ".".join(names)


def _is_found(name: str, path: Path) -> bool:
    """Whether Python finds this very file under its name in a package; another may have taken the name."""
    if "." not in name:
        return False
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if f"{name}.".startswith(f"{error.name}."):
            return False
        raise
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == path


def _free_name(path: Path) -> str:
    return f"candidate_{path.stem}" if path.stem in sys.modules else path.stem


def _run(path: Path) -> ModuleType:
    """A file by itself."""
    spec = importlib.util.spec_from_file_location(_free_name(path), path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type] # a .py file has one
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def _at(error: BaseException, path: Path) -> str:
    where = line_of_error(error, str(path))
    return f" ({where})" if where else ""


def _layers_in(module: ModuleType) -> str:
    """The classes of a module that could be checked."""
    own = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]
    layers = [c.__name__ for c in own if any(hasattr(c, name) for name in ("backward", "gradient", "loss"))]
    layers += [name.partition("_forward")[0] for name in vars(module) if "_forward" in name]
    return ", ".join(layers) or "no class with a backward, gradient or loss, and no function NAME_forward"
