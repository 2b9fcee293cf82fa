"""What all tests share: hypothesis' settings and a slice of real MNIST."""

import numpy as np
import pytest
from hypothesis import settings

from numpy_impl import load_mnist
from numpy_impl.checks import Array

# No deadline: these machines are shared. The blob replays a failing example elsewhere.
settings.register_profile("default", deadline=None, print_blob=True)
settings.load_profile("default")


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
