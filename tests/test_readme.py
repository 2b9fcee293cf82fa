"""What the README shows is what one gets. (Its examples with >>> are doctests.)"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(after: str) -> list[str]:
    """The code blocks that follow this line."""
    return re.findall(r"^```\w*\n(.*?)^```", README.split(after, 1)[1], re.DOTALL | re.MULTILINE)


def test_the_layer_that_is_checked_gets_the_report_that_is_shown(tmp_path: Path) -> None:
    layer, report, *_ = blocks("Say `my_layers.py` holds")
    (tmp_path / "my_layers.py").write_text(layer, encoding="utf-8")
    (command,) = re.findall(r"`python (scripts/check_layer.py my_layers.py:MyAffine --like \w+)` runs", README)
    script, *arguments = command.split()
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(ROOT / script), *arguments],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(report)
