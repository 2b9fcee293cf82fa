"""Weights on disk: either framework reads what either wrote, and what does not fit is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from numpy_impl import MultiLayerNet, TwoLayerNet
from torch_ref import load_weights, network_of, params_of, twin
from torch_ref.training.files import read_safetensors, statistics_of


def net_of(seed: int, dtype: Any = np.float32) -> TwoLayerNet:
    net = TwoLayerNet(4, 3, 2, rng=seed, dtype=dtype)
    net.params["b1"][...] = [1, 2, 3]
    return net


def write(net: TwoLayerNet, file: Path, framework: str) -> Path:
    if framework == "numpy":
        safetensors.numpy.save_file(dict(net.params), file)
    else:
        safetensors.torch.save_file(twin(net).state_dict(), file)
    return file


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("framework", ["numpy", "torch"])
def test_a_file_of_either_goes_into_either(framework: str, dtype: Any, tmp_path: Path) -> None:
    net, other = net_of(0, dtype), net_of(1, dtype)
    file = write(net, tmp_path / "weights.safetensors", framework)
    module, kept = twin(other), dict(other.params)
    load_weights(other, file)
    load_weights(module, str(file))
    made = network_of(file)
    for name, value in net.params.items():
        np.testing.assert_array_equal(other.params[name], value, strict=True)
        assert other.params[name] is kept[name]  # in place
        np.testing.assert_array_equal(params_of(module)[name], value, strict=True)
        np.testing.assert_array_equal(made.params[name], value, strict=True)
    x = np.ones((5, 4), dtype)
    np.testing.assert_array_equal(made.predict(x), net.predict(x), strict=True)


@pytest.mark.parametrize("framework", ["numpy", "torch"])
@pytest.mark.parametrize("target", [net_of, lambda seed: twin(net_of(seed))])
def test_weights_of_another_network_are_refused_and_change_nothing(target: Any, framework: str, tmp_path: Path) -> None:
    net = target(1)
    before = params_of(net) if isinstance(net, torch.nn.Module) else {k: p.copy() for k, p in net.params.items()}
    wide = write(net_of(0, np.float64), tmp_path / "wide.safetensors", framework)
    large = write(TwoLayerNet(5, 3, 2), tmp_path / "large.safetensors", framework)
    lone = tmp_path / "lone.safetensors"
    safetensors.numpy.save_file({"W": np.ones(3)}, lone)
    for file, error, words in (
        (wide, TypeError, "must be float32, got float64"),
        (large, ValueError, r"must have shape \(4, 3\), got \(5, 3\)"),
        (lone, ValueError, "must hold the weights W1, W2, b1, b2, got W"),
    ):
        with pytest.raises(error, match=f"{file.name}.*{words}"):
            load_weights(net, file)
    after = params_of(net) if isinstance(net, torch.nn.Module) else dict(net.params)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, strict=True)


@pytest.mark.parametrize("shapes", [{"W1": (3,)}, {"W2": (2, 3, 1)}, {"W1": (0, 3)}, {"b1": (4,)}, {"W2": (4, 2)}])
def test_what_is_no_network_is_refused(shapes: dict[str, tuple[int, ...]], tmp_path: Path) -> None:
    file, right = tmp_path / "weights.safetensors", {"W1": (4, 3), "b1": (3,), "W2": (3, 2), "b2": (2,)}
    safetensors.numpy.save_file({name: np.zeros(shape) for name, shape in (right | shapes).items()}, file)
    with pytest.raises(ValueError, match=str(file)):
        network_of(file)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    damaged, halves = tmp_path / "damaged.safetensors", tmp_path / "halves.safetensors"
    damaged.write_bytes(write(net_of(0), damaged, "numpy").read_bytes()[:-1])
    safetensors.torch.save_file({"W": torch.zeros(2, dtype=torch.bfloat16)}, halves)
    for file, error, words in (
        (tmp_path / "absent.safetensors", FileNotFoundError, "must be a safetensors file, got none"),
        (tmp_path, FileNotFoundError, "must be a safetensors file, got a folder"),
        (damaged, ValueError, "must be a whole safetensors file of NumPy's dtypes"),
        (halves, ValueError, "must be a whole safetensors file of NumPy's dtypes"),
    ):
        with pytest.raises(error, match=f"{file}.*{words}"):
            read_safetensors(file)


def test_metadata_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "file.safetensors"
    safetensors.numpy.save_file({"W": np.ones(2)}, file, {"kind": "a test"})
    arrays, metadata = read_safetensors(file)
    assert arrays["W"].tolist() == [1, 1]
    assert metadata == {"kind": "a test"}


def test_a_read_only_parameter_is_refused_before_any_other_changes(tmp_path: Path) -> None:
    file, net = write(net_of(0), tmp_path / "weights.safetensors", "numpy"), net_of(1)
    net.params["b2"].setflags(write=False)
    before = net.params["W1"].copy()
    with pytest.raises(ValueError, match="b2 must be writeable"):
        load_weights(net, file)
    np.testing.assert_array_equal(net.params["W1"], before, strict=True)


def deep(seed: int) -> MultiLayerNet:
    return MultiLayerNet(4, [5], 3, batch_norm=True, dropout=0.3, rng=seed)


@pytest.mark.parametrize("framework", ["numpy", "torch"])
def test_weights_of_a_batch_norm_go_with_its_running_statistics(framework: str, tmp_path: Path) -> None:
    net, other, x = deep(0), deep(1), np.ones((6, 4), np.float32) * np.arange(6, dtype=np.float32)[:, np.newaxis]
    net.predict(x)  # which moves them
    if framework == "numpy":
        safetensors.numpy.save_file({**net.params, **statistics_of(net)}, tmp_path / "weights")
    else:
        tensors = twin(net).state_dict()
        del tensors["BatchNorm1.num_batches_tracked"]
        safetensors.torch.save_file({name: value.contiguous() for name, value in tensors.items()}, tmp_path / "weights")
    load_weights(other, tmp_path / "weights")
    net.training = other.training = False
    np.testing.assert_array_equal(other.predict(x), net.predict(x), strict=True)


def test_running_statistics_that_do_not_fit_change_nothing(tmp_path: Path) -> None:
    net, before = deep(0), deep(0)
    arrays = {name: value + 1 for name, value in {**net.params, **statistics_of(net)}.items()}
    arrays["BatchNorm1.running_var"] = arrays["BatchNorm1.running_var"][1:].copy()
    safetensors.numpy.save_file(arrays, tmp_path / "weights")
    with pytest.raises(ValueError, match=r"running_var must have shape \(5,\), got \(4,\)"):
        load_weights(net, tmp_path / "weights")
    for name, value in {**before.params, **statistics_of(before)}.items():
        np.testing.assert_array_equal({**net.params, **statistics_of(net)}[name], value, strict=True)
