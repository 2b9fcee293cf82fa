"""The work of check_layer.py, in two processes: one runs somebody else's code, the other sees to it that it ends.

The inner process writes lines of JSON to what was its standard output: what it is about to do, at the end the report.
Whatever the layer itself prints goes elsewhere. A watchdog ends it when a single check takes too long, and says where.
"""

import argparse
import contextlib
import faulthandler
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
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
        command = [sys.executable, __file__, json.dumps(given), str(trace)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            encoding="utf-8", start_new_session=True,
        )  # fmt: skip
        try:
            last, report = _follow(process)
        finally:
            process.kill()
            process.wait()
        if report is None:
            return _no_report(process.returncode, last, trace, options)
    if "error" in report:
        return command_line.fail(report["error"], report["status"])
    print(report["text"], end="")
    if options.html:
        command_line.write_files(options.html.parent, {options.html.name: report["html"].encode()}, option="--html")
        print(f"the same as a page: {options.html}")
    return int(report["status"])


def _follow(process: subprocess.Popen[str]) -> tuple[str, dict[str, Any] | None]:
    """What it was last about to do, and its report, if it ended with one."""
    last, report = "", None
    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
        bar = progress.add_task("import", total=None)
        for line in process.stdout or ():
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if "text" in said or "error" in said:
                    report = said
                else:
                    last = said["check"]
                    progress.update(bar, description=last, completed=said["done"], total=said["of"])
    process.wait()
    return last, report


def _no_report(status: int, last: str, trace: Path, options: argparse.Namespace) -> int:
    """The layer has ended the process, or was ended by the watchdog: told from the trace that it leaves."""
    text = trace.read_text(errors="replace") if trace.exists() else ""
    where = _line_in(text, options.target)
    at, during = f" at {where}" if where else "", f"during the check {last}" if last else "as it is imported and made"
    if "Timeout" in text:
        why = f"it does not end within {options.timeout:g} s (--timeout){at}, {during}"
    else:
        how = f"signal {-status}" if status < 0 else f"status {status}"
        why = f"it ends the process{at}, with {how}, {during}"
    return command_line.fail(f"{options.target}: {why}", WRONG if last else command_line.COULD_NOT_RUN)


def _line_in(trace: str, target: str) -> str:
    """The innermost line of the target's file, of a trace that begins with the innermost."""
    file = Path(target.rpartition(":")[0]).name
    for path, line, name in re.findall(r'File "(.*?)", line (\d+) in (\S+)', trace):
        if Path(path).name in (file, f"{file.rpartition('.')[2]}.py"):
            return f"{Path(path).name}:{line}, in {name}"
    return ""


# Inside


def main(argv: list[str]) -> int:
    options, trace = json.loads(argv[0]), Path(argv[1])
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

        os._exit = traced_end  # type: ignore[assignment]
        _say(channel, _report(options, tell, printed))
        end(0)  # whatever threads and exit handlers the layer may have left


def _report(options: dict[str, Any], tell: Any, printed: TextIO) -> dict[str, Any]:
    tell(0, 1, "")
    import numpy as np

    import torch_ref
    from torch_ref.candidates.examination import SILENCE, check_names
    from torch_ref.candidates.locate import line_of_error

    try:
        like = torch_ref.load(options["like"]) if ":" in options["like"] else options["like"]
        made = torch_ref.candidate(
            torch_ref.load(options["target"]),
            like,
            **{name: options[name] for name in ("inputs", "hidden", "outputs", "shape", "targets", "leading_axes")},
            options=dict(options["init"]),
            names=dict(options["map"]),
        )
        check_names(made, options["skip"])
    except (ValueError, TypeError, RuntimeError) as error:
        return {"error": str(error), "status": command_line.COULD_NOT_RUN}
    try:
        dtypes = ["float64", "float32"] if options["dtype"] == "both" else [options["dtype"]]
        examination = torch_ref.examine(made, map(np.dtype, dtypes), options["skip"], tell)
    except BaseException as error:  # noqa: BLE001 - a layer may raise KeyboardInterrupt
        where = line_of_error(error, str(Path(options["target"].rpartition(":")[0]).resolve()))
        what = f"{type(error).__name__}: {error}"
        if not where:  # not their code
            return {"error": f"the check itself fails, with {what}", "status": command_line.COULD_NOT_RUN}
        return {"error": f"{options['target']}: it raises {what}, {where}", "status": WRONG}
    printed.seek(0)
    text = printed.read()
    if text and examination.ok and SILENCE in examination.checks:
        return {"error": f"{options['target']}: it writes to the standard output: {text[:60]!r}", "status": WRONG}
    status = 0 if examination.ok else WRONG
    return {"text": torch_ref.text_of(examination), "html": torch_ref.html_of(examination), "status": status}


def _say(channel: TextIO, what: dict[str, Any]) -> None:
    channel.write(json.dumps(what) + "\n")
    channel.flush()


@contextlib.contextmanager
def _elsewhere() -> Iterator[TextIO]:
    """A file in the place of the standard output: what code in C prints; Python's print is heard in the examination."""
    with tempfile.TemporaryFile("w+", errors="replace") as printed:
        os.dup2(printed.fileno(), 1)
        yield printed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
