"""Label smoothing and ignored labels: the formulas of losses.md by their names, edges, refusals, and networks."""

from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from jacobians import U
from torch import nn

from numpy_impl import Affine, Network, SoftmaxWithLoss, log_softmax, softmax
from numpy_impl.validation import Array
from torch_ref import twin, verify

LOGITS = np.array([[1.0, -2.0, 4.0], [0.5, 3.0, -1.0], [0.0, 0.0, 1.0], [2.0, 1.0, 0.0]])
LABELS = np.array([1, 0, 2, 2])
ROWS = np.array([[0.5, 0.0, 0.2], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.3, 0.3, 0.4]])


def both(layer: SoftmaxWithLoss, x: Array, t: Array, dout: Any = 1) -> tuple[Any, Array]:
    loss = layer.forward(x, t)
    return loss, layer.backward(dout)


def of_torch(x: Array, t: Array, **options: Any) -> tuple[Any, Array]:
    logits = torch.tensor(x, requires_grad=True)
    loss = nn.CrossEntropyLoss(**options)(logits, torch.tensor(t))
    loss.backward()
    assert logits.grad is not None
    return loss.item(), logits.grad.numpy()


@pytest.mark.parametrize("t", [LABELS, ROWS], ids=["labels", "rows"])
@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5, 1.0, 1, np.float64(0.3)])
def test_smoothing_spreads_epsilon_over_all_classes(t: Array, epsilon: Any) -> None:
    rows = np.eye(3)[t] if t.ndim == 1 else t
    smooth = (1 - epsilon) * rows + epsilon / 3
    loss, dx = both(SoftmaxWithLoss(label_smoothing=epsilon), LOGITS, t)
    np.testing.assert_allclose(loss, -(smooth * log_softmax(LOGITS)).sum() / 4, rtol=100 * U)
    expected = (softmax(LOGITS) * smooth.sum(1, keepdims=True) - smooth) / 4
    np.testing.assert_allclose(dx, expected, rtol=0, atol=100 * U)
    theirs = of_torch(LOGITS, t, label_smoothing=float(epsilon))
    np.testing.assert_allclose(loss, theirs[0], rtol=100 * U)
    np.testing.assert_allclose(dx, theirs[1], rtol=0, atol=100 * U)


@pytest.mark.parametrize("ignore_index", [-100, 2, 7, np.int64(-1)])
def test_ignored_samples_add_nothing_and_are_not_counted(ignore_index: Any) -> None:
    t = np.array([1, ignore_index, 0, ignore_index])
    for epsilon in (0.0, 0.2):
        loss, dx = both(SoftmaxWithLoss(label_smoothing=epsilon, ignore_index=ignore_index), LOGITS, t, 1.5)
        of_two, dx_of_two = both(SoftmaxWithLoss(label_smoothing=epsilon), LOGITS[[0, 2]], t[[0, 2]], 1.5)
        assert loss == of_two
        np.testing.assert_array_equal(dx[[0, 2]], dx_of_two)
        np.testing.assert_array_equal(dx[[1, 3]], np.zeros((2, 3)))
        theirs = of_torch(LOGITS, t, label_smoothing=epsilon, ignore_index=int(ignore_index))
        np.testing.assert_allclose(loss, theirs[0], rtol=100 * U)


def test_an_ignore_index_that_no_label_has_changes_nothing() -> None:
    for t in (LABELS, ROWS):
        plain, ignoring = both(SoftmaxWithLoss(), LOGITS, t), both(SoftmaxWithLoss(ignore_index=-100), LOGITS, t)
        assert plain[0] == ignoring[0]
        np.testing.assert_array_equal(plain[1], ignoring[1])


def test_an_infinite_dout_leaves_ignored_samples_at_0() -> None:
    _, dx = both(SoftmaxWithLoss(ignore_index=-1), LOGITS, np.array([1, -1, 0, 2]), np.inf)
    np.testing.assert_array_equal(dx[1], np.zeros(3))


def test_unsigned_labels_may_have_a_negative_ignore_index() -> None:
    t = LABELS.astype(np.uint8)
    assert SoftmaxWithLoss(ignore_index=-100).forward(LOGITS, t) == SoftmaxWithLoss().forward(LOGITS, t)


def test_the_label_of_a_smoothed_row_keeps_the_digits_of_a_small_epsilon() -> None:
    """p_t − t_t is −Σ_{j≠t} (p_j − ε / C): here 2 · 10⁻²⁰ / 3, of which p_t − 1 has nothing."""
    x, epsilon = np.array([[200.0, 0.0, 1.0]]), 1e-20
    _, dx = both(SoftmaxWithLoss(label_smoothing=epsilon), x, np.array([0]))
    np.testing.assert_allclose(dx, [[2e-20 / 3, -1e-20 / 3, -1e-20 / 3]], rtol=20 * U)
    assert (softmax(x) - ((1 - epsilon) * np.eye(3)[:1] + epsilon / 3))[0, 0] == 0


