"""scripts/accuracy.py: what it measures is right, and its verdict can be either."""

from itertools import chain
from typing import Any

import accuracy
import mpmath
import numpy as np
import pytest
from parts import measuring, quantities
from parts.measuring import better, measure
from parts.quantities import PLAIN, QUANTITIES, Row, Sample, ulp

from numpy_impl.validation import Array
from torch_ref import PAIRS


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less data, for the time it takes."""
    monkeypatch.setattr(quantities, "AFFINE", (8, 30, 4, 3))
    monkeypatch.setattr(quantities, "LONG", (4096, 8))
    monkeypatch.setattr(quantities, "BATCH", (8, 5))
    monkeypatch.setattr(quantities, "BATCHES", 2)
    monkeypatch.setattr(quantities, "DRAWS", 1)
    monkeypatch.setattr(measuring, "EQUAL", 10)  # so few losses may be better or worse by chance


def test_a_unit_in_the_last_place_is_the_spacing_of_the_dtype() -> None:
    np.testing.assert_array_equal(
        ulp(np.array([1.0, -1.5, 2.0]), np.float32), [2.0**-23, 2.0**-23, 2.0**-22], strict=True
    )
    np.testing.assert_array_equal(ulp(np.array([mpmath.mpf(1)]), np.float64), [2.0**-52], strict=True)
    assert ulp(np.array([0.0]), np.float64) == 5e-324


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exact_values_are_exact_and_errors_are_those_of_rounding(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    for sample in chain.from_iterable(of(dtype, rng) for of in QUANTITIES):
        assert np.shape(sample.ours) == np.shape(sample.theirs) == sample.truth.shape == np.shape(sample.unit)
        exact = sample.truth.astype(float)
        if "confident" not in sample.row.data and "offset" not in sample.row.data:  # where digits are lost
            for got in (sample.ours, sample.theirs):
                assert (abs(np.asarray(got, float) - exact) <= 100 * sample.unit).all(), sample.row


@pytest.mark.usefixtures("little")
def test_mean_and_greatest_errors_are_those_known() -> None:
    errors = measure(np.float32, 1)
    of_sum, plain = (errors[Row(quantity, "4096 rows of one sign")][0] for quantity in ("db", PLAIN))
    assert of_sum.mean() < 1 < 3 < plain.mean()
    ours, theirs = errors[Row("log p", "confident and right")]
    assert ours.mean() < 10 < 1e3 < theirs.max()


def errors(mean: float) -> Array:
    return np.array([mean])


@pytest.mark.parametrize(
    ("library", "ours", "theirs", "verdict"),
    [
        ("", 1.0, 1.4, "="),
        ("", 1.4, 1.0, "="),
        ("", 0.0, 0.0, "="),
        ("", 1.0, 1.6, "NumPy"),
        ("", 1.6, 1.0, "PyTorch"),
        ("BLAS", 1.6, 1.0, "PyTorch's BLAS"),
        ("libm", 1.0, 1.6, "NumPy's libm"),
    ],
)
def test_better_is_less_by_a_factor(library: str, ours: float, theirs: float, verdict: str) -> None:
    assert better(Row("y", "data", library=library), errors(ours), errors(theirs)) == verdict


@pytest.mark.usefixtures("little")
def test_the_script_prints_both_tables(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    few = {name: pair for name, pair in PAIRS.items() if name in ("relu", "affine", "batch_norm", "sgd")}
    monkeypatch.setattr(measuring, "PAIRS", few)
    assert accuracy.main(["--seeds", "1"]) == 0
    out = capsys.readouterr().out
    for words in (
        "error of",
        "log p",
        "confident and right",
        "sigmoid",
        "db by sum(0)",
        "bound over error of",
        "exact",
    ):
        assert words in out


@pytest.mark.usefixtures("little")
def test_the_script_fails_where_numpy_is_worse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def worse(_dtype: Any, _rng: Any) -> list[Sample]:
        one = np.ones(1)
        return [Sample(Row("y", "nothing"), one * 3, one, np.array([mpmath.mpf(1)], object), one)]

    monkeypatch.setattr(measuring, "QUANTITIES", (worse,))
    monkeypatch.setattr(measuring, "bound_over_error", lambda *_: {("relu", "y"): np.array([2.0])})
    assert accuracy.main(["--seeds", "1"]) == 1
    assert "worse than PyTorch: y on nothing" in capsys.readouterr().err


def test_the_script_fails_where_a_bound_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measuring, "measure", lambda *_: {})
    monkeypatch.setattr(measuring, "bound_over_error", lambda *_: {("relu", "y"): np.array([0.5, 2.0])})
    assert accuracy.main(["--seeds", "1"]) == 1
    assert "worse than PyTorch: nothing; least bound 0.5" in capsys.readouterr().err
