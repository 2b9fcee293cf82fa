"""What the two networks have learned, as PNG: first-layer weights, the digits they get wrong, what they confuse."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from numpy_impl.validation import Array
from torch_ref import SideBySide
from training.figures import picture

PIXELS = 28
SHOWN_UNITS, SHOWN_ERRORS = 10, 40
STILL: dict[str, Any] = {"axes.grid": False}


def first_layer(sides: SideBySide, setting: str) -> bytes:
    """The columns of the first weight as images, for the units that differ most: of both, and their difference."""
    name = next(iter(sides.numpy.net.params))
    ours, theirs = sides.numpy.net.params[name].T, sides.torch.params[name].T  # (H, 784)
    with np.errstate(all="ignore"):
        units = np.argsort(-abs(ours - theirs).max(axis=1), kind="stable")[:SHOWN_UNITS]
        rows = {"NumPy": ours[units], "PyTorch": theirs[units], "NumPy − PyTorch": ours[units] - theirs[units]}
    with picture((16, 6.2), f"First-layer weights of the {len(units)} units that differ most: {setting}", **STILL) as (
        figure,
        png,
    ):
        grid = figure.subplots(len(rows), len(units), squeeze=False)
        weights = max(_limit(rows["NumPy"]), _limit(rows["PyTorch"]))
        for line, (name, images) in zip(grid, rows.items(), strict=True):
            limit = _limit(images) if "−" in name else weights
            for axes, image, unit in zip(line, images, units, strict=True):
                shown = axes.imshow(image.reshape(PIXELS, PIXELS), cmap="PuOr", vmin=-limit, vmax=limit)
                _bare(axes)
                if name == "NumPy":
                    axes.set_title(f"unit {unit}", fontsize=13)
            line[0].set_ylabel(name, fontsize=13)
            figure.colorbar(shown, ax=list(line), format="%.1g", aspect=10, pad=0.01)
    return png.getvalue()


def errors(pixels: Array, labels: Array, ours: Array, theirs: Array) -> bytes:
    """Test digits that either network gets wrong: those first that only one does."""
    wrong = np.flatnonzero((ours != labels) | (theirs != labels))
    wrong = wrong[np.argsort(ours[wrong] == theirs[wrong], kind="stable")]
    different = np.count_nonzero(ours != theirs)
    title = (
        f"{len(wrong)} of {len(labels):,} test images are wrong in NumPy or PyTorch, {different} classified "
        "differently: label → NumPy, PyTorch"
    )
    with picture((16, 8.6), title, **STILL) as (figure, png):
        for axes, i in zip(figure.subplots(5, SHOWN_ERRORS // 5).flat, [*wrong, *[None] * SHOWN_ERRORS], strict=False):
            if i is None:
                axes.set_axis_off()
                continue
            axes.imshow(pixels[i].reshape(PIXELS, PIXELS), cmap="gray_r")
            _bare(axes)
            weight = "bold" if ours[i] != theirs[i] else "normal"
            axes.set_title(f"{labels[i]} → {ours[i]}, {theirs[i]}", fontsize=14, fontweight=weight)
    return png.getvalue()


def confusions(labels: Array, ours: Array, theirs: Array) -> bytes:
    """How many test images of each class go to each class; the colour tells the errors, the diagonal is left white."""
    counts = {"NumPy": confusion(labels, ours), "PyTorch": confusion(labels, theirs)}
    most = max(1, *(np.max(count - np.diag(np.diag(count))) for count in counts.values()))
    with picture((16, 8), f"Confusion of the {len(labels):,} test images", **STILL) as (figure, png):
        for axes, (name, count) in zip(figure.subplots(1, 2), counts.items(), strict=True):
            mistakes = np.ma.masked_where(np.eye(len(count), dtype=bool), count)
            shown = axes.imshow(mistakes, cmap="Blues", vmin=0, vmax=most)
            for (row, column), number in np.ndenumerate(count):
                dark = row != column and number > most / 2
                axes.text(
                    column, row, number, ha="center", va="center", fontsize=12, color="white" if dark else "black"
                )
            right = np.trace(count) / max(1, count.sum())
            axes.set(title=f"{name}: {right:.2%} right", xlabel="predicted class", ylabel="true class")
            axes.set(xticks=range(len(count)), yticks=range(len(count)))
        figure.colorbar(shown, ax=figure.axes, label="images that are wrong", shrink=0.7)
    return png.getvalue()


def confusion(labels: Array, predicted: Array, classes: int = 10) -> Array:
    """(true class, predicted class) -> number of images."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def _limit(values: Array) -> float:
    """The greatest magnitude, for a scale that is the same on both sides of 0."""
    finite = abs(values[np.isfinite(values)])
    return float(finite.max(initial=0)) or 1.0


def _bare(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
