"""A Jupyter notebook as a module of its definitions: what trains, plots or prints in it is not run."""

import ast
import json
import linecache
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from torch_ref.your_layer.lines import file_of_cell, told
from torch_ref.your_layer.locate import in_words

UNDEFINED = "__undefined__"  # of such a module: why a name is not in it, by the name; by "", why a cell is not
_IPYTHON = re.compile(r"\s*[%!?]|.*=\s*[%!]|.*\?\s*$")  # %time, !pip, ?f, files = !ls, f?
# Functions whose call does no more than make a value.
HARMLESS = """abs array bool complex default_rng dict dtype exp finfo float float16 float32 float64 frozenset int int32
int64 len list log max min namedtuple partial RandomState range round set sqrt str sum tuple TypeVar vectorize zip"""
_VALUES = (
    ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.BinOp,
    ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr, ast.FormattedValue, ast.Starred,
)  # fmt: skip


def run_definitions(path: Path, name: str) -> ModuleType:
    """A module of what the cells define, one statement after another. What fails, as an import of google.colab, is out.

    Raises ValueError for a file that is no notebook.
    """
    module, undefined = ModuleType(name), dict[str, str]()
    vars(module).update({"__file__": str(path), UNDEFINED: undefined})
    sys.modules[name] = module
    for number, source in _cells(path):
        file = file_of_cell(path, number)
        try:
            tree = ast.parse(_python_of(source), file)
        except SyntaxError as error:
            undefined[""] = f"{error.msg} ({told(file, error.lineno or 1)})"
            continue
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # for inspect, and traces
        for statement in filter(_defines, tree.body):
            try:
                exec(compile(ast.Module([statement], []), file, "exec"), vars(module))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - what it cannot define may never be needed
                undefined |= dict.fromkeys(_names(statement), f"{in_words(error)} ({told(file, statement.lineno)})")
    return module


def why_not(module: ModuleType, name: str) -> str:
    """What is known of why a name is not in a notebook."""
    undefined = getattr(module, UNDEFINED, {})
    if name in undefined:
        return f"; {name} could not be defined: {undefined[name]}"
    return f"; a cell cannot be read: {undefined['']}" if "" in undefined else ""


def _cells(path: Path) -> Iterator[tuple[int, str]]:
    """Those of code, each with its number among all cells; not those of another language, %%bash."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = [(n, "".join(cell["source"])) for n, cell in enumerate(cells, 1) if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name}: it is no notebook of Jupyter's format 4 ({in_words(error)})") from error
    return ((n, source) for n, source in sources if not source.lstrip().startswith("%%"))


def _python_of(source: str) -> str:
    """Without the lines that are IPython's: those that Python cannot read."""
    lines = source.split("\n")
    while True:
        try:
            ast.parse("\n".join(lines))
        except SyntaxError as error:
            at = (error.lineno or 1) - 1
            if not (at < len(lines) and _IPYTHON.match(lines[at])):
                return "\n".join(lines)
            lines[at] = re.match(r"\s*", lines[at])[0] + "pass"  # type: ignore[index] # it matches anything
        else:
            return "\n".join(lines)


def _defines(statement: ast.stmt) -> bool:
    """Whether it imports, defines, or names a constant, and does nothing else."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return True
        case ast.Assign(targets=targets, value=value):
            is_method = isinstance(value, ast.Name | ast.Lambda)  # Affine.backward = backward
            return all(_is_name(one, or_attribute=is_method) for one in targets) and _is_harmless(value)
        case ast.AnnAssign(target=target, value=value):
            return _is_name(target) and value is not None and _is_harmless(value)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=last):  # to import one or another
            return all(map(_defines, [*body, *orelse, *last, *(one for handler in handlers for one in handler.body)]))
    return False


def _is_name(target: ast.expr, *, or_attribute: bool = False) -> bool:
    if isinstance(target, ast.Attribute):
        return or_attribute
    return isinstance(target, ast.Name) or (isinstance(target, ast.Tuple) and all(map(_is_name, target.elts)))


def _is_harmless(value: ast.expr) -> bool:
    """A literal, a function without a name, or made of such and of names by operators and harmless calls."""
    if isinstance(value, ast.Lambda):
        return True
    if isinstance(value, ast.Call):
        called = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        parts = [*value.args, *(one.value for one in value.keywords)]
        return called in HARMLESS.split() and all(map(_is_harmless, parts))
    parts = [part for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr)]
    return isinstance(value, _VALUES) and all(map(_is_harmless, parts))


def _names(statement: ast.stmt) -> Iterator[str]:
    """What it would have defined."""
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
