"""Processes, as the system lists them."""

import re
import subprocess


def children_of(process: int) -> list[str]:
    return _said("pgrep", "-P", str(process)).split()


def are_alive(processes: list[str]) -> bool:
    """Whether any of them is. One that has ended, whose status nobody has asked for, is a zombie."""
    return bool(re.search(r"^[^Z\s]", _said("ps", "-o", "stat=", "-p", ",".join(processes)), re.MULTILINE))


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
