"""load_mnist: the shipped data is MNIST itself, other folders work, and a bad file is named."""

import gzip
import hashlib
import struct
import zlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numpy_impl import load_mnist

NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
PIXELS = np.arange(3 * 784).reshape(3, 784).astype(np.uint8)


def idx(magic: int, shape: tuple[int, ...], body: bytes) -> bytes:
    return struct.pack(f">{1 + len(shape)}I", magic, *shape) + body


IMAGES = idx(0x803, (3, 28, 28), PIXELS.tobytes())
LABELS = idx(0x801, (3,), bytes([7, 0, 9]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images in each split; the training files gzipped, the others not."""
    for name in NAMES:
        content = IMAGES if "images" in name else LABELS
        if name.startswith("train"):
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (tmp_path / name).write_bytes(content)
    return tmp_path


def test_the_shipped_files_are_the_canonical_ones() -> None:
    folder = files("numpy_impl") / "data"
    notice = (folder / "README.md").read_text("utf-8")
    for name in NAMES:
        digest = hashlib.sha256(gzip.decompress((folder / f"{name}.gz").read_bytes())).hexdigest()
        assert f"| `{name}` | `{digest}` |" in notice
    assert "Yann LeCun and Corinna Cortes" in notice
    assert "Attribution-Share Alike 3.0" in notice


def test_the_default_is_what_a_float32_network_takes() -> None:
    (x_train, t_train), (x_test, t_test) = load_mnist()
    assert (x_train.shape, x_test.shape) == ((60000, 784), (10000, 784))
    assert (t_train.shape, t_test.shape) == ((60000,), (10000,))
    assert x_train.dtype == x_test.dtype == np.float32
    assert t_train.dtype == t_test.dtype == np.int64
    assert (x_train.min(), x_train.max()) == (0, 1)
    assert t_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert t_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.bincount(t_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert abs(x_train.mean(dtype=float) - 0.1307) < 5e-5  # the mean everybody normalises MNIST with


def test_each_option_does_what_it_says(folder: Path) -> None:
    (x, t), (x_test, t_test) = load_mnist(normalize=False, data_dir=folder)
    np.testing.assert_array_equal(x, PIXELS, strict=True)
    np.testing.assert_array_equal(x_test, PIXELS, strict=True)
    np.testing.assert_array_equal(t, np.array([7, 0, 9]), strict=True)
    np.testing.assert_array_equal(t_test, t, strict=True)
    scaled = load_mnist(data_dir=str(folder))[0][0]
    np.testing.assert_array_equal(scaled, PIXELS.astype(np.float32) / np.float32(255), strict=True)
    square = load_mnist(normalize=False, flatten=False, data_dir=folder)[0][0]
    np.testing.assert_array_equal(square, PIXELS.reshape(3, 1, 28, 28), strict=True)
    rows = load_mnist(normalize=False, one_hot_label=True, data_dir=folder)[0][1]
    np.testing.assert_array_equal(rows, np.eye(10, dtype=np.float32)[[7, 0, 9]], strict=True)


def test_arrays_are_fresh_and_writeable(folder: Path) -> None:
    for normalize in (True, False):
        for x, t in load_mnist(normalize=normalize, data_dir=folder):
            x += 1
            t += 1
        for again, labels in load_mnist(normalize=normalize, data_dir=folder):
            assert again[0, 0] == 0
            assert labels[0] == 7


def test_a_gzip_file_may_have_several_members(folder: Path) -> None:
    (folder / NAMES[2]).unlink()
    (folder / f"{NAMES[2]}.gz").write_bytes(gzip.compress(IMAGES[:100]) + gzip.compress(IMAGES[100:]))
    np.testing.assert_array_equal(load_mnist(normalize=False, data_dir=folder)[1][0], PIXELS, strict=True)


def test_an_empty_split_is_empty(folder: Path) -> None:
    (folder / NAMES[2]).write_bytes(idx(0x803, (0, 28, 28), b""))
    (folder / NAMES[3]).write_bytes(idx(0x801, (0,), b""))
    _, (x, t) = load_mnist(data_dir=folder)
    assert (x.shape, t.shape) == ((0, 784), (0,))


# Each bad file: which name, its content, and what is said about it. "gz" files are train-, plain ones t10k-.
BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "not-gzip": (f"{NAMES[0]}.gz", IMAGES, "must be gzip data to its end, got other bytes"),
    "zlib": (f"{NAMES[0]}.gz", zlib.compress(IMAGES), "must be gzip data to its end, got other bytes"),
    "empty-gzip": (f"{NAMES[0]}.gz", b"", "must be a whole gzip file, got one that is cut off"),
    "cut-gzip": (f"{NAMES[0]}.gz", gzip.compress(IMAGES)[:-9], "must be a whole gzip file, got one that is cut off"),
    "wrong-checksum": (
        f"{NAMES[0]}.gz",
        gzip.compress(IMAGES)[:-8] + bytes(8),
        "must be gzip data to its end, got other bytes",
    ),
    "zeros-after-gzip": (
        f"{NAMES[0]}.gz",
        gzip.compress(IMAGES) + b"\0\0\0",
        "must be gzip data to its end, got other bytes",
    ),
    "cut-inside-gzip": (
        f"{NAMES[0]}.gz",
        gzip.compress(IMAGES[:-1]),
        "must have 2352 bytes after its header, got 2351",
    ),
    "trailing-inside-gzip": (
        f"{NAMES[1]}.gz",
        gzip.compress(LABELS + b"\0"),
        "must have 3 bytes after its header, got 4",
    ),
    "cut": (NAMES[2], IMAGES[:-1], "must have 2352 bytes after its header, got 2351"),
    "trailing": (NAMES[2], IMAGES + b"\0", "must have 2352 bytes after its header, got 2353"),
    "cut-header": (NAMES[2], IMAGES[:10], "must have a header of 16 bytes, got 10"),
    "empty": (NAMES[2], b"", "must start with the magic number 00000803, got nothing"),
    "labels-as-images": (NAMES[2], LABELS, "must start with the magic number 00000803, got 00000801"),
    "images-as-labels": (NAMES[3], IMAGES, "must start with the magic number 00000801, got 00000803"),
    "gzip-without-its-name": (NAMES[3], gzip.compress(LABELS), "must start with the magic number 00000801, got 1f8b08"),
    "other-size": (
        NAMES[2],
        idx(0x803, (3, 32, 32), bytes(3072)),
        r"must have entries of shape \(28, 28\), got \(32, 32\)",
    ),
    "fewer-labels": (NAMES[3], idx(0x801, (2,), bytes(2)), "must have a label for each of the 3 images, got 2"),
    "more-labels": (NAMES[3], idx(0x801, (4,), bytes(4)), "must have a label for each of the 3 images, got 4"),
    "eleventh-class": (NAMES[3], idx(0x801, (3,), bytes([0, 10, 1])), "must have labels of 0 to 9, got 10"),
    "a-class-far-out": (NAMES[3], idx(0x801, (3,), bytes([0, 255, 1])), "must have labels of 0 to 9, got 255"),
    "smaller-images": (
        NAMES[2],
        idx(0x803, (3, 27, 28), bytes(3 * 27 * 28)),
        r"must have entries of shape \(28, 28\), got \(27, 28\)",
    ),
}


@pytest.mark.parametrize(("name", "content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_named_with_what_is_wrong(folder: Path, name: str, content: bytes, message: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"load_mnist: .*{name} {message}") as caught:
        load_mnist(data_dir=folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    for file in folder.glob(f"{name}*"):
        file.unlink()
    (folder / name).mkdir()  # a folder of that name is no file
    with pytest.raises(FileNotFoundError, match=rf"load_mnist: .* must have a file {name}\.gz or {name}, got neither"):
        load_mnist(data_dir=folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere must have a file train-images-idx3-ubyte"):
        load_mnist(data_dir=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data_dir": 5}, "load_mnist: data_dir must be a path or None, got int"),
        ({"normalize": "folder"}, "load_mnist: normalize must be True or False, got 'folder'"),
        ({"flatten": None}, "load_mnist: flatten must be True or False, got None"),
        ({"one_hot_label": 1}, "load_mnist: one_hot_label must be True or False, got int"),
    ],
)
def test_arguments_of_another_kind_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        load_mnist(**arguments)
