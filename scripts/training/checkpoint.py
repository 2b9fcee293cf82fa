"""A training in one file, from which it goes on bit for bit: the weights of both sides, and where it stands."""

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.numpy

from numpy_impl.validation import Array
from torch_ref.training.files import read_safetensors

NAME = "checkpoint.safetensors"
KIND = "training, side by side"


def to_bytes(weights: Mapping[str, Array], state: Mapping[str, Any]) -> bytes:
    """`state` is all else, as JSON can hold it."""
    contiguous = {name: value.copy() for name, value in weights.items()}
    text = json.dumps(state)
    return safetensors.numpy.save(contiguous, {"kind": KIND, "state": text, "checksum": _checksum(contiguous, text)})


def read(folder: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Weights and state. Raises FileNotFoundError where there is none, ValueError for a damaged or another file."""
    path = folder / NAME
    if not path.is_file():
        raise FileNotFoundError(f"--resume: {folder} must hold a {NAME} of an earlier run, got none")
    weights, metadata = read_safetensors(path)
    text = metadata.get("state", "")
    if metadata.get("kind") != KIND:
        raise ValueError(f"--resume: {path} must be the checkpoint of a training, got another file")
    if metadata.get("checksum") != _checksum(weights, text):
        raise ValueError(f"--resume: {path} must be as it was written, got a damaged file")
    with of_this_version(folder):
        return weights, json.loads(text)


@contextmanager
def of_this_version(folder: Path) -> Iterator[None]:
    """Raises ValueError for a checkpoint in which something is missing, or of another type than is expected."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        words = f"--resume: {folder / NAME} must be a checkpoint of this version, got another ({error})"
        raise ValueError(words) from error


def check_like(example: Any, value: Any, name: str = "state") -> None:
    """Raises TypeError where a value from JSON is built otherwise than `example`; None stands for anything simple."""
    kind, got = list if isinstance(example, tuple) else type(example), type(value)
    if got is not kind and not (example is None and got in (int, float, str, bool)):
        raise TypeError(f"{name} must be of type {kind.__name__}, got {value!r:.40}")
    if isinstance(example, dict):
        for key, entry in example.items():
            check_like(entry, value[key], key)
    if isinstance(example, tuple):
        for pair in zip(example, value, strict=True):
            check_like(*pair, name)


def _checksum(weights: Mapping[str, Array], text: str) -> str:
    checksum = zlib.crc32(text.encode())
    for name in sorted(weights):
        checksum = zlib.crc32(weights[name].tobytes(), checksum)
    return str(checksum)
