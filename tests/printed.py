"""What the commands of the documents print. They run one after another, beside the tests, which wait at their end.

Together they take two minutes, of a core that the tests leave idle.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = (
    "scripts/train_mnist.py",
    "scripts/check_gradients.py",
    "scripts/errata.py",
    "scripts/accuracy.py",
    "scripts/benchmark.py --rounds 1",
    "scripts/kill_matrix.py",
)
# Or they would take the tests' core as well.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Commands:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._pool = ThreadPoolExecutor(1)
        self._running: subprocess.Popen[str] | None = None
        self._results: dict[str, Future[str]] = {}

    def start(self) -> None:
        self._results = {command: self._pool.submit(self._run, command) for command in COMMANDS}

    def printed(self, command: str) -> str:
        """The standard output; AssertionError where it failed."""
        return self._results[command].result()

    def stop(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._running:
            self._running.kill()
        self._pool.shutdown()
        self._folder.cleanup()

    def _run(self, command: str) -> str:
        script, *arguments = command.split()
        with subprocess.Popen(
            [sys.executable, "-X", "utf8", str(ROOT / script), *arguments],
            cwd=self._folder.name, env={**os.environ, **ONE_THREAD}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8",
        ) as self._running:  # fmt: skip
            out, error = self._running.communicate()
        assert self._running.returncode == 0, f"{command}: {error}"
        return out


COMMANDS_OF_THE_DOCUMENTS = Commands()
