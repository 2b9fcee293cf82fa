"""The process in which check_layer.py runs the user's code.

It writes lines of JSON to its first standard output: each check as it begins, at the end the report. The output of the
layer itself goes elsewhere. A watchdog ends it when a single check takes too long, and says where.
"""

import ast
import contextlib
import faulthandler
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

RIGHT, WRONG, COULD_NOT_RUN = 0, 1, 2


def main(argv: list[str]) -> int:
    options, trace = ast.literal_eval(argv[0]), Path(argv[1])
    end = os._exit
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel, trace.open("w") as traces, _elsewhere() as printed:
        faulthandler.enable(traces)  # a crash in C code

        def tell(done: int, of: int, check: str) -> None:
            _say(channel, {"check": check, "done": done, "of": of})
            if options["timeout"]:
                faulthandler.dump_traceback_later(options["timeout"], exit=True, file=traces)

        def traced_end(status: int) -> None:
            faulthandler.dump_traceback(traces)
            end(status)

        os._exit = traced_end  # type: ignore[assignment] # it returns no more than the original
        warnings.simplefilter("ignore")  # until the examination, which gathers them
        _say(channel, _report(options, tell, printed))
        end(0)  # whatever threads and exit handlers the layer may have left


def _report(options: dict[str, Any], tell: Any, printed: list[TextIO]) -> dict[str, Any]:
    import numpy as np

    import torch_ref
    from torch_ref.your_layer.examine import SILENCE, check_names
    from torch_ref.your_layer.locate import in_words, line_of_error

    tell(0, 1, "")  # from here on the watchdog watches: until here all imports are ours
    target = options["target"]
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
        return {"error": str(error), "status": COULD_NOT_RUN}
    except BaseException as error:  # noqa: BLE001 - its import and its constructor may raise anything, SystemExit too
        where = line_of_error(error, str(Path(target.rpartition(":")[0]).resolve()))
        return {"error": f"{target}: {in_words(error)}{f' ({where})' if where else ''}", "status": COULD_NOT_RUN}
    try:
        dtypes = ["float64", "float32"] if options["dtype"] == "both" else [options["dtype"]]
        examination = torch_ref.examine(made, map(np.dtype, dtypes), options["skip"], tell, strict=options["strict"])
    except BaseException as error:  # noqa: BLE001 - a layer may raise KeyboardInterrupt
        where = line_of_error(error, str(Path(target.rpartition(":")[0]).resolve()))
        if not where:  # not their code
            return {"error": f"the check itself fails, with {in_words(error)}", "status": COULD_NOT_RUN}
        return {"error": f"{target}: it raises {in_words(error)}, {where}", "status": WRONG}
    text = "".join(_content(file) for file in printed)
    if text and SILENCE in examination.checks:
        said = f"it writes to the standard output or error: {text[:60]!r}"
        examination = examination.advised(SILENCE, said, strict=options["strict"])
    status = RIGHT if examination.ok else WRONG
    return {"text": torch_ref.text_of(examination), "html": torch_ref.html_of(examination), "status": status}


def _say(channel: TextIO, what: dict[str, Any]) -> None:
    channel.write(json.dumps(what) + "\n")
    channel.flush()


@contextlib.contextmanager
def _elsewhere() -> Iterator[list[TextIO]]:
    """Files in the place of the standard output and error, for the output of C code, and of the layer's import."""
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
