"""The place in a user's code where an error or a slip is: file, line and method."""

import inspect
import sys
import traceback
from pathlib import Path
from typing import Any

IN_A_NETWORK = {"forward": "loss", "backward": "gradient"}


def file_of(cls: Any) -> str:
    """The file that a class is written in, or "<stdin>" of a REPL; empty where there is none."""
    try:
        return inspect.getsourcefile(cls) or ""
    except (TypeError, OSError):  # of a REPL, of `python -c`, or a class that is built in
        functions = (inspect.unwrap(value) for value in vars(cls).values() if callable(value))
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
    method = method if hasattr(cls, method) else IN_A_NETWORK.get(method, "")
    code = getattr(inspect.unwrap(getattr(cls, method, cls)), "__code__", None)
    if code:
        return f"{Path(code.co_filename).name}:{code.co_firstlineno}, in {method}"
    try:
        return f"{Path(file_of(cls)).name}:{inspect.getsourcelines(cls)[1]}"
    except (TypeError, OSError):
        return Path(file_of(cls)).name


def line_now(file: str) -> str:
    """The innermost line of this file that is running."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return "" if frame is None else f"{Path(file).name}:{frame.f_lineno}, in {frame.f_code.co_name}"
