"""The files that a training leaves: its history, the weights of both sides, a summary, and the pictures."""

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import safetensors.numpy
import safetensors.torch
from parts.folders import remove

from torch_ref import command_line
from torch_ref.training.files import statistics_of
from training.evaluation import predictions
from training.history import Record
from training.settings import described, settings_of, versions
from training.step_time import StepTime

if TYPE_CHECKING:  # training imports this module
    from training.run import Training

SUMMARY, HISTORY, NUMPY, TORCH = "summary.json", "history.csv", "numpy.safetensors", "torch.safetensors"
PICTURES = ["curves.png", "weights.png", "errors.png", "confusion.png"]


def names(options: argparse.Namespace) -> list[str]:
    return [SUMMARY, HISTORY, NUMPY, TORCH, *(PICTURES if options.plots else [])]


def write(training: "Training", end: Record, step: StepTime | None) -> list[str]:
    """Writes all of them, whole or not at all, and returns their names."""
    sides = training.sides
    # Without a count of batches, which only a batch-norm without momentum needs, and PyTorch does without.
    tensors = {k: v for k, v in sides.torch.net.state_dict().items() if not k.endswith("num_batches_tracked")}
    contents = {
        SUMMARY: json.dumps(_finite(summary(training, end, step)), indent=2, allow_nan=False).encode() + b"\n",
        HISTORY: training.history.content(),
        NUMPY: safetensors.numpy.save({**sides.numpy.params, **statistics_of(sides.numpy.net)}),
        TORCH: safetensors.torch.save(tensors),
    }
    if training.options.plots:
        contents |= pictures(training)
    command_line.write_files(training.options.out, contents)
    older = [name for name in PICTURES if name not in contents]
    remove(training.options.out, [training.history.growing.name, *older])
    return list(contents)


def pictures(training: "Training") -> Mapping[str, bytes]:
    from training import figures, images  # Matplotlib takes a second to import

    options, sides, (pixels, labels) = training.options, training.sides, training.data[1]
    setting = described(options)
    ours, theirs = predictions(sides, pixels, options.dtype)
    return {
        "curves.png": figures.training_curves(training.history.growing, training.tally.jumps, options.dtype, setting),
        "weights.png": images.first_layer(sides, setting),
        "errors.png": images.errors(pixels, labels, ours, theirs),
        "confusion.png": images.confusions(labels, ours, theirs),
    }


def summary(training: "Training", end: Record, step: StepTime | None) -> dict[str, Any]:
    """Every setting, version and verdict."""
    tally = training.tally
    return {
        "settings": {**settings_of(training.options), "every": training.every},
        "batches": "an epoch visits every image once, shuffled"
        if training.options.epochs
        else "drawn with replacement",
        "data": str(training.options.data_dir or "the MNIST of this package"),
        "versions": versions(),
        "iterations": end.iteration,
        "complete": end.iteration == training.iterations,
        "end": asdict(end),
        "verified": {
            "batches": tally.proofs,
            "without_a_finding": tally.shows_nothing,
            "violations": tally.violations,
            "each": "forward and backward on the weights of each side, and the update of each side",
            "radius_used": tally.radius_used,
        },
        "batches_with_relus_apart": tally.batches_apart,
        "jumps": [jump._asdict() for jump in tally.jumps],
        "seconds": tally.seconds,
        "step": asdict(step) if step else None,
    }


def _finite(value: Any) -> Any:
    """JSON knows neither infinity nor NaN: as words."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
