"""The process in which check-layer runs the user's code.

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
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

RIGHT, WRONG, COULD_NOT_RUN = 0, 1, 2
LONG = 2.0  # seconds, of an import


def main(argv: Sequence[str]) -> None:
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
        _say(channel, report(options, tell, printed))
        end(0)  # whatever threads and exit handlers the layer may have left


def report(options: dict[str, Any], tell: Callable[[int, int, str], object], printed: list[TextIO]) -> dict[str, Any]:
    """That of the layer as text, page and JSON; or the error that there is instead."""
    import numpy as np

    from torch_ref import candidate, examine, html_of, json_of, load, text_of
    from torch_ref.your_layer.command.replay import replay
    from torch_ref.your_layer.examine import SILENCE, left_out_of
    from torch_ref.your_layer.locate import in_words, line_of_error

    tell(0, 1, "")  # from here on the watchdog watches: until here all imports are ours
    target = options["target"]
    file = target.rpartition(":")[0]
    try:
        like = load(options["like"]) if ":" in options["like"] else options["like"]
        before, began = _content(printed), time.perf_counter()
        loaded = load(target)
        seconds, at_import = time.perf_counter() - began, _content(printed)
        made = candidate(
            loaded,
            like,
            **{name: options[name] for name in ("inputs", "hidden", "outputs", "shape", "targets", "leading_axes")},
            options=dict(options["init"]),
            names=dict(options["map"]),
        )
        left_out_of(made, options["skip"], options["only"])
        as_made = _content(printed)
    except ValueError as error:
        return {"error": str(error), "status": COULD_NOT_RUN}
    except BaseException as error:  # noqa: BLE001 - its import and its constructor may raise anything, SystemExit too
        where = line_of_error(error, str(Path(file).resolve()))
        return {"error": f"{target}: {in_words(error)}{f' ({where})' if where else ''}", "status": COULD_NOT_RUN}
    try:
        dtypes = ["float64", "float32"] if options["dtype"] == "both" else [options["dtype"]]
        examination = examine(
            made, map(np.dtype, dtypes), options["skip"], tell,
            strict=options["strict"], only=options["only"], seed=options["seed"],
        )  # fmt: skip
    except BaseException as error:  # noqa: BLE001 - a layer may raise KeyboardInterrupt
        where = line_of_error(error, str(Path(file).resolve()))
        if not where:  # not their code
            return {"error": f"the check itself fails, with {in_words(error)}", "status": COULD_NOT_RUN}
        return {"error": f"{target}: it raises {in_words(error)}, {where}", "status": WRONG}
    said = _since(as_made, _content(printed))
    if said and SILENCE in examination.checks:
        sentence = f"it writes to the standard output or error: {said[:60]!r}"
        examination = examination.advised(SILENCE, sentence, strict=options["strict"])
    examination = examination.remarked(*_of_import(Path(file).name, seconds, _since(before, at_import)))
    return {
        "text": text_of(examination),
        "html": html_of(examination),
        "json": json_of(examination),
        "replay": replay(examination, options["called"], options["argv"]),
        "status": RIGHT if examination.ok else WRONG,
    }


def _of_import(file: str, seconds: float, said: str) -> list[str]:
    """That it does more than define."""
    took = [f"took {seconds:.0f} s"] if seconds > LONG else []
    prints = [f"prints {said.strip()[:60]!r}"] if said.strip() else []
    return [f"importing {file} {' and '.join([*took, *prints])}: each run begins with that"] if took or prints else []


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
        before = [os.dup(number) for number in (1, 2)]
        os.dup2(out.fileno(), 1)
        os.dup2(error.fileno(), 2)
        try:
            yield [out, error]
        finally:
            for number, kept in enumerate(before, 1):
                os.dup2(kept, number)
                os.close(kept)


def _content(files: list[TextIO]) -> list[str]:
    """All that was written to each."""
    with contextlib.suppress(Exception):  # the user's code may have closed them
        sys.stdout.flush()
        sys.stderr.flush()
    for file in files:
        file.seek(0)
    return [file.read() for file in files]


def _since(before: list[str], now: list[str]) -> str:
    return "".join(new[len(old) :] for old, new in zip(before, now, strict=True))
