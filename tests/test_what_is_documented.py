"""Everything in the documents runs: each block of code, each printed result, each link. (Blocks with >>> are doctests.)

It stands last, for it waits for commands that take a while.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documents import DOCUMENTS, LINK, ROOT, Block, blocks, text_of, with_lines
from lessons import LESSONS
from mutants import CATALOGUE
from printed import COMMANDS_OF_THE_DOCUMENTS as COMMANDS

import numpy_impl
from numpy_impl import TwoLayerNet
from torch_ref import PAIRS, SCENARIOS, candidate, examine, network_of, verify

BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]
RENDERED = {"math", "mermaid"}

# Printed results: word by word, and number by number as far as a number is the same everywhere.

NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
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
    if shown == printed:
        return True
    a, b = (float(number.replace(",", "")) for number in (shown, printed))
    if len(re.sub(r"e.*|\D", "", shown)) > 4:
        return abs(a - b) <= 1e-6 * abs(a)
    return max(abs(a), abs(b)) <= 10 * min(abs(a), abs(b)) or max(abs(a), abs(b)) < 1e-15


def within_a_tenth(shown: str, printed: str) -> bool:
    """A count of what others catch, or call wrong, which hangs on roundings too."""
    a, b = (float(number.replace(",", "")) for number in (shown, printed))
    return abs(a - b) <= max(3, 0.1 * a)


def in_training(shown: str, printed: str) -> bool:
    """Accuracies and losses, to four digits, agree to a hundredth; times and what hangs on a rounding, in form."""
    return not re.fullmatch(r"\d\.\d{4}", shown) or abs(float(shown) - float(printed)) < 0.01


def is_shown(line: str, printed: str, near: Near, left_out: str = "") -> bool:
    line, printed = (re.sub(left_out, "", text) for text in (line, printed))
    words = [" ".join(NUMBER.sub("#", text).split()) for text in (line, printed)]
    numbers = [NUMBER.findall(text) for text in (line, printed)]
    return words[0] == words[1] and all(near(*pair) for pair in zip(*numbers, strict=True))


def assert_shows(block: Block, printed: str, near: Near, left_out: str = "") -> None:
    """Each line is one of those that were printed, in their order; a block may be an excerpt."""
    left = iter(printed.splitlines())
    for number, line in enumerate(block.text.splitlines()):
        if line.strip() not in ("", "..."):
            found = any(is_shown(line, one, near, left_out) for one in left)
            assert found, f"{block.document}:{block.line + number} is not printed, or not there: {line}"


def printed_by(command: str, near: Near = exactly, left_out: str = "") -> Callable[[Block, Path], None]:
    def check(block: Block, _: Path) -> None:
        assert f"`python {command}`" in text_of(block.document)
        assert_shows(block, COMMANDS.printed(command), near, left_out)

    return check


# What else a block can be


def is_a_layer(block: Block, folder: Path) -> None:
    """It is checked by the next block's command."""
    (folder / "my_layers.py").write_text(block.text, encoding="utf-8")


def is_the_report(block: Block, folder: Path) -> None:
    is_a_layer(next(other for other in BLOCKS if other.text.startswith("class MyAffine")), folder)
    command = "scripts/check_layer.py my_layers.py:MyAffine --like Linear"
    assert f"`python {command}`" in text_of(block.document)
    script, *arguments = command.split()
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(ROOT / script), *arguments],
        cwd=folder, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert_shows(block, done.stdout, of_its_size)


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
    assert tests == "pip install -e '.[test]' && pytest --cov"  # which .ci/run takes from here
    assert "grep -E '^pip install .* && pytest' README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def loads_weights(block: Block, folder: Path) -> None:
    from safetensors.numpy import save_file  # noqa: PLC0415 - for this block alone

    net = TwoLayerNet(4, 3, 2, rng=0)
    (folder / "results").mkdir()
    for side in ("numpy", "torch"):
        save_file(dict(net.params), folder / "results" / f"{side}.safetensors")
    names = {"__name__": "weights"}
    before = Path.cwd()
    os.chdir(folder)
    try:
        exec(block.text, names)
        again = network_of("results/numpy.safetensors")
    finally:
        os.chdir(before)
    for key, value in net.params.items():
        np.testing.assert_array_equal(again.params[key], value, strict=True)


