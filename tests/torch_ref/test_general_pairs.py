"""Pairs with more than x, y, W and b: several inputs and outputs, integers, options, buffers, states, split weights."""

from dataclasses import replace
from typing import Any

import general_pairs as g
import numpy as np
import pairs_with_state as s
import pytest

from numpy_impl import Affine, Network, ReLU, SoftmaxWithLoss
from torch_ref import PAIRS, Pair, parametrize_with_checks, register, verify
from torch_ref.checks.battery import Check, Subject, checks_of
from torch_ref.checks.check_error import CheckError
from torch_ref.diagnosis.case import case_of
from torch_ref.families import pair_of
from torch_ref.families.networks.formulas import Chain
from torch_ref.scenarios import Data

KEEP_THE_CONTRACT = [g.FORK, g.ROWS, g.dropout(training=True), g.dropout(training=False), s.CENTRED, g.STACK]
VALUES_ALONE = [s.BATCH_NORM, s.EVALUATED, s.CELL]
SLIPS = [  # and the results that are wrong by them
    (g.FORK, g.ForkWithoutDs, {"db"}),
    (g.ROWS, g.RowsWithoutRepeats, {"dW"}),
    (g.dropout(training=False), g.DropoutInEvaluation, {"y", "dx"}),
    (s.CENTRED, s.CentredOnTheOldMean, {"running"}),
    (s.BATCH_NORM, s.BiasedBatchNorm, {"var"}),
    (s.EVALUATED, s.TrainedInEvaluation, {"y", "dx", "mean", "var"}),
    (s.CELL, s.CellWithoutLastState, {"dx", "dh0", "dWx", "dWh", "db"}),
    (g.STACK, g.StackedTheOtherWay, {"y"}),
]


@parametrize_with_checks(KEEP_THE_CONTRACT, (np.float32, np.float64), ours=True)
def test_the_whole_battery_serves_them(subject: Subject, check: Check) -> None:
    check(subject)


def wrong_results(subject: Subject) -> set[str]:
    """Those whose check of values fails."""
    wrong, results = set(), {*subject.pair.outputs, *subject.pair.gradients, *subject.pair.buffers}
    for name, check in checks_of(subject.pair).items():
        result = {"forward": "y", "input_gradient": "dx"}.get(name, name)
        result = f"d{result.removesuffix('_gradient')}" if result.endswith("_gradient") else result
        if result in results:
            try:
                check(subject)
            except CheckError:
                wrong.add(result)
    return wrong


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("pair", VALUES_ALONE, ids=lambda pair: pair.name)
def test_measured_bounds_serve_what_has_no_proven_ones(pair: Pair, dtype: Any) -> None:
    assert wrong_results(Subject(pair, dtype)) == set()


@pytest.mark.parametrize(("pair", "layer", "wrong"), SLIPS, ids=lambda one: getattr(one, "name", None))
def test_a_slip_shows_in_the_results_that_it_spoils_and_in_no_other(pair: Pair, layer: Any, wrong: set[str]) -> None:
    assert wrong_results(Subject(pair, np.float64, layer)) == wrong


def test_a_case_keeps_the_buffers_that_a_pass_changes() -> None:
    example = s.BATCH_NORM.example(s.BATCH_NORM.layer, Data(s.BATCH_NORM.ordinary, np.float64))
    case, before = case_of(s.BATCH_NORM, example), example.layer.mean.copy()
    example.layer.forward(example.inputs["x"])
    example.layer.mean += 1
    np.testing.assert_array_equal(case.layer.mean, before, strict=True)


def test_a_layer_in_two_places_is_verified_in_both() -> None:
    rng = np.random.default_rng(0)
    shared = Affine(rng.standard_normal((4, 4)), rng.standard_normal(4))
    net = Network({"first": shared, "relu": ReLU(), "second": shared}, SoftmaxWithLoss())
    report = verify(net, rng.standard_normal((5, 4)), np.array([0, 1, 2, 3, 0]))
    assert report.ok, report
    assert {"first.dW", "second.dW"} <= {row.name for row in report.rows}


def test_a_network_is_proven_where_all_of_its_layers_are() -> None:
    register(replace(pair_of(Affine(np.ones((2, 2)), np.ones(2))), name="measured", layer=Measured, forward=None))
    try:
        layer = Measured(np.eye(2, dtype=np.float32), np.ones(2, np.float32))
        net = Network({"one": layer}, SoftmaxWithLoss())
        x, t = np.ones((3, 2), np.float32), np.array([0, 1, 0])
        report = verify(net, x, t)
        assert report.ok, report
        assert "measured" in str(report)
        layer.slip = 1.01
        assert not verify(net, x, t).ok
    finally:
        del PAIRS["measured"]


class Measured(Affine):
    """An Affine of whose rounding nothing is known."""

    slip = 1.0

    def _backward(self, dout: Any, cache: Any) -> Any:
        dx, grads = super()._backward(dout, cache)
        return dx, {name: grad * grad.dtype.type(self.slip) for name, grad in grads.items()}


def test_there_is_no_bound_for_a_chain_of_what_has_none() -> None:
    with pytest.raises(ValueError, match="a chain of layers has proven bounds only if each of its layers has"):
        Chain([], s.CELL).forward(np.ones((2, 2)), 0)


def test_a_network_that_exists_has_no_other_data_than_it_is_given() -> None:
    pair = pair_of(Network({"relu": ReLU()}, SoftmaxWithLoss()))
    with pytest.raises(NotImplementedError, match="has no other data than it is given"):
        pair.example(Network, Data(g.FORK.ordinary, np.float64))


def test_more_inputs_than_a_layer_takes_are_refused() -> None:
    with pytest.raises(TypeError, match="verify: the inputs must be x, got 2 arrays"):
        verify(ReLU(), np.ones((2, 2)), np.ones((2, 2)))
