"""The matrix of one pair: what catches each of its slips, what is said of them, the false alarms on its own layer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matrix.matrix import DTYPES, alarms, caught, diagnoses, false_alarms, first_failure, missed
from torch_ref import PAIRS
from torch_ref.checks.subject import Subject
from torch_ref.families.slips import slips
from torch_ref.threads import threads


class Line(NamedTuple):
    """A slip, and the dtypes in which it is caught, by ours and by each rival; why it is not to be seen in others."""

    pair: str
    words: str
    columns: Sequence[Sequence[str]]
    unseen_in: dict[str, str]


@dataclass(frozen=True)
class Found:
    """Of one pair; of plain values, which a process can hand to another."""

    lines: Sequence[Line]
    missed: Sequence[str]
    ours: Sequence[str]  # the false alarms
    of_rivals: Counter[str]
    data_sets: int
    causes: tuple[int, int]  # the right ones, of so many
    wrong_causes: Sequence[str]


def of_pair(name: str, seeds: int) -> Found:
    pair = PAIRS[name]
    with threads(1):  # on matrices this small two pools of threads only stand in each other's way
        shown = [slip for slip in slips() if slip.pair == name]
        lines = [
            Line(
                name,
                slip.words,
                [[d for d, check in caught(slip).items() if check], *alarms(slip).values()],
                dict(slip.unseen_in),
            )
            for slip in shown
        ]
        rights = [Subject(pair, dtype, seed=seed) for dtype in DTYPES for seed in range(seeds)]
        ours = [f"{name} by {check}, seed {right.seed}" for right in rights if (check := first_failure(right))]
        of_rivals, count = false_alarms([pair], range(seeds))
        right, named, wrong = diagnoses(shown)
        not_caught = [f"{slip.name} in {' and '.join(dtypes)}" for slip in shown if (dtypes := missed(slip))]
    return Found(lines, not_caught, ours, Counter(of_rivals), count, (right, named), wrong)
