"""What counts as the same printed result, and what does not."""

import pytest
from documents import Block
from shown import Near, assert_shows, exactly, in_training, is_shown, of_any_size, of_its_size, of_others


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
        ("y 0.1", "y -0.1", of_its_size, False),
        ("W1 2.7e-12", "W2 2.7e-12", of_its_size, False),
        ("float32 5", "float64 5", of_its_size, False),
        ("layers.py:9, in f", "layers.py:2, in f", of_its_size, False),
        ("caught 63", "caught 50", of_others, True),
        ("caught 63", "caught 20", of_others, False),
        ("600 0.9014 6.0e-07 0 98% ok", "600 0.9074 3.0e-05 2 91% ok", in_training, True),
        ("600 0.9014", "600 0.8814", in_training, False),
        ("600 0.9014", "1200 0.9014", in_training, False),
        ("98% ok", "250% ok", in_training, False),
        (" ──── ", " ────── ", exactly, True),
        (" ──── ", " ==== ", exactly, False),
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