def is_a_test_file(block: Block, folder: Path) -> None:
    layers = (
        "import numpy as np\n"
        + next(other.text for other in BLOCKS if other.text.startswith("class MyAffine")).replace("mean(", "sum(")
        + "class MyTanh:\n    def forward(self, x):\n        self.y = np.tanh(x)\n        return self.y.copy()\n"
        + "    def backward(self, dout):\n        return dout * (1 - self.y**2)\n"
    )
    (folder / "test_mine.py").write_text(layers + block.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-k", "gradient or forward", "."],
        cwd=folder, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    (name,) = re.findall(r"as `(test_layer\[.*?\])`", text_of(block.document))
    assert f"PASSED test_mine.py::{name}\n" in done.stdout


def is_the_benchmark(block: Block, _: Path) -> None:
    """A round will do, for times are compared in form only; without a compiler there is no line of `compile`."""
    assert "`python scripts/benchmark.py`" in text_of(block.document)
    printed = COMMANDS.printed("scripts/benchmark.py --rounds 1").replace("1 rounds", "21 rounds")
    if "\ncompile " not in printed:
        printed = re.sub(r"\nfloor   (.*)\n", r"\nfloor   \1\ncompile \1\n", printed)
    assert_shows(block, printed, of_any_size)


WHO_IS_BETTER = r" (=|NumPy|PyTorch)(?= |$)"  # which may change where the two are close

# Each block by what it begins with.
CHECKS: dict[tuple[str, str], Callable[[Block, Path], None]] = {
    ("README.md", "pip install -e . &&"): is_two_commands,
    ("README.md", "           train accuracy"): printed_by("scripts/train_mnist.py", in_training),
    ("README.md", "class MyAffine:"): is_a_layer,
    ("README.md", "my_layers.py:MyAffine"): is_the_report,
    ("README.md", " tensor   by"): is_the_report_of_mine,
    ("README.md", "784-50-10, float64, 3 images"): printed_by("scripts/check_gradients.py", of_its_size),
    ("README.md", "3. The loss is"): printed_by("scripts/errata.py"),
    ("torch_ref/README.md", " bound over error of"): printed_by("scripts/accuracy.py", of_its_size),
    ("torch_ref/README.md", " pair                     slip"): printed_by("scripts/kill_matrix.py", within_a_tenth),
    ("torch_ref/README.md", " error of"): printed_by("scripts/accuracy.py", of_its_size, WHO_IS_BETTER),
    ("scripts/README.md", "from torch_ref import load_weights"): loads_weights,
    ("scripts/README.md", "from torch_ref import candidate"): is_a_test_file,
    ("scripts/README.md", "784-50-10, batch 100"): is_the_benchmark,
}


def checks_of(block: Block) -> list[Callable[[Block, Path], None]]:
    return [check for (name, start), check in CHECKS.items() if name == block.document and block.text.startswith(start)]


TO_CHECK = [block for block in BLOCKS if block.language not in RENDERED and not block.text.startswith(">>> ")]


@pytest.mark.parametrize("block", TO_CHECK, ids=str)
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


# The comparison itself


@pytest.mark.parametrize(
    ("shown", "printed", "near", "same"),
    [
        ("W1  2.7e-12 yes", "W1 2.7e-12  yes ", exactly, True),
        ("W1 2.7e-12 yes", "W1 2.7e-12 no", exactly, False),
        ("W1 2.7e-12", "W1 2.8e-12", exactly, False),
        ("W1 2.7e-12", "W1 9.8e-12", of_its_size, True),
        ("W1 2.7e-12", "W1 2.8e-11", of_its_size, False),
        ("y -1.8091878", "y -1.8091879", of_its_size, True),
        ("y -1.8091878", "y -1.8092878", of_its_size, False),
        ("caught 63", "caught 60", within_a_tenth, True),
        ("caught 63", "caught 50", within_a_tenth, False),
        ("600 0.9014 6.0e-07 0", "600 0.9074 3.0e-05 2", in_training, True),
        ("600 0.9014", "600 0.8814", in_training, False),
        ("took 295 µs", "took 3 µs", of_any_size, True),
        ("took 295 µs", "took 295 ms", of_any_size, False),
    ],
)
def test_lines_are_compared_word_by_word(shown: str, printed: str, near: Near, same: bool) -> None:
    assert is_shown(shown, printed, near) is same


def test_lines_must_be_there_in_their_order() -> None:
    block = Block("README.md", 1, "text", "one 1\n...\nthree 3\n")
    assert_shows(block, "zero\none 1\ntwo\nthree 3\n", exactly)
    with pytest.raises(AssertionError, match=r"README\.md:3 is not printed, or not there: three 3"):
        assert_shows(block, "three 3\none 1\n", exactly)


# Links


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    for link in LINK.finditer(text_of(document)):
        path, _, fragment = link["to"].partition("#")
        if "://" in path:
            continue
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), link[0]
        if fragment and not fragment.startswith("L"):
            page = target if target.suffix == ".md" else target / "README.md"
            assert fragment in anchors(page.read_text(encoding="utf-8")), link[0]


def anchors(text: str) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_to_lines_are_those_of_the_code(document: str) -> None:
    """To put them right: python tests/documents.py."""
    assert with_lines(document, text_of(document)) == text_of(document)


def test_each_test_of_a_derivation_is_linked_from_it_once() -> None:
    named = re.findall(r"\[`(test_\w+)`\]", text_of("numpy_impl/README.md"))
    files = [ROOT / "tests" / name for name in ("test_derivations.py", "test_loss_derivations.py")]
    tests = [name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)]
    assert sorted(named) == sorted(tests)


# Tables, pictures and numbers in the text


def test_the_table_of_scenarios_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", text_of("torch_ref/README.md"), re.MULTILINE)
    assert rows == [(scenario.name, scenario.why) for scenario in SCENARIOS]


