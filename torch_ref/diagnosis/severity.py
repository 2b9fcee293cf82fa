"""How much a finding weighs."""

from enum import IntEnum


class Severity(IntEnum):
    """What a finding says of a layer of somebody's own: the greater, the more. Our own layers must have none."""

    ADVICE = 0  # its values are right, but it is fragile
    CONVENTION = 1  # another choice than PyTorch's
    INACCURATE = 2  # its formula is right, and loses digits or overflows
    WRONG = 3
