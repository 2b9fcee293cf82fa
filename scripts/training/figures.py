"""The curves of a training, as a PNG: loss and accuracy of both sides, and how far they drift apart."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from numpy_impl.validation import Array
from training.history import Record, read
from training.tally import Jump

# Okabe and Ito's colours, which everybody can tell apart. PyTorch is dashed over NumPy, for the two coincide.
BLUE, ORANGE, BLACK, RED, GREEN = "#56B4E9", "#E69F00", "#000000", "#D55E00", "#009E73"
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
POINTS = 1000  # of a curve; a longer history is drawn as means, of the drift as maxima, of so many parts


@dataclass
class Curves:
    """A history as it is drawn: of the same size however long it is, but for the rows."""

    width: int  # records in a part
    iterations: Array
    numpy_loss: Array
    torch_loss: Array
    drift: Array
    other_drift: Array
    rows: list[Record]


def curves(file: Path) -> Curves:
    records = sum(1 for _ in read(file))
    width = max(1, -(-records // POINTS))
    parts = np.zeros((-(-records // width), 6))
    parts[:, 4:] = np.nan
    rows = []
    for i, record in enumerate(read(file)):
        part, other = parts[i // width], np.nan if record.other_drift is None else record.other_drift
        part[:4] += 1, record.iteration, record.numpy_loss, record.torch_loss
        part[4:] = np.fmax(part[4:], (record.drift, other))
        if record.is_row:
            rows.append(record)
    count, iteration, numpy_loss, torch_loss, drift, other_drift = parts.T
    return Curves(width, iteration / count, numpy_loss / count, torch_loss / count, drift, other_drift, rows)


def training_curves(file: Path, jumps: Sequence[Jump], dtype: str, setting: str) -> bytes:
    """Loss, accuracy and drift over the iterations."""
    drawn = curves(file)
    with picture((16, 5.6), f"NumPy and PyTorch side by side: {setting}") as (figure, png):
        loss, accuracy, drift = figure.subplots(1, 3)
        draw_loss(loss, drawn)
        draw_accuracy(accuracy, drawn.rows)
        draw_drift(drift, drawn, jumps, dtype)
        for axes in (loss, accuracy, drift):
            axes.set_xlabel("iteration")
    return png.getvalue()


@contextmanager
def picture(size: tuple[float, float], title: str, **options: Any) -> Iterator[tuple[Figure, io.BytesIO]]:
    """A figure to draw in, and the file that it is saved to at the end."""
    with style.context(["default", {**STYLE, **options}]):
        figure, png = Figure(figsize=size, layout=ConstrainedLayoutEngine(wspace=0.03), dpi=100), io.BytesIO()
        figure.suptitle(title)
        yield figure, png
        figure.savefig(png, format="png")


def draw_loss(axes: Axes, drawn: Curves) -> None:
    axes.plot(drawn.iterations, drawn.numpy_loss, color=BLUE, label="NumPy", **WIDE)
    axes.plot(drawn.iterations, drawn.torch_loss, color=BLACK, label="PyTorch", **DASHED)
    axes.set_title("Loss" + f" (mean of {drawn.width} batches)" * (drawn.width > 1))
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


def draw_drift(axes: Axes, drawn: Curves, jumps: Sequence[Jump], dtype: str) -> None:
    """Where the drift is 0, as before the first update, a logarithmic scale has no place for it."""
    axes.set_title("Drift: how far the weights lie apart")
    axes.set_ylabel("max |ΔW|")
    other = "float32" if dtype == "float64" else "float64"
    if not (drawn.drift > 0).any():
        axes.text(0.5, 0.5, "the weights are equal", transform=axes.transAxes, ha="center")
        axes.set_yticks([])
        return
    for drift, label, color in ((drawn.drift, dtype, RED), (drawn.other_drift, other, GREEN)):
        shown = drift > 0
        if shown.any():
            marker = "o" if np.count_nonzero(shown) == 1 else None
            axes.plot(drawn.iterations[shown], drift[shown], color=color, linewidth=2, marker=marker, label=label)
    if jumps:
        label = "jump: a ReLU opens\non one side only"
        at, height = zip(*((jump.iteration + 1, jump.after) for jump in jumps), strict=True)
        axes.plot(at, height, linestyle="none", marker="v", markersize=9, color=BLACK, label=label)
    axes.set_yscale("log")
    axes.legend()
