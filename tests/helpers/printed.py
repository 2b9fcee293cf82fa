"""What the commands of the documents print. They run one after another, beside the tests, which wait at their end.

Together they take two minutes, of a core that the tests leave idle.
"""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from parts.examine_apart import end

ROOT = Path(__file__).parents[1]
TIMEOUT = 600  # seconds, of one command
# Or they would take the tests' core as well.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# What would colour or bend what is printed.
UNWANTED = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "PY_COLORS", "PYTEST_ADDOPTS", "COLUMNS")


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in UNWANTED} | more


class Commands:
    def __init__(self) -> None:
        self._results: dict[str, Future[str]] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._running: subprocess.Popen[str] | None = None
        self._stopped = threading.Event()
        self._starting = threading.Lock()

    def start(self, commands: Iterable[str]) -> None:
        for command in commands:
            if command not in self._results:
                self._pool = self._pool or ThreadPoolExecutor(1)
                self._results[command] = self._pool.submit(self._run, command)

    def printed(self, command: str) -> str:
        """The standard output; AssertionError where it failed."""
        self.start([command])
        return self._results[command].result()

    def stop(self) -> None:
        """Ends the one that runs; the others do not begin."""
        self._stopped.set()
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
            with self._starting:
                if self._running:
                    end(self._running)
            self._pool.shutdown()

    def _run(self, command: str) -> str:
        script, *arguments = command.split()
        with tempfile.TemporaryDirectory() as folder:
            with self._starting:
                assert not self._stopped.is_set()
                self._running = subprocess.Popen(
                    [sys.executable, "-X", "utf8", str(ROOT / script), *arguments], cwd=folder,
                    env=environment(**ONE_THREAD), start_new_session=True, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
                )  # fmt: skip
            try:
                out, error = self._running.communicate(timeout=TIMEOUT)
            finally:
                end(self._running)
        assert self._running.returncode == 0, f"{command}: {self._running.returncode}\n{out[-2000:]}\n{error[-2000:]}"
        return out


COMMANDS_OF_THE_DOCUMENTS = Commands()
