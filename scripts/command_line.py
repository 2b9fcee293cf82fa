"""What the scripts share: arguments that explain themselves, errors in one line, and files that are never torn."""

import argparse
import math
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType

from rich.console import Console

COULD_NOT_RUN = 2
INTERRUPTED = 128 + signal.SIGINT


def parser(description: str, example: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        description=description,
        epilog=f"example: {example}",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )


def at_least(minimum: int) -> Callable[[str], int]:
    """An argument type: an integer of `minimum` or more."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if value < minimum:
            raise argparse.ArgumentTypeError(f"must be an integer of {minimum} or more, got {text!r}")
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


def run(main: Callable[[], int]) -> int:
    """The exit status of main; what stands in its way outside of us, in one line instead of a traceback."""
    try:
        return main()
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return fail("interrupted", INTERRUPTED)
    except (OSError, ValueError) as error:
        return fail(str(error))


def on_terminal() -> bool:
    return Console().is_terminal


def fail(message: str, status: int = COULD_NOT_RUN) -> int:
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    return status


def make_folder(folder: Path) -> None:
    """The folder for results, tried at once: better now than after the work."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def write_file(path: Path, content: bytes) -> None:
    """Writes aside and renames, so that the file is the old or the new one, whole, at any moment."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o644)  # noqa: PTH101  the name is a string
            os.replace(file.name, path)  # noqa: PTH105
        except BaseException:
            os.unlink(file.name)  # noqa: PTH108
            raise


class Interrupt:
    """Within the context a first Ctrl-C only sets `requested`, so that a step ends whole; a second one interrupts."""

    requested = False

    def __enter__(self) -> "Interrupt":
        self._previous = signal.signal(signal.SIGINT, self._request)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def _request(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
