"""The line that a shell runs to see the first problem of a report again, without the rest."""

import shlex
from collections.abc import Iterator, Sequence

from torch_ref.your_layer.conventions import CAUSES
from torch_ref.your_layer.examine import SILENCE
from torch_ref.your_layer.findings import Findings


def replay(examination: Findings, called: str, argv: Sequence[str]) -> str:
    """`called` with the options `argv`, but for what is written, and of the checks only those of the first problem.

    What would be a convention if nothing else were wrong is shown beside all that is. Empty where there is no problem.
    """
    if examination.ok:
        return ""
    first, *others = examination.problems
    shown = [first, *others] if CAUSES.intersection(first.causes) else [first]
    checks = dict.fromkeys(name for problem in shown for name in problem.check.split(", ") if name not in ("", SILENCE))
    said_anew = {"--html", "--json", "--seed"}
    more = [*(word for name in checks for word in ("--only", name))]
    if checks:
        said_anew |= {"--only", "--skip"}
    if first.dtypes:
        said_anew.add("--dtype")
        more += ["--dtype", first.dtypes[0]]
    more += ["--seed", str(examination.seed)]
    return f"{called} {shlex.join([*_without(argv, said_anew), *more])}"


def _without(argv: Sequence[str], options: set[str]) -> Iterator[str]:
    """The words but for these options, each of which takes a value: --seed 1, or --seed=1."""
    words = iter(argv)
    for word in words:
        name, has_value, _ = word.partition("=")
        if name not in options:
            yield word
        elif not has_value:
            next(words, None)
