"""Which images make up a batch: the book's sampling, shuffled epochs, and both from the middle on."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.batches import Batches


def test_with_replacement_the_batches_are_the_generators_integers() -> None:
    batches, rng = Batches(np.random.default_rng(3), 60, 7, shuffled=False), np.random.default_rng(3)
    for _ in range(5):
        np.testing.assert_array_equal(batches.next(), rng.integers(0, 60, 7), strict=True)


@pytest.mark.parametrize(("images", "size", "sizes"), [(12, 4, [4, 4, 4]), (10, 4, [4, 4, 2]), (9, 20, [9])])
def test_an_epoch_visits_every_image_once_in_a_new_order(images: int, size: int, sizes: list[int]) -> None:
    batches, orders = Batches(np.random.default_rng(0), images, size, shuffled=True), set()
    for _ in range(3):
        epoch = [batches.next() for _ in sizes]
        assert [len(batch) for batch in epoch] == sizes
        order = np.concatenate(epoch)
        assert sorted(order) == list(range(images))
        orders.add(tuple(order))
    assert len(orders) == 3
    assert tuple(range(images)) not in orders


@given(st.booleans(), st.integers(1, 30), st.integers(1, 12), st.integers(0, 20), st.integers(0, 99))
def test_a_restored_state_goes_on_with_the_same_batches(
    shuffled: bool, images: int, size: int, taken: int, seed: int
) -> None:
    one = Batches(np.random.default_rng(seed), images, size, shuffled=shuffled)
    for _ in range(taken):
        one.next()
    state = json.loads(json.dumps(one.state))
    other = Batches(np.random.default_rng(seed + 1), images, size, shuffled=shuffled)
    other.next()
    other.restore(state)
    for _ in range(10):
        np.testing.assert_array_equal(other.next(), one.next(), strict=True)
        assert other.state == one.state
