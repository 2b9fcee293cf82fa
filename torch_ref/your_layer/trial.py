"""What a first run shows of a user's layer: whether it takes but one sample at a time, or takes its own step."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Kind, Pair
from torch_ref.results import raw_results
from torch_ref.scenarios import Data
from torch_ref.your_layer.adapter import ONE_SAMPLE, OWN_STEP
from torch_ref.your_layer.candidate import Candidate


def tried(candidate: Candidate) -> Candidate:
    """The candidate, on data that such a layer can be judged on."""
    pair, notes = candidate.pair, candidate.notes
    if pair.kind is not Kind.LAYER:
        return candidate
    if not _runs(pair, candidate.factory):
        of_one = _with(pair, [replace(one, sizes=one.sizes._replace(N=1)) for one in pair.data_sets])
        if not _runs(of_one, candidate.factory):
            return candidate
        notes[ONE_SAMPLE] = Severity.CONVENTION
        pair = of_one
    if OWN_STEP in notes:  # next to the parameter, a step by a product that underflows is none
        pair = _with(pair, [one for one in pair.data_sets if one.name != "tiny"])
    return replace(candidate, pair=pair)


def _with(pair: Pair, data_sets: list[Any]) -> Pair:
    return replace(pair, data_sets=data_sets, flat_on=set(pair.flat_on) & {one.name for one in data_sets})


def _runs(pair: Pair, factory: Callable[..., Any]) -> bool:
    try:
        raw_results(pair, pair.example(factory, Data(pair.ordinary, np.float64)))
    except (Exception, SystemExit):  # noqa: BLE001 - a user's code may raise anything
        return False
    return True
