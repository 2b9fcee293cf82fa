"""All slips, of every family: found by walking the rooms, so that a new family needs no list."""

import pkgutil
from collections.abc import Sequence
from importlib import import_module

from torch_ref import families
from torch_ref.slip import SLIPS, Slip


def slips() -> Sequence[Slip]:
    """Imports each family's modules of slips, `slips` and `slips_...`."""
    for found in pkgutil.walk_packages(families.__path__, f"{families.__name__}."):
        name = found.name.removeprefix(f"{families.__name__}.").split(".")
        if len(name) == 2 and (name[1] == "slips" or name[1].startswith("slips_")):
            import_module(found.name)
    return SLIPS
