"""Sequences: the scenarios of attention. They are tiny, for some oracles run forward once for each entry."""

from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.scenarios import Scenario, Sizes, few_integers, normal, tiny, zeros


def hundreds(rng: np.random.Generator, shape: tuple[int, ...], _: Any) -> Array:
    """q kᵀ is a sum of terms of ±1e4, and large in all."""
    return 100.0 * rng.choice([-1.0, 1.0], shape) + rng.uniform(-20, 20, shape)


# D is the features of q and k, H those of v; T and S, the queries and keys, are settings.
OF_THREE = (
    Scenario("ordinary", "every size another", Sizes(2, 5, 3), settings={"T": 3, "S": 4}),
    Scenario("odd-batch", "halves and blocks of the batch", Sizes(3, 3, 2), settings={"T": 2, "S": 3}),
    Scenario("causal", "what looks ahead", Sizes(2, 2, 2), settings={"T": 3, "S": 3, "causal": True}),
    Scenario(
        "causal-long-keys", "a mask aligned with the last key", Sizes(2, 2, 1),
        settings={"T": 2, "S": 3, "causal": True},
    ),
    Scenario(
        "causal-long-queries", "a mask aligned with the last query", Sizes(2, 2, 1),
        settings={"T": 3, "S": 2, "causal": True},
    ),
    Scenario("square", "a missing transpose keeps the shape", Sizes(2, 2, 2), settings={"T": 2, "S": 2}),
    Scenario("one-sample", "what confuses N with 1, or squeezes it away", Sizes(1, 3, 2), settings={"T": 2, "S": 3}),
    Scenario("one-key", "a softmax over one entry is 1, flat in q and k", Sizes(2, 3, 2), settings={"T": 3, "S": 1}),
    Scenario("one-query", "T = 1", Sizes(2, 3, 2), settings={"T": 1, "S": 3}),
    Scenario("one-feature", "a scale of 1, one number a value", Sizes(3, 1, 1), settings={"T": 2, "S": 3}),
    Scenario("no-batch", "no leading axis", Sizes((), 3, 2), settings={"T": 2, "S": 3}),
    Scenario("four-axes", "heads beside the batch", Sizes((2, 1), 2, 2), settings={"T": 3, "S": 2}),
    Scenario("exact-zeros", "logits of 0 and ties", Sizes(2, 2, 1), x=few_integers, settings={"T": 2, "S": 3}),
    Scenario(
        "confident", "one key takes all but nothing", Sizes(2, 2, 1), x=normal(4), is_extreme=True,
        settings={"T": 2, "S": 3},
    ),
    Scenario(
        "huge", "logits of ±1e4: exp overflows, unless the maximum is subtracted", Sizes(2, 2, 1), x=hundreds,
        is_extreme=True, settings={"T": 2, "S": 3},
    ),
    Scenario(
        "causal-huge", "−1e4 for −∞ is no less than other logits", Sizes(2, 2, 1), x=hundreds, is_extreme=True,
        settings={"T": 3, "S": 3, "causal": True},
    ),
    Scenario("tiny", "products that underflow", Sizes(2, 2, 1), x=tiny, is_extreme=True, settings={"T": 2, "S": 3}),
    Scenario(
        "small-gradients", "less than any absolute tolerance", Sizes(2, 2, 1), dout=normal(1e-12),
        settings={"T": 2, "S": 3},
    ),
)  # fmt: skip

# D is the features, all of which the heads share. Beyond 100 entries no oracle runs forward for each.
OF_HEADS = (
    Scenario("ordinary", "heads that share the features", Sizes(2, 4), settings={"T": 3, "heads": 2}),
    Scenario("odd-batch", "halves and blocks of the batch", Sizes(27, 4), settings={"T": 2, "heads": 2}),
    Scenario("all-different", "every size another", Sizes(17, 6), settings={"T": 4, "heads": 3}),
    Scenario("all-different-causal", "what looks ahead", Sizes(17, 6), settings={"T": 4, "heads": 3, "causal": True}),
    Scenario("causal", "what looks ahead", Sizes(2, 2), settings={"T": 3, "heads": 2, "causal": True}),
    Scenario("one-head", "a scale of the whole width is right here", Sizes(2, 3), settings={"T": 2, "heads": 1}),
    Scenario("square", "a missing transpose keeps the shape", Sizes(2, 2), settings={"T": 2, "heads": 2}),
    Scenario("one-sample", "what confuses N with 1, or squeezes it away", Sizes(1, 2), settings={"T": 3, "heads": 2}),
    Scenario("one-position", "T = 1: all weights are 1", Sizes(3, 2), settings={"T": 1, "heads": 2}),
    Scenario(
        "exact-zeros", "logits of 0 and ties", Sizes(2, 2), x=few_integers, weights=few_integers, biases=zeros,
        settings={"T": 3, "heads": 2},
    ),
    Scenario(
        "confident", "one key takes all but nothing", Sizes(2, 2), x=normal(3), is_extreme=True,
        settings={"T": 3, "heads": 2},
    ),
    Scenario(
        "huge", "logits of ±1e4: exp overflows, unless the maximum is subtracted", Sizes(2, 2), x=normal(100),
        is_extreme=True, settings={"T": 3, "heads": 2},
    ),
    Scenario(
        "tiny", "products that underflow", Sizes(2, 2), x=tiny, weights=tiny, biases=zeros, dout=tiny, is_extreme=True,
        settings={"T": 2, "heads": 2},
    ),
    Scenario(
        "small-gradients", "less than any absolute tolerance", Sizes(2, 2), dout=normal(1e-12),
        settings={"T": 3, "heads": 2},
    ),
)  # fmt: skip
