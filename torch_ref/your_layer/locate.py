"""Where in somebody's code something happened: file and line."""

import inspect
import sys
import traceback
from pathlib import Path
from typing import Any

IN_A_NETWORK = {"forward": "loss", "backward": "gradient"}


def file_of(cls: Any) -> str:
    """The file that a class or function is written in; empty where there is none."""
    try:
        return inspect.getsourcefile(cls) or ""
    except (TypeError, OSError):
        return ""


def line_of_error(error: BaseException, file: str) -> str:
    """The innermost line of this file that an error, or what it was raised from, came through."""
    chain: BaseException | None = error
    while chain is not None:
        frames = [frame for frame in traceback.extract_tb(chain.__traceback__) if frame.filename == file]
        if frames:
            return f"{Path(file).name}:{frames[-1].lineno}, in {frames[-1].name}"
        chain = chain.__cause__ or chain.__context__
    return ""


def line_of_method(cls: Any, method: str) -> str:
    """Where a method of a class begins; the class itself, if it has none of that name."""
    method = method if hasattr(cls, method) else IN_A_NETWORK.get(method, "")
    found = inspect.unwrap(getattr(cls, method)) if hasattr(cls, method) else cls
    try:
        file, (_, line) = file_of(found), inspect.getsourcelines(found)
    except (TypeError, OSError):
        return Path(file_of(cls)).name
    name = f", in {method}" if method else ""
    return f"{Path(file).name}:{line}{name}"


def line_now(file: str) -> str:
    """The innermost line of this file that is running."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return "" if frame is None else f"{Path(file).name}:{frame.f_lineno}, in {frame.f_code.co_name}"
