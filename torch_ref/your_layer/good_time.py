"""A layer that is slow gets smaller data: what would take too long is left out, and that is said."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from torch_ref.diagnosis.severity import Severity
from torch_ref.results import raw_results, scenarios_of
from torch_ref.your_layer.candidate import Candidate

LIMIT = 2.0  # seconds, of one run on one scenario: the checks make some ten


class TookTooLong(BaseException):
    """A run was ended at the limit."""


def in_good_time(candidate: Candidate) -> Candidate:
    """The candidate without the scenarios on which one run takes longer than the limit."""
    pair, subject = candidate.pair, candidate.subject(np.float64)
    slow = []
    for scenario in scenarios_of(pair):
        if scenario.is_small:
            continue
        try:
            example = subject.example(scenario)  # to make the data is none of the layer's time
            with at_most(LIMIT):
                raw_results(pair, example)
        except TookTooLong:
            slow.append(scenario.name)
        except Exception:  # noqa: BLE001 - a user's code may raise anything: the checks tell it
            return candidate
    if not slow:
        return candidate
    candidate.notes[f"it is too slow to be tried on {', '.join(slow)}"] = Severity.ADVICE
    kept = tuple(one for one in pair.data_sets if one.name not in slow)
    return replace(candidate, pair=replace(pair, data_sets=kept, flat_on=set(pair.flat_on) - set(slow)))


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises TookTooLong in what runs longer; in the main thread of a system with such signals, elsewhere never."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
