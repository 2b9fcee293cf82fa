"""Everything in the documents runs: each block of code, each printed result. (Blocks with >>> are doctests.)"""

import contextlib
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import command_blocks
import numpy as np
import pytest
from command_blocks import my_affine
from documents import DOCUMENTS, ROOT, Block, blocks, text_of
from printed import environment, printed
from safetensors.numpy import save_file
from shown import Near, assert_shows, exactly, in_training, of_any_size, of_its_size, of_others

from numpy_impl import TwoLayerNet
from torch_ref import candidate, examine, network_of, verify

BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]
RENDERED = {"math", "mermaid", "txt"}  # a txt is a figure, drawn in signs
BOOKS = "relu affine softmax_with_loss softmax_with_loss_rows two_layer_net sgd"
KILL_MATRIX = f"scripts/kill_matrix.py --only {BOOKS} --seeds 3"
TRAINING = "scripts/train_mnist.py"
# Tests of one group run in one process, and share what they compute.
OF_COMMANDS, OF_THE_MATRIX = pytest.mark.xdist_group("documents"), pytest.mark.xdist_group("kill-matrix")
EXHAUSTIVE = pytest.mark.exhaustive  # run by .ci/run, and by pytest -m exhaustive


@dataclass(frozen=True)
class PrintedBy:
    """A command that the document names; where `only` is given, those lines of the block alone are compared."""

    command: str
    near: Near = exactly
    left_out: str = ""
    only: str = ""

    def __call__(self, block: Block, _: Path) -> None:
        assert f"`python {self.command}`" in text_of(block.document)
        lines = [line for line in block.text.splitlines(keepends=True) if re.search(self.only, line)]
        assert lines
        assert_shows(replace(block, text="".join(lines)), printed(self.command), self.near, self.left_out)


# The rows, and what is said of all. Whether a ReLU opens on one side only, and when, is another on every machine.
NO_ROUNDING = r"^(?!.*(↑|drift:|on one side|time per step|measured apart))"


# What else a block can be


def is_a_wrong_layer(block: Block, _: Path) -> None:
    """Also from Python, where the text says so: made by us, or by its user."""
    names: dict[str, Any] = {}
    exec(block.text, names)
    assert not examine(candidate(names["MyAffine"], like="Linear"), [np.float64]).ok
    rng = np.random.default_rng(0)
    layer = names["MyAffine"](rng.standard_normal((4, 3)), rng.standard_normal(3))
    assert not verify(layer, rng.standard_normal((5, 4)), like="Linear").ok


def is_the_report_of_mine(block: Block, _: Path) -> None:
    """Of the example before it, whose session is told once more."""
    session = next(other for other in BLOCKS if ">>> class Mine(Affine)" in other.text)
    names: dict[str, Any] = {}
    exec("\n".join(line[4:] for line in session.text.splitlines() if line.startswith((">>> ", "... "))), names)
    assert_shows(block, str(names["report"]), of_any_size)  # which entry is the worst one depends on roundings
    of_db = replace(block, text=block.text[block.text.index(" db ") :])
    assert_shows(of_db, str(names["report"]), of_its_size)


def is_two_commands(block: Block, _: Path) -> None:
    main, tests = block.text.splitlines()
    assert main == "pip install -e . && python scripts/train_mnist.py"  # which the output below it is of
    assert tests == "pip install -e '.[test]' && pytest -n auto"  # which .ci/run takes from here
    assert "grep -E '^pip install .* && pytest' README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def loads_weights(block: Block, folder: Path) -> None:
    net = TwoLayerNet(4, 3, 2, rng=0)
    (folder / "results").mkdir()
    for side in ("numpy", "torch"):
        save_file(dict(net.params), folder / "results" / f"{side}.safetensors")
    with contextlib.chdir(folder):
        exec(block.text, {})
        again = network_of("results/numpy.safetensors")
    for key, value in net.params.items():
        np.testing.assert_array_equal(again.params[key], value, strict=True)


def is_a_test_file(block: Block, folder: Path) -> None:
    layers = (
        "import numpy as np\n"
        + my_affine().replace("mean(", "sum(")
        + "class MyTanh:\n    def forward(self, x):\n        self.y = np.tanh(x)\n        return self.y.copy()\n"
        + "    def backward(self, dout):\n        return dout * (1 - self.y**2)\n"
    )
    (folder / "test_mine.py").write_text(layers + block.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--rootdir", ".",
         "-k", "gradient or forward", "."],
        cwd=folder, env=environment(), capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    (name,) = re.findall(r"as `(test_layer\[.*?\])`", text_of(block.document))
    assert f"PASSED test_mine.py::{name}\n" in done.stdout


BENCHMARK = "scripts/benchmark.py --rounds 1"


def is_the_benchmark(block: Block, _: Path) -> None:
    """A round will do, for times are compared in form only; without a compiler there is no line of `compile`."""
    assert "`python scripts/benchmark.py`" in text_of(block.document)
    shown = printed(BENCHMARK).replace("1 round in", "21 rounds in")
    if "\ncompile " not in shown:
        shown = re.sub(r"\nfloor   (.*)\n", r"\nfloor   \1\ncompile \1\n", shown)
    assert_shows(block, shown, of_any_size)


