"""The check of a layer in evaluation, where dropout and batch normalization are other functions than in training."""

from typing import Any

import numpy as np
import torch
from torch import nn

from numpy_impl.validation import Array
from torch_ref.checks.check_error import CheckError
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.severity import Severity
from torch_ref.places import attributes
from torch_ref.results import twin_of
from torch_ref.scenarios import Data
from torch_ref.training.weights import to_array, to_tensor
from torch_ref.your_layer.methods import EVALUATION, MODES, arguments_of

NEAR = 1e-4  # of numbers of the size of 1: another rule for the running statistics is farther off
BATCHES = 3
OTHER_Y = "in evaluation y is not that of PyTorch's module in eval()"
MASKED = "the mask is used in evaluation too"
OF_THE_BATCH = "in evaluation it is computed with the statistics of the batch, not with the running ones"
ANOTHER_WAY = "its running statistics are kept another way than PyTorch's: y in evaluation is another"


def check_evaluation(subject: Subject) -> None:
    """After some batches in training, the y of another one in evaluation is PyTorch's."""
    data = Data(subject.pair.ordinary, subject.dtype)
    example = subject.pair.example(subject.layer or subject.pair.layer, data)
    layer, x = example.layer, example.inputs["x"]
    module = twin_of(
        subject.pair, Subject(subject.pair, subject.dtype).example(subject.pair.ordinary).layer, subject.dtype
    )
    batches = [data.x(*x.shape) for _ in range(BATCHES)]
    in_training = layer.forward(x)
    for batch in batches:
        layer.forward(batch)
    with torch.no_grad():
        for batch in (x, *batches):
            module(to_tensor(batch))
        wanted = to_array(module.eval()(to_tensor(x)))
    if not into_evaluation(layer):
        return
    y = layer.forward(x)
    if _near(y, wanted):
        return
    is_norm = isinstance(module, nn.modules.batchnorm._BatchNorm)
    if _near(y, in_training):
        cause = OF_THE_BATCH if is_norm else MASKED
        raise CheckError(f"y: {cause}", [cause], tensor="y")
    if is_norm and _is_affine_by_channel(x, y):
        raise CheckError(ANOTHER_WAY, tensor="y", severity=Severity.CONVENTION)
    raise CheckError(OTHER_Y, tensor="y")


def into_evaluation(adapter: Any) -> bool:
    """Puts a layer into evaluation, by an argument, an attribute, an option's mode, or eval(): whether it has one."""
    adapter.is_training = False
    layer = adapter.layer
    takes = [one.name.lower() for one in arguments_of(adapter.forward_of_layer)]
    switches = [any(name in (*MODES, *EVALUATION) for name in takes)]
    for name, value in attributes(layer).items():
        if isinstance(value, bool) and name in (*MODES, *EVALUATION):
            setattr(layer, name, name in EVALUATION)
            switches.append(True)
    for option in getattr(layer, "options", {}).values():
        if isinstance(option, dict) and "mode" in option:
            option["mode"] = "test"
            switches.append(True)
    if callable(getattr(layer, "eval", None)):
        layer.eval()
        switches.append(True)
    return any(switches)


def _near(y: Any, wanted: Array) -> bool:
    return np.shape(y) == wanted.shape and bool((abs(y - wanted) <= NEAR * (1 + abs(wanted))).all())


def _is_affine_by_channel(x: Array, y: Array) -> bool:
    """Whether y = a x + c with numbers of each channel: some mean and some variance."""
    return y.shape == x.shape and all(map(_is_affine, np.moveaxis(x, 1, 0), np.moveaxis(y, 1, 0)))


def _is_affine(x: Array, y: Array) -> bool:
    a, c = np.polyfit(x.ravel(), y.ravel(), 1)
    return _near(y, a * x + c)
