"""The process that the user of check-layer sees: the user's code runs in another, and this one sees that it ends."""

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
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.progress import Progress

from torch_ref import command_line
from torch_ref.your_layer.command.inner import COULD_NOT_RUN, WRONG
from torch_ref.your_layer.lines import told, without_cell

GRACE = 10.0  # seconds that the watchdog is given, before the process is ended from outside
# The inner process finds modules where this one does.
INNER = """import os, sys
sys.path[:] = sys.argv[1].split(os.pathsep)
from torch_ref.your_layer.command.inner import main
main(sys.argv[2:])"""


def examine_apart(options: argparse.Namespace, argv: Sequence[str], called: str) -> int:
    """Writes the report of the inner process, or why there is none; the exit status."""
    files = {name: path for name in ("html", "json") if (path := getattr(options, name)) and str(path) != "-"}
    for name, path in files.items():
        command_line.make_folder(path.parent, [path.name], option=f"--{name}")
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        given = {name: value for name, value in vars(options).items() if name not in ("html", "json")}
        given |= {"argv": list(argv), "called": called}
        command = [sys.executable, "-c", INNER, os.pathsep.join(sys.path), repr(given), str(trace)]
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
    return _tell(report, files, alone="json" not in files and options.json is not None)


def _tell(report: Mapping[str, Any], files: Mapping[str, Path], *, alone: bool) -> int:
    """With `alone` the JSON is all that the standard output gets."""
    contents = dict(report)
    if "error" in report:
        contents["json"] = json.dumps({"error": report["error"], "status": report["status"]}, indent=2) + "\n"
        if report["status"] == WRONG:
            said = escape(report["error"])
            contents["html"] = f"<!doctype html><title>WRONG</title><h1>WRONG</h1><p>{said}</p>"
    for name, path in files.items():
        if name in contents:
            command_line.write_files(path.parent, {path.name: contents[name].encode()}, option=f"--{name}")
    if alone:
        print(contents["json"], end="")
    if "error" in report:
        return command_line.fail(report["error"], report["status"])
    if not alone:
        print(report["text"], end="")
        if report["replay"]:
            print(f"replay: {report['replay']}")
        for name, path in files.items():
            print(f"the same as {'a page' if name == 'html' else 'JSON'}: {path}")
    return int(report["status"])


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

    def read(stream: IO[str]) -> None:
        with stream:
            for line in stream:
                lines.put(line)
        lines.put("")

    threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
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
        if Path(without_cell(path)).name in (file, f"{file.rpartition('.')[2]}.py"):
            return told(path, int(line), name)
    return ""
