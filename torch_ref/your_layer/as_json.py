"""An examination for a program to read."""

import json
from typing import Any

from torch_ref.your_layer.findings import Findings
from torch_ref.your_layer.problems import Problem
from torch_ref.your_layer.text import verdict


def json_of(examination: Findings) -> str:
    """An object in JSON. Names may be added to it in later versions; none that is there changes its meaning.

    `status` is the command's: 0 right, 1 wrong or inaccurate.
    """
    said = {
        "name": examination.name,
        "file": examination.file,
        "like": examination.like,
        "verdict": verdict(examination),
        "ok": examination.ok,
        "status": int(not examination.ok),
        "problems": [*map(_of, examination.problems)],
        "conventions": [*map(_of, examination.conventions)],
        "advice": [*map(_of, examination.advice)],
        "right": examination.right,
        "checks": examination.checks,
        "skipped": examination.skipped,
        "dtypes": examination.dtypes,
        "scenarios": examination.scenarios,
        "scenarios_left_out": examination.left_out,
        "tolerance": examination.basis,
        "remarks": examination.remarks,
        "seed": examination.seed,
    }
    return json.dumps(said, indent=2) + "\n"


def _of(problem: Problem) -> dict[str, Any]:
    """`check` and `tensor` as lists: a finding of several is told once."""
    return {
        "check": [name for name in problem.check.split(", ") if name],
        "tensor": [name for name in problem.tensor.split(", ") if name],
        "sentence": problem.sentence,
        "causes": problem.causes,
        "where": problem.where,
        "dtypes": problem.dtypes,
        "severity": problem.severity.name.lower(),
        "scenarios": problem.scenarios,
    }
