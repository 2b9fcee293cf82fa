"""The work of check_layer.py, in two processes: one runs somebody else's code, the other sees to it that it ends.

The inner process writes lines of JSON to what was its standard output: what it is about to do, at the end the report.
Whatever the layer itself prints goes elsewhere. A watchdog ends it when a single check takes too long, and says where.
"""

import argparse
import ast
import contextlib
import faulthandler
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, TextIO

import command_line
from rich.console import Console
from rich.progress import Progress

WRONG = 1


# Outside


def examine_apart(options: argparse.Namespace) -> int:
    """Prints the report of the inner process, or why there is none; the exit status."""
    if options.html:
        command_line.make_folder(options.html.parent, [options.html.name], option="--html")
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        given = {name: value for name, value in vars(options).items() if name != "html"}
        command = [sys.executable, __file__, repr(given), str(trace)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            encoding="utf-8", start_new_session=True,
        )  # fmt: skip
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # which ends the inner one too
        try:
            last, report = _follow(process, options.timeout)
        finally:
            _end(process)
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


def _end(process: subprocess.Popen[str]) -> None:
    """And what it may have started itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.wait()


def _follow(process: subprocess.Popen[str], timeout: float) -> tuple[str, dict[str, Any] | None]:
    """What it was last about to do, and its report, if it ended with one. Waits no longer than the watchdog would."""
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
    return {"error": f"{options.target}: {why}", "status": command_line.COULD_NOT_RUN if could_not_run else WRONG}


def _line_in(trace: str, target: str) -> str:
    """The innermost line of the target's file, of a trace that begins with the innermost."""
    file = Path(target.rpartition(":")[0]).name
    for path, line, name in re.findall(r'File "(.*?)", line (\d+) in (\S+)', trace):
        if Path(path).name in (file, f"{file.rpartition('.')[2]}.py"):
            return f"{Path(path).name}:{line}, in {name}"
    return ""


# Inside


def main(argv: list[str]) -> int:
    options, trace = ast.literal_eval(argv[0]), Path(argv[1])
    end = os._exit
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel, trace.open("w") as traces, _elsewhere() as printed:
        faulthandler.enable(traces)  # a crash in somebody's C code

        def tell(done: int, of: int, check: str) -> None:
            _say(channel, {"check": check, "done": done, "of": of})
            if options["timeout"]:
                faulthandler.dump_traceback_later(options["timeout"], exit=True, file=traces)

        def traced_end(status: int) -> None:
            faulthandler.dump_traceback(traces)
            end(status)

        os._exit = traced_end  # type: ignore[assignment] # it returns no more than the original
        warnings.simplefilter("ignore")  # of what happens before the examination, which has its own way with them
        _say(channel, _report(options, tell, printed))
        end(0)  # whatever threads and exit handlers the layer may have left


def _report(options: dict[str, Any], tell: Any, printed: list[TextIO]) -> dict[str, Any]:
    import numpy as np

    import torch_ref
    from torch_ref.candidates.adapter import in_words
    from torch_ref.candidates.examination import SILENCE, check_names
    from torch_ref.candidates.locate import line_of_error

    tell(0, 1, "")  # from here on the watchdog watches: what is imported until here is ours
    target, could_not_run = options["target"], command_line.COULD_NOT_RUN
    try:
        like = torch_ref.load(options["like"]) if ":" in options["like"] else options["like"]
        made = torch_ref.candidate(
            torch_ref.load(target),
            like,
            **{name: options[name] for name in ("inputs", "hidden", "outputs", "shape", "targets", "leading_axes")},
            options=dict(options["init"]),
            names=dict(options["map"]),
        )
        check_names(made, options["skip"])
    except ValueError as error:
        return {"error": str(error), "status": could_not_run}
    except BaseException as error:  # noqa: BLE001 - whatever stands in its way
        where = line_of_error(error, str(Path(target.rpartition(":")[0]).resolve()))
        return {"error": f"{target}: {in_words(error)}{f' ({where})' if where else ''}", "status": could_not_run}
    try:
        dtypes = ["float64", "float32"] if options["dtype"] == "both" else [options["dtype"]]
        examination = torch_ref.examine(made, map(np.dtype, dtypes), options["skip"], tell)
    except BaseException as error:  # noqa: BLE001 - a layer may raise KeyboardInterrupt
        where = line_of_error(error, str(Path(target.rpartition(":")[0]).resolve()))
        if not where:  # not their code
            return {"error": f"the check itself fails, with {in_words(error)}", "status": could_not_run}
        return {"error": f"{target}: it raises {in_words(error)}, {where}", "status": WRONG}
    text = "".join(_content(file) for file in printed)
    if text and examination.ok and SILENCE in examination.checks:
        what = f"{target}: it writes to the standard output or error: {text[:60]!r} (--skip {SILENCE})"
        return {"error": what, "status": WRONG}
    status = 0 if examination.ok else WRONG
    return {"text": torch_ref.text_of(examination), "html": torch_ref.html_of(examination), "status": status}


def _say(channel: TextIO, what: dict[str, Any]) -> None:
    channel.write(json.dumps(what) + "\n")
    channel.flush()


@contextlib.contextmanager
def _elsewhere() -> Iterator[list[TextIO]]:
    """Files in the place of the standard output and error, for what is printed by code in C, or before one listens."""
    with (
        tempfile.TemporaryFile("w+", errors="replace") as out,
        tempfile.TemporaryFile("w+", errors="replace") as error,
    ):
        os.dup2(out.fileno(), 1)
        os.dup2(error.fileno(), 2)
        yield [out, error]


def _content(file: TextIO) -> str:
    file.seek(0)
    return file.read()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
