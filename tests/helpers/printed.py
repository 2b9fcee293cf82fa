"""What the commands of the documents print."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import kill_matrix

ROOT = Path(__file__).parents[2]
TIMEOUT = 600  # seconds, of one command
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# What would colour or bend what is printed.
UNWANTED = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "PY_COLORS", "PYTEST_ADDOPTS", "COLUMNS")


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in UNWANTED} | more


# In this process, where the tests of it have computed most.
HERE = {"scripts/kill_matrix.py": kill_matrix.main}


@cache
def printed(command: str) -> str:
    """The standard output; AssertionError where the command failed."""
    script, *arguments = command.split()
    if script in HERE:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            assert HERE[script](arguments) == 0
        return out.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-X", "utf8", str(ROOT / script), *arguments],
            cwd=folder, env=environment(**ONE_THREAD), capture_output=True, encoding="utf-8", timeout=TIMEOUT,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
