"""The folder of a run: it is of one run alone, and begins without what an earlier one has left."""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from torch_ref.command_line import ASIDE

if sys.platform != "win32":
    import fcntl


@contextlib.contextmanager
def alone_in(folder: Path, option: str = "--out") -> Iterator[None]:
    """Two runs at once would mix what they write. The lock is the system's: it ends with the process."""
    if sys.platform == "win32":
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system may have no locks
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ValueError(f"{option}: another run is writing to {folder}: choose another folder") from None
        yield
    finally:
        os.close(lock)


def remove(folder: Path, names: list[str]) -> None:
    """These files, where they exist, and what a run that was killed as it wrote has left."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
    for left_over in folder.glob(f"{ASIDE}*"):
        shutil.rmtree(left_over, ignore_errors=True)
