"""The picture of benchmark.py: NumPy's time over that of PyTorch and of the floor, as the sizes grow."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter
from training.figures import BLUE, RED, picture

from numpy_impl.validation import Array
from timing.contenders import Size
from torch_ref.threads import count_of_threads

DTYPES = {"float32": (BLUE, "o"), "float64": (RED, "s")}


def ratios(measured: Mapping[Size, Mapping[str, Array]], threads: int) -> bytes:
    """Medians over the rounds, and between the quartiles a band."""
    title = f"A training step: NumPy's time over another's, {count_of_threads(threads)} each"
    with picture((16, 9), title) as (figure, png):
        hidden, batch = next(iter(measured))[:2]
        axes = figure.subplots(2, 2, sharey="row")
        others = {
            "eager": ("PyTorch eager's", "ratio, NumPy is faster below 1"),
            "floor": ("that of its five products", "ratio"),
        }
        for row, (other, (name, ratio)) in zip(axes, others.items(), strict=True):
            by_hidden = {size: times for size, times in measured.items() if size.batch == batch}
            by_batch = {size: times for size, times in measured.items() if size.hidden == hidden}
            draw(row[0], by_hidden, "hidden", other, f"over {name}, batch {batch}", "units of the hidden layer")
            draw(row[1], by_batch, "batch", other, f"over {name}, {hidden} hidden units", "images in a batch")
            row[0].set_ylabel(ratio)
            row[0].set_ylim(bottom=0)
        axes[0, 0].legend()
    return png.getvalue()


def draw(
    axes: Axes, measured: Mapping[Size, Mapping[str, Array]], varied: str, other: str, title: str, label: str
) -> None:
    axes.set_title(title)
    axes.set_xlabel(label)
    axes.set_xscale("log")
    axes.axhline(1, color="black", linewidth=1)
    for dtype, (color, marker) in DTYPES.items():
        points = sorted((getattr(size, varied), size) for size in measured if size.dtype == dtype)
        at = [value for value, _ in points]
        quartiles = [np.percentile(measured[s]["NumPy"] / measured[s][other], [25, 50, 75]) for _, s in points]
        low, middle, high = np.transpose(quartiles)
        axes.fill_between(at, low, high, color=color, alpha=0.25, linewidth=0)
        axes.plot(at, middle, color=color, marker=marker, linewidth=2, label=dtype)
        axes.xaxis.set_major_locator(FixedLocator(at))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
