"""The documents of this project: their blocks of code, and their links to lines of code.

`python tests/helpers/documents.py` puts the links right, file and lines, by the names that they bear; a test sees that
they are.
"""

import ast
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("numpy_impl", "torch_ref", "scripts", "tests")
DOCUMENTS = (
    "README.md",
    ".github/CONTRIBUTING.md",
    *(
        str(file.relative_to(ROOT))
        for folder in FOLDERS
        for file in sorted((ROOT / folder).glob("**/*.md"))
        if file.parent.name != "data"  # a licence
    ),
)

LINK = re.compile(r"\]\((?P<to>[^)\s]+)\)")
# [`Affine.backward`](numpy_impl/layers.py#L76-L84), with the lines or without.
LINK_TO_CODE = re.compile(r"\[`(?P<name>[\w./]+)`\]\((?P<file>[\w./]+\.py)(?:#[\w-]*)?\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: where its first line stands, in what language it is, and what is in it."""

    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


@cache
def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str) -> list[Block]:
    """All of them. Raises ValueError for a fence of another form, whose content nobody would look at."""
    found = list(re.finditer(r"^```(\w+)\n(.*?)^```$", text_of(document), re.DOTALL | re.MULTILINE))
    fences = re.findall(r"^\s*(?:```|~~~)", text_of(document), re.MULTILINE)
    if len(fences) != 2 * len(found):
        raise ValueError(f"{document}: a fence must be ```language at the beginning of a line, and be closed")
    return [Block(document, text_of(document)[: one.start(2)].count("\n") + 1, one[1], one[2]) for one in found]


def with_lines(document: str, text: str) -> str:
    """The text with the lines of each class, function or method that it links to by name.

    Raises ValueError for one that is not there.
    """

    here = (ROOT / document).parent

    def put_right(link: re.Match[str]) -> str:
        name, file = link["name"], here / link["file"]
        if name.endswith(".py"):
            return f"[`{name}`]({link['file']})"
        if not (file.is_file() and name in definitions(file)):
            places = [place for place in python_files() if name in definitions(place)]
            if len(places) != 1:
                where = ", ".join(str(place.relative_to(ROOT)) for place in places) or "no file"
                raise ValueError(f"{document}: {name} must be in {link['file']} or in one other file, got {where}")
            (file,) = places
        first, last = definitions(file)[name]
        return f"[`{name}`]({os.path.relpath(file, here)}#L{first}-L{last})"

    return LINK_TO_CODE.sub(put_right, text)


@cache
def python_files() -> list[Path]:
    return [file for folder in FOLDERS for file in (ROOT / folder).glob("**/*.py")]


@cache
def definitions(file: Path) -> dict[str, tuple[int, int]]:
    """The first and the last line of all that is defined in a file, decorators included, by its dotted name."""
    found: dict[str, tuple[int, int]] = {}

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                found[prefix + child.name] = first, child.end_lineno or first
                visit(child, f"{prefix}{child.name}.")

    visit(ast.parse(file.read_text(encoding="utf-8")), "")
    return found


if __name__ == "__main__":
    for name in DOCUMENTS:
        (ROOT / name).write_text(with_lines(name, text_of(name)), encoding="utf-8")
