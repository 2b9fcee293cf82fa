"""Printed results as documents show them: word by word, and number by number as far as they are the same everywhere."""

import re
from collections.abc import Callable

from documents import Block

NUMBER = re.compile(r"(?<![\w.:])-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")  # not in a name, nor that of a line
Near = Callable[[str, str], bool]


def exactly(shown: str, printed: str) -> bool:
    return shown == printed


def of_any_size(_shown: str, _printed: str) -> bool:
    """A time, on another machine."""
    return True


def of_its_size(shown: str, printed: str) -> bool:
    """What was measured of rounding, printed to few digits, depends on the processor: within a factor of 10.

    Everything that is printed to many digits does not.
    """
    a, b = number(shown), number(printed)
    if len(re.sub(r"e.*|\D", "", shown)) > 4:
        return abs(a - b) <= 1e-6 * abs(a)
    return a == b or (0.1 * abs(a) <= abs(b) <= 10 * abs(a) and a * b > 0) or max(abs(a), abs(b)) < 1e-15


def of_others(shown: str, printed: str) -> bool:
    """A count of what others catch, or call wrong, which hangs on roundings too."""
    a, b = number(shown), number(printed)
    return a <= 2 * b + 5 and b <= 2 * a + 5


def in_training(shown: str, printed: str) -> bool:
    """Accuracies and losses, to four digits, agree to a hundredth; what hangs on a rounding is below 100 in both."""
    if re.fullmatch(r"\d\.\d{4}", shown):
        return abs(number(shown) - number(printed)) < 0.01
    return shown == printed or max(number(shown), number(printed)) <= 100


def number(text: str) -> float:
    return float(text.replace(",", ""))


def is_shown(line: str, printed: str, near: Near, left_out: str = "") -> bool:
    line, printed = (re.sub(left_out, "", text) for text in (line, printed))
    # A rule of a table is as long as its numbers are wide.
    words = [" ".join(re.sub("─+", "─", NUMBER.sub("#", text)).split()) for text in (line, printed)]
    numbers = [NUMBER.findall(text) for text in (line, printed)]
    return words[0] == words[1] and all(near(*pair) for pair in zip(*numbers, strict=True))


def assert_shows(block: Block, printed: str, near: Near, left_out: str = "") -> None:
    """Each line is one of those that were printed, in their order; a block may be an excerpt."""
    left = iter(printed.splitlines())
    for number, line in enumerate(block.text.splitlines()):
        if line.strip() not in ("", "..."):
            found = any(is_shown(line, one, near, left_out) for one in left)
            assert found, f"{block.document}:{block.line + number} is not printed, or not there: {line}"
