"""What a user's code finds set for the whole program, and must leave as it was: the checks run in the same program."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

import numpy as np
import torch

from torch_ref.diagnosis.severity import Severity
from torch_ref.threads import threads

NUMPYS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}  # as it is when NumPy is imported


@contextmanager
def usual() -> Iterator[None]:
    """As NumPy and PyTorch have them, whatever the user's file has set; afterwards they are as before."""
    with np.errstate(**NUMPYS), torch.enable_grad():  # type: ignore[arg-type] # mypy wants each word
        yield


@contextmanager
def of_checks() -> Iterator[None]:
    """Besides with one thread: on data as small as these more of them only wait for each other."""
    with usual(), threads(1):
        yield


@contextmanager
def put_back(notes: MutableMapping[str, Severity]) -> Iterator[None]:
    """After a call of the user's code all is as before, and what was not is noted."""
    errors, gradients = np.geterr(), torch.is_grad_enabled()
    try:
        yield
    finally:
        if np.geterr() != errors:
            np.seterr(**errors)
            notes["it calls np.seterr, which is in force in the whole program: np.errstate is not"] = Severity.ADVICE
        if torch.is_grad_enabled() != gradients:
            torch.set_grad_enabled(gradients)
            notes["it leaves PyTorch's gradients switched off in the whole program"] = Severity.ADVICE
