"""The twins of layers made of layers, and how `verify` sees them."""

from typing import Any

import pytest
from small_blocks import Double, T, X, affine, net_with

from numpy_impl import Network, ReLU, Residual, Sequential, SoftmaxWithLoss, Tanh
from torch_ref import pair_of, verify
from torch_ref.families import PAIRS
from torch_ref.families.composites.twins import module_of


def test_each_layer_within_is_verified_where_it_stands() -> None:
    shared = affine()
    net = net_with(Residual(shared, ReLU(), Sequential(shared, Tanh())))
    report = verify(net, X, T)
    assert report.ok, report
    names = [row.name for row in report.rows]
    assert names[:4] == ["In.y", "In.dx", "In.dW", "In.db"]
    assert {"Block.Affine1.dW", "Block.Sequential1.Tanh1.dx", "Block.dx", "dBlock.Affine1.W"} <= set(names)
    tanh = net.layers["Block"].layers["Sequential1"].layers["Tanh1"]
    right = tanh._backward
    tanh._backward = lambda dout, cache: (1.01 * right(dout, cache)[0], {})
    wrong = [row.name for row in verify(net, X, T).rows if row.at_fault == "NumPy"]
    assert wrong[:2] == ["Block.Sequential1.Tanh1.dx", "Block.Sequential1.dx"]


def test_a_shared_layer_has_one_twin_wherever_it_stands() -> None:
    shared = affine()
    net = Network({"Block": Residual(shared), "Again": shared}, SoftmaxWithLoss())
    module: Any = module_of(net)
    assert module.Block.Affine1 is module.Again
    assert pair_of(net).parameters == {
        "Block.Affine1.W": "Block.Affine1.weight.T",
        "Block.Affine1.b": "Block.Affine1.bias",
    }


def test_the_pair_of_any_block_has_proven_bounds_and_no_data() -> None:
    pair = pair_of(Residual(affine(), Tanh()))
    assert pair.is_proven
    assert verify(Residual(affine(), Tanh()), X).ok
    with pytest.raises(NotImplementedError, match="has no other data than it is given"):
        pair.example(Residual, None)  # type: ignore[arg-type] # whatever the data
    with pytest.raises(TypeError, match="the layer must be registered, with its PyTorch twin, got Double"):
        pair_of(Sequential(Double()))
    assert PAIRS["residual"].layer is Residual
