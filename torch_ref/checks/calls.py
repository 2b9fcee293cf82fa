"""The calls that the checks of state make, and the arrays that they hand in."""

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.oracles.autograd import Results
from torch_ref.pair import Example, Kind, Pair
from torch_ref.results import forward_of, gradients_of, results


def copied(example: Example) -> Example:
    """The same layer, with copies of the data."""
    inputs = {name: np.array(value) for name, value in example.inputs.items()}
    return example._replace(inputs=inputs, upstream={name: copy(value) for name, value in example.upstream.items()})


def refilled(example: Example, data: Example) -> Example:
    """The data in the very arrays of the example; a copy where the array does not take them."""
    inputs = _refilled(example.inputs, data.inputs)
    return example._replace(inputs=inputs, upstream=_refilled(example.upstream, data.upstream))


def _refilled(arrays: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: copy(value) for name, value in values.items()}
    for name, array in arrays.items():
        if np.ndim(array) and array.flags.writeable and array.shape == values[name].shape:
            array[...] = values[name]
            found[name] = array
    return found


def forward_alone(pair: Pair, example: Example) -> Array:
    return np.asarray(forward_of(example.layer, pair)(*example.inputs.values()))


def has_backward(pair: Pair) -> bool:
    return pair.kind in (Kind.LAYER, Kind.LOSS)


def backward_again(pair: Pair, example: Example, first: Results) -> Results:
    """The results after one more backward, outputs from before; a network has no backward, and is run again."""
    return first | gradients_of(pair, example) if has_backward(pair) else results(pair, example)


def is_equal(got: Any, wanted: Array) -> bool:
    """In dtype, shape and every value; NaN is equal to NaN."""
    got = np.asarray(got)
    return got.dtype == wanted.dtype and np.array_equal(got, wanted, equal_nan=True)
