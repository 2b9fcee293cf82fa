"""The work of check_layer.py: the user's code runs in a process of its own, and this one sees that it ends."""

import argparse
import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from html import escape
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from parts import command_line, layer_process
from parts.layer_process import COULD_NOT_RUN, WRONG


def examine_apart(options: argparse.Namespace) -> int:
    """Prints the report of the inner process, or why there is none; the exit status."""
    if options.html:
        command_line.make_folder(options.html.parent, [options.html.name], option="--html")
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        given = {name: value for name, value in vars(options).items() if name != "html"}
        command = [sys.executable, layer_process.__file__, repr(given), str(trace)]
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # which ends the inner one too
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            encoding="utf-8", start_new_session=True,
        )  # fmt: skip
        try:
            last, report = _follow(process, options.timeout)
        finally:
            end(process)
        report = report or _no_report(process.returncode, last, trace, options)
    if "error" in report:
        if options.html and report["status"] == WRONG:
            _write_page(
                options.html, f"<!doctype html><title>WRONG</title><h1>WRONG</h1><p>{escape(report['error'])}</p>"
            )
        return command_line.fail(report["error"], report["status"])
    print(report["text"], end="")
    if options.html:
        _write_page(options.html, report["html"])
        print(f"the same as a page: {options.html}")
    return int(report["status"])


def _write_page(path: Path, page: str) -> None:
    command_line.write_files(path.parent, {path.name: page.encode()}, option="--html")


def end(process: subprocess.Popen[str]) -> None:
    """Ends the process, and its children."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.wait()


def _follow(process: subprocess.Popen[str], timeout: float) -> tuple[str, dict[str, Any] | None]:
    """The last check that it began, and its report, if it ended with one. Waits no longer than the watchdog would."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    last = ""
    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
        bar = progress.add_task("import", total=None)
        while True:
            try:
                line = lines.get(timeout=timeout + GRACE if timeout else None)
            except queue.Empty:
                return last, None
            if not line:  # it has ended
                process.wait()
                return last, None
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if "text" in said or "error" in said:
                    return last, said
                last = said["check"]
                progress.update(bar, description=last, completed=said["done"], total=said["of"])


GRACE = 10.0  # seconds that the watchdog is given, before the process is ended from outside


def _no_report(status: int, last: str, trace: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The layer has ended the process, or was ended by the watchdog: told from the trace that it leaves."""
    text = trace.read_text(errors="replace") if trace.exists() else ""
    where = _line_in(text, options.target)
    at, during = f" at {where}" if where else "", f"during the check {last}" if last else "as it is made and tried"
    if re.match(r"Timeout \(", text) or status is None:
        why = f"it does not end within {options.timeout:g} s (--timeout){at}, {during}"
    else:
        how = f"signal {-status}" if status < 0 else f"status {status}"
        why = f"it ends the process{at}, with {how}, {during}"
    could_not_run = not last and (not where or where.endswith(("in <module>", "in __init__")))
    return {"error": f"{options.target}: {why}", "status": COULD_NOT_RUN if could_not_run else WRONG}


def _line_in(trace: str, target: str) -> str:
    """The innermost line of the target's file, of a trace that begins with the innermost."""
    file = Path(target.rpartition(":")[0]).name
    for path, line, name in re.findall(r'File "(.*?)", line (\d+) in (\S+)', trace):
        if Path(path).name in (file, f"{file.rpartition('.')[2]}.py"):
            return f"{Path(path).name}:{line}, in {name}"
    return ""
