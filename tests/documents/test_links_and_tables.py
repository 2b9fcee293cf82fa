"""The documents beside the code: links, tables, the picture of the network, and counts in the text."""

import re
from typing import Any

import documents
import numpy as np
import pytest
from documents import DOCUMENTS, LINK, ROOT, blocks, text_of, with_lines

import numpy_impl
from numpy_impl import TwoLayerNet
from torch_ref import SCENARIOS


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
    if with_lines(document, text_of(document)) != text_of(document):
        pytest.fail(f"{document} links to other lines: python tests/helpers/documents.py puts them right")


def test_a_link_to_what_is_not_there_is_an_error() -> None:
    with pytest.raises(
        ValueError, match=r"README.md: Afine must be in numpy_impl/layer.py or in one other .*, got no file"
    ):
        with_lines("README.md", "[`Afine`](numpy_impl/layer.py#L9)")
    with pytest.raises(
        ValueError, match=r"README.md: softmax must be in .*, got numpy_impl/functions.py, .*formulas.py"
    ):
        with_lines("README.md", "[`softmax`](numpy_impl/layer.py#L9)")


def test_a_link_finds_its_code_by_the_name() -> None:
    right = "[`Affine._backward`](numpy_impl/layers/affine.py"
    assert with_lines("README.md", "[`Affine._backward`](layers.py#L9)").startswith(right)
    assert with_lines("README.md", "[`layer.py`](numpy_impl/layer.py#L9)") == "[`layer.py`](numpy_impl/layer.py)"


@pytest.mark.parametrize(
    "fence", ["```\nx\n```\n", "~~~text\nx\n~~~\n", "- a\n\n  ```text\n  x\n  ```\n", "```text\nx\n"]
)
def test_a_block_that_nobody_would_look_at_is_an_error(fence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "```text\nfine\n```\n"
    monkeypatch.setattr(documents, "text_of", lambda _: text)
    assert [block.text for block in blocks("README.md")] == ["fine\n"]
    text += fence
    with pytest.raises(ValueError, match="a fence must be"):
        blocks("README.md")


def test_each_test_of_a_derivation_is_linked_from_one_once() -> None:
    pages = [document for document in DOCUMENTS if document.startswith("numpy_impl/")]
    named = [name for page in pages for name in re.findall(r"\[`(test_\w+)`\]", text_of(page))]
    files = (ROOT / "tests").glob("**/test_*derivations.py")
    tests = [name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)]
    assert tests
    assert set(tests) <= set(named)
    assert len(named) == len(set(named))


# Tables, pictures and numbers in the text


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_row_of_a_table_has_the_cells_of_its_head(document: str) -> None:
    tables = re.findall(r"(?:^\|.*\|\n)+", text_of(document), re.MULTILINE)
    for table in tables:
        assert len({row.replace(r"\|", "").count("|") for row in table.splitlines()}) == 1, table


def test_the_table_of_scenarios_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", text_of("torch_ref/README.md"), re.MULTILINE)
    assert rows == [(scenario.name, scenario.why) for scenario in SCENARIOS]


def test_the_table_of_commands_names_them_all() -> None:
    named = re.findall(r"^\| \[`(\w+\.py)`\]", text_of("scripts/README.md"), re.MULTILINE)
    assert sorted(named) == sorted(file.name for file in (ROOT / "scripts").glob("*.py"))


def test_the_table_of_rooms_names_them_all() -> None:
    text = text_of("torch_ref/README.md")
    for place in (ROOT / "torch_ref").iterdir():
        if (place.suffix == ".py" or (place / "__init__.py").is_file()) and place.name != "__init__.py":
            assert f"]({place.name})" in text, place.name


def test_the_table_of_layers_names_all_that_is_public() -> None:
    elsewhere = {"Layer", "Loss", "Parameter", "load_mnist", "numerical_gradient", "complex_step_gradient"}
    for name in set(numpy_impl.__all__) - elsewhere:
        assert re.search(rf"^\| .*\[`{name}`\]\(", text_of("numpy_impl/README.md"), re.MULTILINE), name


def test_the_shapes_in_the_picture_of_the_network_are_those_of_its_arrays() -> None:
    (picture,) = (block.text for block in blocks("numpy_impl/walk.md") if block.language == "mermaid")
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
