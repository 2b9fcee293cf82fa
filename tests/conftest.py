"""What all tests share: hypothesis' settings and a slice of real MNIST."""

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from numpy_impl import load_mnist
from numpy_impl.validation import Array
from torch_ref.threads import threads

# No deadline: these machines are shared. The blob replays a failing example elsewhere.
settings.register_profile("default", deadline=None, print_blob=True)
settings.load_profile("default")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """For NumPy's BLAS and for PyTorch: on matrices this small two pools of threads only stand in each other's way."""
    with threads(1):
        yield


@pytest.fixture(scope="session")
def mnist() -> tuple[Array, Array]:
    """The first 1,000 training images, float64 and read-only, and their labels."""
    (x, t), _ = load_mnist()
    x = x[:1000].astype(np.float64)
    x.setflags(write=False)
    return x, t[:1000]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20160924)


@pytest.fixture(scope="session")
def small_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 training and 100 test images whose class is the row that is lit."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for split, n in (("train", 300), ("t10k", 100)):
        labels = rng.integers(0, 10, n)
        images = rng.integers(0, 60, (n, 28, 28))
        images[np.arange(n), 2 * labels] += 195
        for kind, head, body in (("images-idx3", (0x803, n, 28, 28), images), ("labels-idx1", (0x801, n), labels)):
            content = struct.pack(f">{len(head)}I", *head) + body.astype(np.uint8).tobytes()
            (folder / f"{split}-{kind}-ubyte.gz").write_bytes(gzip.compress(content))
    return folder
