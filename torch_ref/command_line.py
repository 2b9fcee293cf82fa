"""What all commands share: arguments that explain themselves, errors in one line, and files that are never torn."""

import argparse
import errno
import io
import math
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

COULD_NOT_RUN = 2
ASIDE = ".writing-"


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Descriptions as they are written, and the defaults, but for what is not given or is a flag."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        has_none = isinstance(action.default, bool) or action.default in (None, [], ())
        return action.help if has_none else super()._get_help_string(action)


def parser(description: str | None, example: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=program(),
        description=description,
        epilog=f"example: {example}",
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )


def program() -> str:
    """As it was called: check-layer, check_layer.py, or python -m torch_ref."""
    path = Path(sys.argv[0])
    return f"python -m {path.parent.name}" if path.name == "__main__.py" else path.name


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
    print(f"{program()}: {message}", file=sys.stderr)


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
