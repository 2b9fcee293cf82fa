"""The place in a user's code where an error or a slip is: file, line and method."""

import contextlib
import inspect
import sys
import traceback
from typing import Any

from torch_ref.pair import Kind
from torch_ref.your_layer.lines import name_of_file, told, without_cell
from torch_ref.your_layer.methods import BACKWARD, FORWARD, NAMES, method_of


def file_of(cls: Any) -> str:
    """The file or notebook that a class is written in, or "<stdin>" of a REPL; empty where there is none."""
    try:
        return inspect.getsourcefile(cls) or ""
    except (TypeError, OSError):  # of a REPL, of `python -c`, or a class that is built in
        functions = (
            inspect.unwrap(getattr(value, "written", value)) for value in vars(cls).values() if callable(value)
        )
        return next((without_cell(f.__code__.co_filename) for f in functions if inspect.isfunction(f)), "")


def line_of_error(error: BaseException, file: str) -> str:
    """The innermost line of this file in the traceback of an error, or of the error behind it."""
    chain: BaseException | None = error
    while chain is not None:
        frames = [one for one in traceback.extract_tb(chain.__traceback__) if without_cell(one.filename) == file]
        if frames:
            return told(frames[-1].filename, frames[-1].lineno or 0, frames[-1].name)
        chain = chain.__cause__ or chain.__context__
    return ""


def line_of_method(cls: Any, method: str) -> str:
    """The first line of a method of a class; of the class itself, if it has no method of this name."""
    method = _as_it_is_called(cls, method)
    function = getattr(cls, method, cls)
    code = getattr(inspect.unwrap(getattr(function, "written", function)), "__code__", None)
    if code:
        return told(code.co_filename, code.co_firstlineno, code.co_name)
    file = file_of(cls)
    with contextlib.suppress(TypeError, OSError):
        if not file.endswith(".ipynb"):  # whose lines are those of its JSON
            return told(file, inspect.getsourcelines(cls)[1])
    return name_of_file(file)


def _as_it_is_called(cls: Any, method: str) -> str:
    names = FORWARD if method == "forward" else BACKWARD if method == "backward" else (method,)
    is_network = not method_of(cls, NAMES[Kind.LAYER][0])
    return (
        method_of(cls, ("loss",) if method == "forward" else ("gradient", "loss")) if is_network else ""
    ) or method_of(cls, names)


def line_now(file: str) -> str:
    """The innermost line of this file that is running."""
    frame: Any = sys._getframe(1)
    while frame is not None and without_cell(frame.f_code.co_filename) != file:
        frame = frame.f_back
    return "" if frame is None else told(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def in_words(error: BaseException) -> str:
    """Its kind and the first line of its message."""
    message = str(error).split("\n", 1)[0]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
