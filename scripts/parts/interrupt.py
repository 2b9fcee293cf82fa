"""A long run ends whole: a signal is heeded after the step."""

import contextlib
import os
import signal
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Any


class Interrupt:
    """Within the context Ctrl-C, and the signals to terminate or hang up, only set `signal`, so that a step ends whole.

    The third of them raises KeyboardInterrupt, for somebody who does not want to wait.
    """

    SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

    def __init__(self) -> None:
        self.signal = self._requests = 0
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():  # no other may
            self._previous = {number: signal.getsignal(number) for number in self.SIGNALS}
        self._set(dict.fromkeys(self._previous, self._request))
        return self

    def __exit__(self, *_: object) -> None:
        self._set(self._previous)

    def hold_off(self) -> None:
        """From here on the signals are ignored."""
        self._set(dict.fromkeys(self._previous, signal.SIG_IGN))

    def _set(self, handlers: Mapping[int, Any]) -> None:
        for number, handler in handlers.items():
            if self._previous[number] is not signal.SIG_IGN:  # as under nohup
                signal.signal(number, handler)

    def _request(self, number: int, _frame: FrameType | None) -> None:
        self.signal = number
        self._requests += 1
        if self._requests == 3:
            raise KeyboardInterrupt
        if self._requests == 1:
            with contextlib.suppress(OSError):  # and no print, which might be what was interrupted
                os.write(2, b"\nstopping after this step, to save what was done (Ctrl-C twice more gives it up)\n")
