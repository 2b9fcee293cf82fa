"""Pictures of several trainings: NumPy as a wide line in colour, PyTorch as a dashed black one on top of it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from training.figures import BLACK, BLUE, DASHED, GREEN, ORANGE, RED, WIDE, picture

from comparing.runs import Run
from numpy_impl.validation import Array

COLOURS = (BLUE, ORANGE, GREEN, RED, "#CC79A7", "#0072B2")


def losses(runs: Sequence[Run], title: str) -> bytes:
    """The losses of all, on a logarithmic scale, as means of a hundredth of the batches."""
    batches = max(1, len(runs[0].losses) // 100)
    with picture((13, 7), title) as (figure, png):
        axes = figure.subplots()
        for run, colour in zip(runs, COLOURS, strict=False):
            at, ours, theirs = run.mean_losses(batches)
            coincide(axes, at, ours, theirs, run.name, colour)
        axes.plot([], [], color=BLACK, label="PyTorch, each of them", **DASHED)
        axes.set(xlabel="iteration", ylabel=f"cross-entropy, mean of {batches}", yscale="log")
        axes.legend()
    return png.getvalue()


def coincide(axes: Axes, at: Array, ours: Array, theirs: Array, name: str, colour: str) -> None:
    axes.plot(at, ours, color=colour, label=f"NumPy, {name}", **WIDE)
    axes.plot(at, theirs, color=BLACK, **DASHED)


def histograms(activations: Mapping[str, Sequence[Array]], title: str) -> bytes:
    """A row for each way to draw weights, a column for each layer: how the activations of its units are distributed."""
    layers = len(next(iter(activations.values())))
    with picture((3.2 * layers, 2.9 * len(activations)), title) as (figure, png):
        grid = figure.subplots(len(activations), layers, squeeze=False)
        for row, (name, values) in zip(grid, activations.items(), strict=True):
            for i, (axes, layer) in enumerate(zip(row, values, strict=True), 1):
                axes.hist(layer.ravel(), bins=30, range=_range(values), color=BLUE)
                axes.set_yticks([])
                axes.margins(y=0.25)  # room for the number above
                if axes in grid[0]:
                    axes.set_title(f"layer {i}")
                axes.annotate(
                    f"std {layer.std():.2g}", (0.97, 0.95), xycoords="axes fraction", ha="right", va="top", fontsize=13
                )
            row[0].set_ylabel(name)
    return png.getvalue()


def panels(curves: Mapping[str, Mapping[str, tuple[Array, Array]]], title: str, columns: int = 4) -> bytes:
    """A panel for each setting, in it for each name the accuracies of NumPy and of PyTorch by epoch."""
    rows = -(-len(curves) // columns)
    with picture((4.2 * columns, 3 * rows), title) as (figure, png):
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, (setting, named) in zip(grid.flat, curves.items(), strict=False):
            for (name, (ours, theirs)), colour in zip(named.items(), COLOURS, strict=False):
                coincide(axes, np.arange(len(ours)), ours, theirs, name, colour)
            axes.set_title(setting, fontsize=14)
        grid[0, 0].plot([], [], color=BLACK, label="PyTorch, each", **DASHED)
        for axes in grid.flat[len(curves) :]:
            axes.set_axis_off()
        for axes in grid[-1]:
            axes.set_xlabel("epoch")
        for row in grid:
            row[0].set_ylabel("accuracy")
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return png.getvalue()


def _range(values: Sequence[Array]) -> tuple[float, float]:
    """The same for all layers of a row, or each would look alike."""
    return float(min(layer.min() for layer in values)), float(max(layer.max() for layer in values))
