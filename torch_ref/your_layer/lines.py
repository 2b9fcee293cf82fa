"""A line of a user's code in words, whether it is in a file, in a cell of a notebook, or in a session."""

import re
from pathlib import Path

_CELL = re.compile(r"(?P<notebook>.*\.ipynb)\[(?P<number>\d+)\]", re.DOTALL)
_SESSION = re.compile(r".*[/\\]ipykernel_\d+[/\\]\d+\.py|<ipython-input-.*>", re.DOTALL)


def file_of_cell(notebook: Path, number: int) -> str:
    """The name under which a cell is compiled."""
    return f"{notebook}[{number}]"


def without_cell(file: str) -> str:
    """The notebook, where it is a cell of one."""
    cell = _CELL.fullmatch(file)
    return cell["notebook"] if cell else file


def name_of_file(file: str) -> str:
    """Without its folder; empty for a cell that somebody runs in Jupyter now, whose file bears a number alone."""
    return "" if _SESSION.fullmatch(file) else Path(file).name


def told(file: str, line: int, method: str = "") -> str:
    """hw2.py:5, in backward, or hw2.ipynb cell 3, line 5, in backward."""
    cell = _CELL.fullmatch(file)
    if cell:
        where = f"{Path(cell['notebook']).name} cell {cell['number']}, line {line}"
    elif _SESSION.fullmatch(file):
        where = f"line {line} of its cell"
    else:
        where = f"{Path(file).name}:{line}"
    return f"{where}, in {method}" if method else where
