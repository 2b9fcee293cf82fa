"""MNIST and its relatives, from gzipped IDX files. The files of MNIST itself lie in `numpy_impl/data`."""

import os
import zlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeAlias

import numpy as np

from numpy_impl.validation import Array, check_flag, check_path

Split: TypeAlias = tuple[Array, Array]

CLASSES = 10
PIXELS = 28
GZIP = 16 + zlib.MAX_WBITS


def load_mnist(
    normalize: bool = True,
    flatten: bool = True,
    one_hot_label: bool = False,
    data_dir: str | os.PathLike[str] | None = None,
) -> tuple[Split, Split]:
    """(x_train, t_train), (x_test, t_test): 60,000 and 10,000 images of handwritten digits with their labels.

    normalize: pixels as float32 from 0 to 1, else uint8 from 0 to 255.
    flatten: images of shape (784,), else (1, 28, 28).
    one_hot_label: labels as float32 rows of 10, else int64 class indices.
    data_dir: a folder with the same four file names, gzipped (.gz) or not, e.g. of Fashion-MNIST or KMNIST; by default
    the data that is shipped with this package.

    Each call reads the files and hands out fresh arrays. Raises FileNotFoundError for a missing file and ValueError
    for a damaged one, both naming it.
    """
    for name, flag in (("normalize", normalize), ("flatten", flatten), ("one_hot_label", one_hot_label)):
        check_flag("load_mnist", name, flag)
    check_path("load_mnist", "data_dir", data_dir)
    folder = files("numpy_impl") / "data" if data_dir is None else Path(data_dir)

    def load(split: str) -> Split:
        x, t = _read_split(folder, split)
        x = x.reshape(len(x), PIXELS * PIXELS) if flatten else x.reshape(len(x), 1, PIXELS, PIXELS)
        if normalize:
            x = x.astype(np.float32)
            x /= 255
        return x, np.eye(CLASSES, dtype=np.float32)[t] if one_hot_label else t.astype(np.int64)

    return load("train"), load("t10k")


def _read_split(folder: Traversable, split: str) -> Split:
    x = _read_idx(_find(folder, f"{split}-images-idx3-ubyte"), (PIXELS, PIXELS))
    labels = _find(folder, f"{split}-labels-idx1-ubyte")
    t = _read_idx(labels, ())
    if len(x) != len(t):
        raise ValueError(f"load_mnist: {labels} must have a label for each of the {len(x)} images, got {len(t)}")
    if t.size and t.max() >= CLASSES:
        raise ValueError(f"load_mnist: {labels} must have labels of 0 to {CLASSES - 1}, got {t.max()}")
    return x, t


def _read_idx(file: Traversable, entry: tuple[int, ...]) -> Array:
    """The (n, *entry) unsigned bytes of an IDX file.

    IDX: two zero bytes, 8 for unsigned bytes, the number of axes; the length of each axis in four bytes, big-endian;
    the entries.
    """
    content = _gunzip(file) if file.name.endswith(".gz") else file.read_bytes()
    axes = 1 + len(entry)
    magic, header, body = content[:4], content[4 : 4 + 4 * axes], content[4 + 4 * axes :]
    expected = bytes([0, 0, 8, axes])
    if magic != expected:
        got = magic.hex() or "nothing"
        raise ValueError(f"load_mnist: {file} must start with the magic number {expected.hex()}, got {got}")
    if len(header) != 4 * axes:
        raise ValueError(f"load_mnist: {file} must have a header of {4 + 4 * axes} bytes, got {len(content)}")
    n, *shape = np.frombuffer(header, dtype=">u4").tolist()
    if tuple(shape) != entry:
        raise ValueError(f"load_mnist: {file} must have entries of shape {entry}, got {tuple(shape)}")
    size = n * int(np.prod(entry))
    if len(body) != size:
        raise ValueError(f"load_mnist: {file} must have {size} bytes after its header, got {len(body)}")
    return np.frombuffer(bytearray(body), dtype=np.uint8).reshape(n, *entry)


def _find(folder: Traversable, name: str) -> Traversable:
    for file in (folder / f"{name}.gz", folder / name):
        if file.is_file():
            return file
    raise FileNotFoundError(f"load_mnist: {folder} must have a file {name}.gz or {name}, got neither")


def _gunzip(file: Traversable) -> bytes:
    """A gzip file is one member or several, one after another, and nothing else.

    gzip.decompress would let zeros after the last one pass.
    """
    content, rest = b"", file.read_bytes()
    while True:
        member = zlib.decompressobj(GZIP)
        try:
            content += member.decompress(rest)
        except zlib.error as error:
            raise ValueError(f"load_mnist: {file} must be gzip data to its end, got other bytes ({error})") from error
        if not member.eof:
            raise ValueError(f"load_mnist: {file} must be a whole gzip file, got one that is cut off")
        rest = member.unused_data
        if not rest:
            return content