def test_the_table_of_commands_names_them_all() -> None:
    named = re.findall(r"^\| \[`(\w+\.py)`\]", text_of("scripts/README.md"), re.MULTILINE)
    assert sorted(named) == sorted(file.name for file in (ROOT / "scripts").glob("*.py"))


def test_the_table_of_files_names_them_all() -> None:
    text = text_of("torch_ref/README.md")
    for file in (ROOT / "torch_ref").glob("*.py"):
        assert file.name == "__init__.py" or f"]({file.name})" in text, file.name


def test_the_table_of_layers_names_all_that_is_public() -> None:
    for name in ("Affine", "ReLU", "SoftmaxWithLoss", "TwoLayerNet", "SGD", "softmax", "log_softmax"):
        assert name in numpy_impl.__all__
        assert re.search(rf"^\| .*\[`{name}`\]\(numpy_impl/", text_of("README.md"), re.MULTILINE), name


def test_the_table_of_the_other_ways_is_that_of_the_kill_matrix() -> None:
    printed = COMMANDS.printed("scripts/kill_matrix.py")
    (totals,) = re.findall(r"caught, of \d+ +(.*)", printed)
    (alarms,) = re.findall(r"^ours .*, .*$", printed, re.MULTILINE)
    names, counts = zip(*(one.rsplit(" ", 1) for one in alarms.split(", ")), strict=True)
    head, caught, false_alarms = (
        [cell.strip() for cell in row.split("|")[2:-1]]
        for row in re.findall(r"^\| (?:\||caught,|false alarms,).*$", text_of("README.md"), re.MULTILINE)
    )
    assert head == list(names)
    for shown, found in ((caught, totals.split()), (false_alarms, counts)):
        assert shown[0] == found[0]  # ours
        assert all(within_a_tenth(*pair) for pair in zip(shown, found, strict=True))


def test_the_shapes_in_the_picture_of_the_network_are_those_of_its_arrays() -> None:
    (picture,) = (block.text for block in blocks("README.md") if block.language == "mermaid")
    N = 3
    net, x, t = TwoLayerNet(784, 50, 10, rng=0), np.ones((N, 784), np.float32), np.array([1, 0, 2])
    layers = net.layers
    arrays: dict[str, Any] = {"x": x, "t": t, **net.params}
    arrays |= {f"∂L/∂{key}": gradient for key, gradient in net.gradient(x, t).items()}
    for name, layer, given in (("a", "Affine1", "x"), ("h", "Relu1", "a"), ("z", "Affine2", "h")):
        arrays[name] = layers[layer].forward(arrays[given])
    net.last_layer.forward(arrays["z"], t)
    arrays["∂L/∂z"] = net.last_layer.backward()
    arrays["∂L/∂h"] = layers["Affine2"].backward(arrays["∂L/∂z"])
    arrays["∂L/∂a"] = layers["Relu1"].backward(arrays["∂L/∂h"])
    shown = dict(re.findall(r'([^\s"|>(]+) (\([\dN, ]*\))', picture))
    assert set(shown) == set(arrays)
    for name, shape in shown.items():
        assert eval(shape, {"N": N}) == np.shape(arrays[name]), name  # a tuple of numbers, from our own document


NAMED = sum(bool(mutant.cause) for mutant in CATALOGUE)
NUMBERS = {
    "README.md": [
        f": {len(CATALOGUE)} slips, each a small broken layer",
        f"{len(CATALOGUE)} of {len(CATALOGUE)} slips are caught",
        f"false alarm on {3 * 2 * sum(len(pair.scenarios) for pair in PAIRS.values())} sets of correct data",
    ],
    "torch_ref/README.md": [f"runs {len(CATALOGUE)} slips through the suite"],
    "scripts/README.md": [
        f"Of the\n{len(CATALOGUE)} slips of the [catalogue](mutants) {NAMED} have a cause",
        f"is given to none of the {len(CATALOGUE)}",
        f"on {sum(not isinstance(scenario.sizes.N, tuple) for scenario in SCENARIOS)} [scenarios]",
    ],
}


@pytest.mark.parametrize("document", NUMBERS)
def test_numbers_in_the_text_are_those_of_the_code(document: str) -> None:
    for phrase in NUMBERS[document]:
        assert phrase in text_of(document), phrase
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    number = dict(enumerate((*words, "thirteen"))).get(len(LESSONS))
    assert f"shows the {number} known errors" in text_of("README.md")


def test_a_layer_from_the_text_may_be_examined_from_python() -> None:
    names: dict[str, Any] = {}
    exec(next(block.text for block in BLOCKS if block.text.startswith("class MyAffine")), names)
    assert not examine(candidate(names["MyAffine"], like="Linear"), [np.float64]).ok
    rng = np.random.default_rng(0)
    layer = names["MyAffine"](rng.standard_normal((4, 3)), rng.standard_normal(3))
    assert not verify(layer, rng.standard_normal((5, 4)), like="Linear").ok
