"""An examination in words, for a terminal."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table

from torch_ref.diagnosis.report import lines_of
from torch_ref.diagnosis.severity import Severity
from torch_ref.your_layer.findings import Findings
from torch_ref.your_layer.lines import name_of_file
from torch_ref.your_layer.pictures import Picture
from torch_ref.your_layer.problems import Problem


def text_of(examination: Findings) -> str:
    """The verdict, each problem with its line, the worst entries, and the list of checks."""
    return "\n".join(_lines(examination)) + "\n"


def title(examination: Findings) -> str:
    place = [part for part in (name_of_file(examination.file), examination.name) if part]
    return f"{':'.join(place)}, compared with {examination.like}"


def verdict(examination: Findings) -> str:
    """In one line: right, or what is wrong, or on which data digits are lost."""
    wrong = [problem for problem in examination.problems if problem.severity is not Severity.INACCURATE]
    if wrong:
        tensors = dict.fromkeys(name for problem in wrong for name in problem.tensor.split(", ") if name)
        return f"WRONG: {', '.join(tensors)}" if tensors else "WRONG"
    said = "right, as far as checked" if examination.skipped else "right"
    if examination.problems:
        scenarios = dict.fromkeys(name for problem in examination.problems for name in problem.scenarios)
        are_all = set(scenarios) == set(examination.scenarios)
        return f"{said} but inaccurate on {'every scenario' if are_all else ', '.join(scenarios)}"
    counts = {"convention": len(examination.conventions), "piece": len(examination.advice)}
    told = [f"{n} {what}{'s' * (n > 1)}{' of advice' * (what == 'piece')}" for what, n in counts.items() if n]
    return f"{said}, with {' and '.join(told)}" if told else said


def _lines(examination: Findings) -> Iterator[str]:
    yield f"{title(examination)}: {verdict(examination)}"
    for problem in examination.problems:
        yield ""
        yield f"  {problem.sentence}"
        yield f"    {about(problem, examination)}"
    for what in ("convention", "advice"):
        for problem in examination.conventions if what == "convention" else examination.advice:
            yield ""
            yield f"  {what}: {problem.sentence}"
            if about(problem, examination):
                yield f"    {about(problem, examination)}"
    faults = [problem for problem in examination.problems if problem.severity >= Severity.INACCURATE]
    wrong = {tensor for problem in faults for tensor in problem.tensor.split(", ")}
    pictures = [one for one in examination.pictures if one.is_wrong and one.worst and one.tensor in wrong]
    if pictures:
        yield ""
        yield from _entries(pictures)
    yield ""
    if not examination.ok:
        yield "(--skip NAME leaves a check out)"
    if examination.right:
        yield f"right: {', '.join(examination.right)}"
    for remark in examination.remarks:
        yield f"remark: {remark}"
    yield from coverage(examination)


def about(problem: Problem, examination: Findings) -> str:
    """The line, the check, and the dtype, unless the problem is in all dtypes."""
    is_of_some = 0 < len(problem.dtypes) < len(examination.dtypes)
    only = [f"in {dtype} only" for dtype in problem.dtypes] if is_of_some else []
    check = f"check {problem.check}" if problem.check else ""
    return "; ".join([part for part in (problem.where, check, *only) if part])


def coverage(examination: Findings) -> Iterator[str]:
    """The checks that ran, and the basis of the tolerance."""
    yield f"tolerance: {examination.basis}"
    on = f"{len(examination.scenarios)} scenarios in {' and '.join(examination.dtypes)}"
    yield f"checked: {', '.join(examination.checks)}, on {on}"
    if examination.skipped:
        yield f"NOT checked, as asked: {', '.join(examination.skipped)}"
    if examination.left_out:
        names = ", ".join(examination.left_out)
        yield f"not checked, for they have no batch axis, or the twin does not take them: {names}"


def _entries(pictures: list[Picture]) -> Iterator[str]:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for heading in ("tensor", "scenario", "entry", "got", "expected", "error in radii"):
        table.add_column(heading, justify="left" if heading in ("tensor", "scenario") else "right", no_wrap=True)
    for picture in pictures:
        for i, worst in enumerate(picture.worst):
            entry = ", ".join(map(str, worst.index))
            names = (picture.tensor, f"{picture.scenario}, {picture.dtype}") if i == 0 else ("", "")
            table.add_row(*names, f"({entry})", f"{worst.got:.9g}", f"{worst.expected:.9g}", f"{worst.share:.2g}")
    yield from lines_of(table, 120)
