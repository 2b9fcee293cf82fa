"""What the scripts share: arguments that explain themselves, errors in one line, and files that are never torn."""

import argparse
import contextlib
import errno
import io
import math
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

if sys.platform != "win32":
    import fcntl

COULD_NOT_RUN = 2
ASIDE = ".writing-"


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Descriptions as they are written, and the defaults, but for what is not given or is a flag."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        has_none = isinstance(action.default, bool) or action.default in (None, [], ())
        return action.help if has_none else super()._get_help_string(action)


def parser(description: str | None, example: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        description=description, epilog=f"example: {example}", formatter_class=HelpFormatter, allow_abbrev=False
    )


def parser_with_data(description: str | None, example: str) -> argparse.ArgumentParser:
    """With the option for the folder of the data."""
    made = parser(description, example)
    made.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="folder with four files named as MNIST's, e.g. Fashion-MNIST (default: the MNIST of this package)",
    )
    return made


def integer(minimum: int, maximum: float = math.inf) -> Callable[[str], int]:
    """An argument type: an integer in this range."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if not minimum <= value <= maximum:
            limits = f"of {minimum} or more" if maximum == math.inf else f"from {minimum} to {maximum}"
            raise argparse.ArgumentTypeError(f"must be an integer {limits}, got {text!r}")
        return value

    return parse


def non_negative(text: str) -> float:
    """An argument type: a finite number of 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of 0 or more, got {text!r}")
    return value


def run(work: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """The exit status of the work; what stands in its way outside of us, in one line instead of a traceback."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a code page may lack Δ and µ
        status = work(options)
        if sys.stdout is not None:  # as it is when the shell closed it
            sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        give_up_output()
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return fail("interrupted", 128 + signal.SIGINT)
    except MemoryError as error:
        return fail(f"not enough memory: {error}")
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.filename is None and error.errno == errno.ENOSPC:
            give_up_output()
            return fail(f"standard output: {error.strerror}")
        return fail(str(error))
    return status


def give_up_output() -> None:
    """What Python still holds for standard output goes nowhere, instead of failing once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def fail(message: str, status: int = COULD_NOT_RUN) -> int:
    note(message)
    return status


def note(message: str) -> None:
    """What is worth knowing and stops nothing."""
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)


def on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def make_folder(folder: Path, names: list[str], option: str = "--out") -> None:
    """The folder for files of these names, tried at once: better now than after the work."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"{option}: cannot write to the folder {folder}: {error.strerror}") from error
    for name in names:
        if (folder / name).is_dir() and not (folder / name).is_symlink():  # a link is replaced, not followed
            raise OSError(f"{option}: cannot write {folder / name}: it is a folder")


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


def write_files(folder: Path, contents: Mapping[str, bytes], option: str = "--out") -> None:
    """Writes all aside, then renames: at any moment each file is the old or the new one, and whole.

    Where the disk is full, all are the old ones.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=ASIDE) as aside:
            for name, content in contents.items():
                with (Path(aside) / name).open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            for name in contents:
                (Path(aside) / name).replace(folder / name)
    except OSError as error:
        raise OSError(f"{option}: the results could not be written to {folder}: {error.strerror}") from error


def remove(folder: Path, names: list[str]) -> None:
    """These files, where they exist, and what a run that was killed as it wrote has left."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
    for left_over in folder.glob(f"{ASIDE}*"):
        shutil.rmtree(left_over, ignore_errors=True)


class Interrupt:
    """Within the context Ctrl-C, and the signals to terminate or hang up, only set `signal`, so that a step ends whole.

    The third of them raises KeyboardInterrupt, for somebody who does not want to wait.
    """

    SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

    def __init__(self) -> None:
        self.signal = self._requests = 0
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():  # no other may
            self._previous = {number: signal.getsignal(number) for number in self.SIGNALS}
        self._set(dict.fromkeys(self._previous, self._request))
        return self

    def __exit__(self, *_: object) -> None:
        self._set(self._previous)

    def hold_off(self) -> None:
        """From here on the signals are ignored."""
        self._set(dict.fromkeys(self._previous, signal.SIG_IGN))

    def _set(self, handlers: Mapping[int, Any]) -> None:
        for number, handler in handlers.items():
            if self._previous[number] is not signal.SIG_IGN:  # as under nohup
                signal.signal(number, handler)

    def _request(self, number: int, _frame: FrameType | None) -> None:
        self.signal = number
        self._requests += 1
        if self._requests == 3:
            raise KeyboardInterrupt
        if self._requests == 1:
            with contextlib.suppress(OSError):  # and no print, which might be what was interrupted
                os.write(2, b"\nstopping after this step, to save what was done (Ctrl-C twice more gives it up)\n")
