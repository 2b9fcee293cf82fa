"""Slips of PyTorch's modules, whatever they are: what the twin computes with something changed."""

from typing import Any

from torch_ref.diagnosis.cause import Cause
from torch_ref.diagnosis.twins import entrywise, images, normalization, softmax


def causes_of_twin(module: Any) -> tuple[Cause, ...]:
    """Those that its kind is known for, the cheap and the specific ones first."""
    return tuple(cause for kind in (normalization, images, softmax, entrywise) for cause in kind.causes_of(module))