def test_the_loss_of_confident_smoothed_predictions_is_that_of_many_digits() -> None:
    x = np.array([[40.0, 0.0, 1.0]])
    with mpmath.workdps(60):
        total = mpmath.log(sum(mpmath.exp(v) for v in x[0]))
        exact = -sum(mpmath.mpf(w) * (v - total) for w, v in zip((0.7 + 0.1, 0.1, 0.1), x[0], strict=True))
    loss = SoftmaxWithLoss(label_smoothing=0.3).forward(x, np.array([0]))
    np.testing.assert_allclose(loss, float(exact), rtol=100 * U)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"label_smoothing": -0.1}, ValueError, "SoftmaxWithLoss: label_smoothing must be from 0 to 1, got -0.1"),
        ({"label_smoothing": 1.5}, ValueError, "SoftmaxWithLoss: label_smoothing must be from 0 to 1, got 1.5"),
        ({"label_smoothing": np.nan}, ValueError, "SoftmaxWithLoss: label_smoothing must be finite, got nan"),
        ({"label_smoothing": None}, TypeError, "SoftmaxWithLoss: label_smoothing must be a real number, got None"),
        ({"label_smoothing": True}, TypeError, "SoftmaxWithLoss: label_smoothing must be a real number, got True"),
        ({"ignore_index": 1.0}, TypeError, "SoftmaxWithLoss: ignore_index must be None or an integer, got float"),
        ({"ignore_index": False}, TypeError, "SoftmaxWithLoss: ignore_index must be None or an integer, got False"),
        ({"ignore_index": "1"}, TypeError, "SoftmaxWithLoss: ignore_index must be None or an integer, got '1'"),
    ],
)
def test_bad_options_are_refused_by_name(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SoftmaxWithLoss(**options)


def test_options_have_names() -> None:
    with pytest.raises(TypeError):
        SoftmaxWithLoss(0.1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("t", "message"),
    [
        (np.full(4, -100), "SoftmaxWithLoss: t must have a label that is not ignored, got 4 times -100"),
        (np.array([0, -100, -1, 2]), "SoftmaxWithLoss: class indices in t must be 0 to 2, got -1"),
        (np.array([0, -100, 3, 2]), "SoftmaxWithLoss: class indices in t must be 0 to 2, got 3"),
    ],
)
def test_labels_that_cannot_be_are_refused_beside_ignored_ones(t: Array, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SoftmaxWithLoss(ignore_index=-100).forward(LOGITS, t)


def test_rows_beside_an_ignore_index_that_is_a_class_are_refused_as_in_pytorch() -> None:
    message = r"SoftmaxWithLoss: t must be class indices where ignore_index is 0 or more, got shape \(4, 3\)"
    with pytest.raises(ValueError, match=message):
        SoftmaxWithLoss(ignore_index=0).forward(LOGITS, ROWS)
    with pytest.raises(RuntimeError, match="ignore_index is not supported for floating point target"):
        of_torch(LOGITS, ROWS, ignore_index=0)


@pytest.fixture
def net() -> Network:
    rng = np.random.default_rng(0)
    last = SoftmaxWithLoss(label_smoothing=0.1, ignore_index=-100)
    return Network({"Affine": Affine(rng.standard_normal((5, 3)), rng.standard_normal(3))}, last)


def test_a_network_is_verified_with_the_options_of_its_loss(net: Network) -> None:
    x = np.random.default_rng(1).standard_normal((4, 5))
    report = verify(net, x, np.array([0, -100, 2, 1]))
    assert report.ok, str(report)


def test_the_accuracy_of_a_network_does_not_count_ignored_labels(net: Network) -> None:
    x = np.random.default_rng(1).standard_normal((4, 5))
    best = net.predict(x).argmax(axis=1)
    t = np.array([best[0], -100, (best[2] + 1) % 3, -100])
    assert net.accuracy(x, t) == 0.5
    assert net.accuracy(x, np.eye(3)[best]) == 1
    with pytest.raises(ValueError, match="Network: t must have a label that is not ignored, got 4 times -100"):
        net.accuracy(x, np.full(4, -100))


def test_the_twin_has_the_options() -> None:
    module = twin(SoftmaxWithLoss(label_smoothing=0.25, ignore_index=1))
    assert (module.label_smoothing, module.ignore_index) == (0.25, 1)
    assert twin(SoftmaxWithLoss()).ignore_index == -100


@pytest.mark.parametrize("t", [np.array([0]), np.array([[0.5, 0.5]])])
def test_targets_that_count_nothing_make_no_nan(t: Any) -> None:
    """All of the target is smoothed away: 0 times its infinite loss is 0."""
    assert SoftmaxWithLoss(label_smoothing=1.0).forward(np.array([[0.0, -np.inf]]), t) == np.inf
