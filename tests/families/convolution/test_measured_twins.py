"""Slips of images beside a module that somebody makes, of which no pair knows: measured bounds, and the same causes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import slipped_images as images
from torch import nn

from torch_ref import candidate
from torch_ref.checks.check_error import CheckError
from torch_ref.checks.values import check_values

FEW = ("ordinary", "square", "one-sample", "exact-zeros", "tied", "common-offset")
OVERWRITTEN = "where windows overlap, a later one overwrites what is there"


@pytest.mark.parametrize(
    ("layer", "module", "tensor", "says"),
    [
        (images.ConvOverwrites, lambda: nn.Conv2d(3, 4, 3), "dx", OVERWRITTEN),
        (images.ConvOverwritesFilters, lambda: nn.Conv2d(3, 4, 3), "dx", "later windows and filters overwrite"),
        (images.ConvTurned, lambda: nn.Conv2d(3, 4, 3), "y", "the kernel is turned by half a turn"),
        (images.ConvTurnedApart, lambda: nn.Conv2d(3, 4, 3, stride=3), "y", "the kernel is turned by half a turn"),
        (images.MaxPoolOverwrites, lambda: nn.MaxPool2d(3, stride=1), "dx", OVERWRITTEN),
        (images.MaxPoolOverwritesMaxima, lambda: nn.MaxPool2d(3, stride=1), "dx", OVERWRITTEN),
        (images.MaxPoolAllTies, lambda: nn.MaxPool2d(3), "dx", "of several maxima in a window each gets"),
        (images.MaxPoolLastTie, lambda: nn.MaxPool2d(3), "dx", "of several maxima in a window the last one"),
        (images.MaxPoolSharedTies, lambda: nn.MaxPool2d(3), "dx", "several maxima in a window share dout"),
        (images.MaxPoolOverChannels, lambda: nn.MaxPool2d(3), "dx", "it goes to where the maximum over all"),
        (images.MaxPoolPaddedWithZeros, lambda: nn.MaxPool2d(3, padding=1), "y", "it is padded with 0"),
        (images.AvgPool, lambda: nn.AvgPool2d(3, stride=1), "dx", OVERWRITTEN),
        (images.AvgPoolAdds, lambda: nn.AvgPool2d(3), "y", "it is the sum of the window"),
    ],
)
def test_a_slip_beside_a_measured_twin(layer: Any, module: Any, tensor: str, says: str) -> None:
    found = candidate(layer, module, shape=(3, 5, 4))
    assert not found.pair.is_proven
    pair = replace(found.pair, data_sets=[one for one in found.pair.data_sets if one.name in (*FEW, "odd-batch")])
    with pytest.raises(CheckError) as error:
        check_values(replace(found, pair=pair).subject(np.float64), tensor)
    assert error.value.sentence.startswith(f"{tensor}: {says}")
    assert " – or " not in error.value.sentence
