"""Standard output of long work, which must not end with it."""

import sys

from torch_ref import command_line


def on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


class Output:
    """Prints, unless `quiet`, as long as that is possible: a training is worth more than its table.

    `reader_has_gone` tells that nobody reads on, as `| head` does; `lost` is why else nothing more can be printed, as
    where a disk is full.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet, self.reader_has_gone, self.lost = quiet, False, ""

    def say(self, text: str) -> None:
        if self.quiet or self.reader_has_gone or self.lost:
            return
        try:
            print(text, flush=True)
        except BrokenPipeError:
            self.reader_has_gone = True
        except OSError as error:
            self.lost = error.strerror or str(error)
            command_line.give_up_output()
