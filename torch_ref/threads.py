"""The same number of threads for both frameworks."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


@contextmanager
def threads(number: int) -> Iterator[None]:
    """NumPy's BLAS and PyTorch on so many threads, and afterwards as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        with threadpool_limits(number, "blas"):
            yield
    finally:
        torch.set_num_threads(before)


def count_of_threads(number: int) -> str:
    return f"{number} thread{'s' if number > 1 else ''}"
