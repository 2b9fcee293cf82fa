"""Files of a user's: a layer that is wrong in db alone, and layers that print, and worse."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MY_AFFINE = """
import numpy as np


class MyAffine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x.copy()
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.mean(axis=0)
        return dout @ self.W.T
"""

HARD = """
import os
from my_layers import MyAffine

print("once")
os.write(2, b"more")

class Right(MyAffine):
    def __init__(self, W, b):
        print("made")
        super().__init__(W, b)
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = self.db * len(dout)
        return dx

class Interrupts(MyAffine):
    def backward(self, dout):
        raise KeyboardInterrupt("me")

class Leaves(MyAffine):
    def backward(self, dout):
        os._exit(3)

class Writes(MyAffine):
    def backward(self, dout):
        os.write(1, b"deep")
        return super().backward(dout)

class CannotBeMade(MyAffine):
    def __init__(self, W, b):
        raise KeyboardInterrupt
"""


def write_notebook(path: Path, sources: Iterable[Any], kind: str = "code") -> None:
    """With cells of these sources, each a text or a list of lines, as Jupyter has it."""
    cells = [{"cell_type": kind, "metadata": {}, "source": source} for source in sources]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
