"""The pictures of a training, as PNG."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from history import Record
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numpy_impl.checks import Array

# Okabe and Ito's colours, which everybody can tell apart. PyTorch is dashed over NumPy, for the two coincide.
BLUE, ORANGE, BLACK, RED = "#56B4E9", "#E69F00", "#000000", "#D55E00"
WIDE: dict[str, Any] = {"linewidth": 6, "solid_capstyle": "butt"}
DASHED: dict[str, Any] = {"linewidth": 1.8, "linestyle": (0, (4, 2))}
STYLE: Any = {
    "font.size": 15,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "grid.alpha": 0.3,
    "legend.frameon": False,
}


def training_curves(history: Sequence[Record], title: str) -> bytes:
    """Loss, accuracy and drift over the iterations."""
    with style.context(["default", STYLE]):
        figure = Figure(figsize=(16, 5.6), layout="constrained", dpi=100)
        figure.suptitle(title)
        loss, accuracy, drift = figure.subplots(1, 3)
        draw_loss(loss, history)
        draw_accuracy(accuracy, [record for record in history if record.is_row])
        draw_drift(drift, history)
        for axes in (loss, accuracy, drift):
            axes.set_xlabel("iteration")
        picture = io.BytesIO()
        figure.savefig(picture, format="png")
    return picture.getvalue()


def draw_loss(axes: Axes, history: Sequence[Record]) -> None:
    width = max(1, min(100, len(history) // 20))
    iterations = running_mean((record.iteration for record in history), width)
    axes.plot(iterations, running_mean((r.numpy_loss for r in history), width), color=BLUE, label="NumPy", **WIDE)
    axes.plot(iterations, running_mean((r.torch_loss for r in history), width), color=BLACK, label="PyTorch", **DASHED)
    axes.set_title("Loss" + f" (mean of {width} batches)" * (width > 1))
    axes.set_ylabel("cross-entropy")
    axes.legend()


def draw_accuracy(axes: Axes, rows: Sequence[Record]) -> None:
    rows = rows[1:] or rows  # the guesses of the untrained network would flatten all the rest
    iterations = [row.iteration for row in rows]
    for split, color in (("train", ORANGE), ("test", BLUE)):
        ours, theirs = ([getattr(row, f"{side}_{split}_accuracy") for row in rows] for side in ("numpy", "torch"))
        axes.plot(iterations, ours, color=color, label=f"NumPy, {split}", marker="o", **WIDE)
        axes.plot(
            iterations, theirs, color=BLACK, marker=".", label="PyTorch, both" if split == "test" else None, **DASHED
        )
    axes.set_title("Accuracy")
    axes.set_ylabel("share of images that are right")
    axes.legend(loc="lower right")


def draw_drift(axes: Axes, history: Sequence[Record]) -> None:
    """Where the drift is 0, as before the first update, a logarithmic scale has no place for it."""
    axes.set_title("Drift: how far the weights lie apart")
    axes.set_ylabel("max |ΔW|")
    apart = [record for record in history if record.weight_difference > 0]
    if not apart:
        axes.text(0.5, 0.5, "the weights are equal", transform=axes.transAxes, ha="center")
        axes.set_yticks([])
        return
    marker = "o" if len(apart) == 1 else None
    axes.plot([r.iteration for r in apart], [r.weight_difference for r in apart], color=RED, linewidth=2, marker=marker)
    axes.set_yscale("log")


def running_mean(values: Iterable[float], width: int) -> Array:
    return np.convolve(list(values), np.full(width, 1 / width), mode="valid")
