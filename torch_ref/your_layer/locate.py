"""The place in a user's code where an error or a slip is: file, line and method."""

import inspect
import sys
import traceback
from pathlib import Path
from typing import Any

from torch_ref.pair import Kind
from torch_ref.your_layer.methods import BACKWARD, FORWARD, NAMES, method_of


def file_of(cls: Any) -> str:
    """The file that a class is written in, or "<stdin>" of a REPL; empty where there is none."""
    try:
        return inspect.getsourcefile(cls) or ""
    except (TypeError, OSError):  # of a REPL, of `python -c`, or a class that is built in
        functions = (
            inspect.unwrap(getattr(value, "written", value)) for value in vars(cls).values() if callable(value)
        )
        return next((f.__code__.co_filename for f in functions if inspect.isfunction(f)), "")


def line_of_error(error: BaseException, file: str) -> str:
    """The innermost line of this file in the traceback of an error, or of the error behind it."""
    chain: BaseException | None = error
    while chain is not None:
        frames = [frame for frame in traceback.extract_tb(chain.__traceback__) if frame.filename == file]
        if frames:
            return f"{Path(file).name}:{frames[-1].lineno}, in {frames[-1].name}"
        chain = chain.__cause__ or chain.__context__
    return ""


def line_of_method(cls: Any, method: str) -> str:
    """The first line of a method of a class; of the class itself, if it has no method of this name."""
    method = _as_it_is_called(cls, method)
    function = getattr(cls, method, cls)
    code = getattr(inspect.unwrap(getattr(function, "written", function)), "__code__", None)
    if code:
        return f"{Path(code.co_filename).name}:{code.co_firstlineno}, in {code.co_name}"
    try:
        return f"{Path(file_of(cls)).name}:{inspect.getsourcelines(cls)[1]}"
    except (TypeError, OSError):
        return Path(file_of(cls)).name


def _as_it_is_called(cls: Any, method: str) -> str:
    names = FORWARD if method == "forward" else BACKWARD if method == "backward" else (method,)
    is_network = not method_of(cls, NAMES[Kind.LAYER][0])
    return (
        method_of(cls, ("loss",) if method == "forward" else ("gradient", "loss")) if is_network else ""
    ) or method_of(cls, names)


def line_now(file: str) -> str:
    """The innermost line of this file that is running."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return "" if frame is None else f"{Path(file).name}:{frame.f_lineno}, in {frame.f_code.co_name}"


def in_words(error: BaseException) -> str:
    """Its kind and the first line of its message."""
    message = str(error).split("\n", 1)[0]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
