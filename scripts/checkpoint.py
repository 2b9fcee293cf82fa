"""A training in one file, from which it goes on bit for bit: the weights of both sides, and where it stands."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.numpy

from numpy_impl.checks import Array
from torch_ref import SideBySide
from torch_ref.weight_files import read_safetensors

NAME = "checkpoint.safetensors"
KIND = "training, side by side"
STATE = {"settings", "data", "versions", "iteration", "batches", "tally", "history"}


def to_bytes(weights: Mapping[str, Array], state: Mapping[str, Any]) -> bytes:
    """`state` is all else, as JSON can hold it, under the names of STATE."""
    contiguous = {name: value.copy() for name, value in weights.items()}
    return safetensors.numpy.save(contiguous, {"kind": KIND, "state": json.dumps(state)})


def read(folder: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Weights and state. Raises FileNotFoundError where there is none, ValueError for a damaged or another file."""
    path = folder / NAME
    if not path.is_file():
        raise FileNotFoundError(f"--resume: {folder} must hold a {NAME} of an earlier run, got none")
    weights, metadata = read_safetensors(path)
    try:
        state = json.loads(metadata["state"])
    except (KeyError, ValueError):
        state = None
    if metadata.get("kind") != KIND or not isinstance(state, dict) or state.keys() != STATE:
        raise ValueError(f"--resume: {path} must be the checkpoint of a training, got another file")
    return weights, state


def load(sides: SideBySide, weights: Mapping[str, Array], name: str) -> None:
    """Those of the weights whose names begin with this one. Raises ValueError where they do not fit."""
    try:
        sides.load({key.removeprefix(f"{name}."): value for key, value in weights.items()})
    except TypeError as error:
        raise ValueError(f"--resume: {error}") from error