# Which may change where the two are close, and a product's with the processor.
WHO_IS_BETTER = r" (=|(NumPy|PyTorch)('s \w+)?)(?= |$)"

# Each block by what it begins with.
CHECKS: dict[tuple[str, str], Callable[[Block, Path], None]] = {
    ("README.md", "pip install -e . &&"): is_two_commands,
    ("README.md", "Not equal to tolerance"): command_blocks.is_what_allclose_says,
    ("README.md", "from torch_ref import candidate"): is_a_test_file,
    ("scripts/README.md", "           train accuracy"): PrintedBy(
        "scripts/train_mnist.py", in_training, only=NO_ROUNDING
    ),
    ("README.md", "class MyAffine:"): is_a_wrong_layer,
    ("README.md", "my_layers.py:MyAffine"): command_blocks.is_the_report,
    ("torch_ref/README.md", " tensor   by"): is_the_report_of_mine,
    ("numpy_impl/walk.md", "784-50-10, float64, 3 images"): PrintedBy("scripts/check_gradients.py", of_its_size),
    ("numpy_impl/walk.md", "3. The loss is"): PrintedBy("scripts/errata.py"),
    ("torch_ref/README.md", " bound over error of"): PrintedBy("scripts/accuracy.py", of_its_size),
    ("torch_ref/README.md", " pair                     slip"): PrintedBy(KILL_MATRIX, of_others),
    ("torch_ref/README.md", " error of"): PrintedBy("scripts/accuracy.py", of_its_size, WHO_IS_BETTER),
    ("scripts/README.md", "from torch_ref import load_weights"): loads_weights,
    ("scripts/README.md", "from torch_ref import candidate"): is_a_test_file,
    (
        "scripts/README.md",
        "check-layer my_layers.py:MyAffine --like Linear\n",
    ): command_blocks.is_the_command_in_its_forms,
    ("scripts/README.md", "check-layer my_layers.py:MyAffine --like Linear --json"): command_blocks.is_that_command,
    ("scripts/README.md", "replay: check-layer"): command_blocks.is_printed_by_it,
    ("scripts/README.md", '  "name": "MyAffine"'): command_blocks.is_written_by_it,
    ("scripts/README.md", "- uses: actions/checkout"): command_blocks.is_an_action,
    ("scripts/README.md", "784-50-10, batch 100"): is_the_benchmark,
}


LONG = {KILL_MATRIX, *(f"scripts/{name}.py" for name in ("accuracy", "check_gradients", "train_mnist"))}


def checks_of(block: Block) -> list[Callable[[Block, Path], None]]:
    return [check for (name, start), check in CHECKS.items() if name == block.document and block.text.startswith(start)]


TO_CHECK = [block for block in BLOCKS if block.language not in RENDERED and not block.text.startswith(">>> ")]


def marked(block: Block) -> Any:
    commands = {getattr(check, "command", "") for check in checks_of(block)}
    is_long = bool(commands & LONG) or is_the_benchmark in checks_of(block)
    is_long |= is_a_test_file in checks_of(block) and block.document != "README.md"
    marks = [OF_THE_MATRIX if KILL_MATRIX in commands else OF_COMMANDS]
    return pytest.param(block, id=str(block), marks=[*marks, EXHAUSTIVE] if is_long else marks)


@pytest.mark.parametrize("block", [marked(block) for block in TO_CHECK])
def test_a_block_is_what_one_gets(block: Block, tmp_path: Path) -> None:
    (check,) = checks_of(block)
    check(block, tmp_path)


def test_every_check_has_its_block() -> None:
    assert sum(len(checks_of(block)) for block in TO_CHECK) == len(CHECKS)


def test_every_document_with_examples_is_collected(request: pytest.FixtureRequest) -> None:
    paths = request.config.getini("testpaths")
    for block in BLOCKS:
        if block.text.startswith(">>> "):
            assert block.document in paths or block.document.split("/")[0] in paths


@EXHAUSTIVE
@OF_THE_MATRIX
def test_the_table_of_the_other_ways_is_that_of_the_kill_matrix() -> None:
    shown_matrix = printed(KILL_MATRIX)
    (totals,) = re.findall(r"caught, of \d+ +(.*)", shown_matrix)
    (alarms,) = re.findall(r"^ours .*, .*$", shown_matrix, re.MULTILINE)
    names, counts = zip(*(one.rsplit(" ", 1) for one in alarms.split(", ")), strict=True)
    head, caught, false_alarms = (
        [cell.strip() for cell in row.split("|")[2:-1]]
        for row in re.findall(r"^\| (?:\||caught,|false alarms,).*$", text_of("README.md"), re.MULTILINE)
    )
    assert head == list(names)
    for shown, found in ((caught, totals.split()), (false_alarms, counts)):
        assert shown[0] == found[0]  # ours
        assert all(of_others(*pair) for pair in zip(shown, found, strict=True))
