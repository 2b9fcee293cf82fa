"""Checks a layer of your own: right or wrong, where, and probably why.

It is the command check-layer, for those who have not installed it: `torch_ref.your_layer.command` is what it does.
"""

import shlex
import sys
from collections.abc import Sequence

from torch_ref.your_layer.command import options


def main(argv: Sequence[str] | None = None, called: str = "python scripts/check_layer.py") -> int:
    return options.main(argv, called)


if __name__ == "__main__":
    raise SystemExit(main(called=f"python {shlex.quote(sys.argv[0])}"))
