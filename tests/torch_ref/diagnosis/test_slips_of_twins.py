"""Each slip gets its own cause, and those beside it do not: a layer with one slip, and exactly what is said of it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import slipped_activations as activations
import slipped_images as images
import slipped_layers as layers
import slipped_norms as norms
from torch import nn

from torch_ref import candidate
from torch_ref.checks.check_error import CheckError
from torch_ref.checks.values import check_values
from torch_ref.diagnosis.severity import Severity
from torch_ref.diagnosis.twins import causes_of_twin
from torch_ref.diagnosis.twins.windows import layout_of

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

LARGE = {"three-axes", "one-axis", "long-batch", "book", "mnist", "remainders", "small-gradients", "narrow", "integers"}
UNKNOWN = "no known slip explains it"


def error_of(layer: Any, like: Any, tensor: str, dtype: Any = np.float64, **given: Any) -> CheckError:
    found = candidate(layer, like, **given)
    pair = replace(found.pair, data_sets=[one for one in found.pair.data_sets if one.name not in LARGE])
    with pytest.raises(CheckError) as error:
        check_values(replace(found, pair=pair).subject(dtype), tensor)
    return error.value


def said(layer: Any, like: Any, tensor: str, **given: Any) -> str:
    return error_of(layer, like, tensor, **given).sentence.removeprefix(f"{tensor}: ")


BATCH, LAYER = "BatchNorm1d(5)", "LayerNorm(5)"
UNBIASED = "the variance is divided by n - 1, where it must be n"
NORMS = [
    (norms.ConstantStatistics, BATCH, "dx", "mean and variance are taken for constants, but they depend on x"),
    (norms.ConstantMean, BATCH, "dx", "the mean is taken for a constant, but it depends on x"),
    (norms.ConstantVariance, LAYER, "dx", "the variance is taken for a constant, but it depends on x"),
    (
        norms.RMSNorm,
        "RMSNorm(5, eps=1e-5)",
        "dx",
        "the mean of the squares is taken for a constant, but it depends on x",
    ),
    (norms.WithoutGamma, BATCH, "dx", "gamma is left out"),
    (norms.GammaOutside, LAYER, "dx", "gamma stands outside of the sums, where it must be inside"),
    (norms.DividedByN, LAYER, "dx", "its sums are divided by the length of the batch, where it must be the number of"),
    (norms.DividedByFeatures, BATCH, "dx", "its sums are divided by the number of features, where it must be the"),
    (norms.NotDivided, BATCH, "dx", "its sums are not divided by the number of entries that are normalized together"),
    (norms.GammaAlone, LAYER, "dx", "dout is passed on as it is, but for gamma: the normalization's own derivative"),
    (norms.Unbiased, BATCH, "y", UNBIASED),
    (norms.Unbiased, BATCH, "dx", UNBIASED),
    (norms.Unbiased, BATCH, "dgamma", UNBIASED),
    (norms.UnbiasedThroughout, BATCH, "dx", UNBIASED),
    (norms.EpsOutside, LAYER, "y", "eps stands outside of the root: it is sqrt(variance) + eps"),
    (norms.OverTheBatch, LAYER, "y", "the statistics are those of each feature, over the batch, where they must be"),
    (
        norms.OverEachSample,
        BATCH,
        "dx",
        "the statistics are those of each sample, where they must be those of each chan",
    ),
    (
        norms.OverAll,
        BATCH,
        "y",
        "the statistics are those of the whole batch, where they must be those of",
    ),
    (norms.GammaOfX, LAYER, "dgamma", "it is that of x itself, which must be normalized first"),
    (norms.GammaOfCentred, BATCH, "dgamma", "it is that of x minus its mean, which must be divided by the root"),
    (norms.GammaOfY, LAYER, "dgamma", "it is that of y, where it must be the normalized x"),
    (norms.DividedByVariance, BATCH, "dx", UNKNOWN),
    (norms.TermTwice, LAYER, "dx", UNKNOWN),
]


@pytest.mark.parametrize(("layer", "like", "tensor", "says"), NORMS)
def test_slips_of_normalizations(layer: Any, like: str, tensor: str, says: str) -> None:
    found = said(layer, like, tensor)
    assert found.startswith(says)
    assert " – or " not in found


def test_slips_of_a_group_norm_on_images() -> None:
    says = "mean and variance are taken for constants, but they depend on x"
    assert said(norms.GroupNorm, "GroupNorm(2, 4)", "dx", shape=(4, 3)) == says


CONV = ("Conv2d(3, 4, 3)", {"shape": (3, 5, 4)})
PADDED = ("Conv2d(3, 4, 3, padding=1)", {"shape": (3, 5, 4)})
OVERWRITTEN = "where windows overlap, a later one overwrites what is there: it must be added, += for ="
RESHAPED = "its entries are in another order, as from a reshape where a transpose is meant"
IMAGES = [
    (images.ConvOverwrites, *CONV, "dx", OVERWRITTEN),
    (images.ConvOverwritesFilters, *CONV, "dx", "later windows and filters overwrite what is there: it must be added"),
    (images.ConvTurned, *CONV, "y", "the kernel is turned by half a turn"),
    (images.ConvReshapesDout, *CONV, "dW", "it is that of dout with its entries in another order, as from a reshape"),
    (images.ConvReshapesY, *CONV, "y", RESHAPED),
    (images.ConvReshapesW, *CONV, "dW", RESHAPED),
    (images.MaxPoolOverwrites, "MaxPool2d(3, stride=1)", {}, "dx", OVERWRITTEN),
    (images.MaxPoolOverwritesMaxima, "MaxPool2d(3, stride=1)", {}, "dx", OVERWRITTEN),
    (images.MaxPoolAllTies, "MaxPool2d(3)", {}, "dx", "of several maxima in a window each gets the whole dout"),
    (images.MaxPoolLastTie, "MaxPool2d(3)", {}, "dx", "of several maxima in a window the last one gets dout"),
    (images.MaxPoolSharedTies, "MaxPool2d(3)", {}, "dx", "several maxima in a window share dout"),
    (images.MaxPoolOverChannels, "MaxPool2d(3)", {}, "dx", "it goes to where the maximum over all channels is"),
    (images.MaxPoolPaddedWithZeros, "MaxPool2d(3, padding=1)", {}, "y", "it is padded with 0, where it must be -inf"),
    (images.AvgPool, "AvgPool2d(3, stride=1)", {}, "dx", OVERWRITTEN),
    (images.AvgPoolAdds, "AvgPool2d(3)", {}, "y", "it is the sum of the window, which must be divided by its size"),
    (images.AvgPoolPadded, "AvgPool2d(3, padding=1, count_include_pad=False)", {}, "y", "the padding is counted in"),
    (layers.Flattened, "Flatten", {"shape": (2, 3, 4)}, "dx", "its shape is changed in Fortran's order (order='F')"),
    (layers.FlattenedByColumns, "Flatten", {"shape": (2, 3, 4)}, "y", "its shape is changed in Fortran's order"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "like", "given", "tensor", "says"), IMAGES)
def test_slips_of_images(layer: Any, like: str, given: dict[str, Any], tensor: str, says: str) -> None:
    found = said(layer, like, tensor, **given)
    assert found.startswith(says)
    assert " – or " not in found


SOFTMAX, LOG = "Softmax(dim=1)", "LogSoftmax(dim=1)"
NO_MAXIMUM = "no maximum is subtracted before exp, which overflows or underflows"
OF_P = "the logarithm is that of p, which underflows to 0"
PRODUCT = "y is a product of x and sigmoid(x)"
LAYERS = [
    (activations.SiLUAtY, "SiLU", "dx", "the derivative is taken at y, where it must be at x"),
    (activations.SiLUAtMinusX, "SiLU", "dx", "the derivative is taken at -x, where it must be at x"),
    (activations.SiLUByY, "SiLU", "dx", "dout is multiplied by y, where it must be the derivative"),
    (
        activations.SiLUGateAlone,
        "SiLU",
        "dx",
        f"{PRODUCT}, and only that of x is differentiated: dx is",
    ),
    (activations.SiLUSlopeOfGate, "SiLU", "dx", f"{PRODUCT}, and only sigmoid(x) is differentiated"),
    (activations.SiLUWithoutX, "SiLU", "dx", f"{PRODUCT}: x is left out of the second term of the derivative"),
    (activations.SiLUOfSigmoid, "SiLU", "dx", "it is dout times the derivative of sigmoid(x) alone"),
    (activations.SiLUSquared, "SiLU", "dx", UNKNOWN),
    (activations.GELUByTanh, "GELU", "y", "it is the tanh form of GELU, where the twin's is the erf form"),
    (activations.GELUByTanh, "GELU", "dx", "it is the tanh form of GELU, where the twin's is the erf form"),
    (
        activations.GELUGateAlone,
        "GELU",
        "dx",
        "y is a product of x and Phi(x), and only that of x is differentiated: dx is",
    ),
    (
        activations.GELUByTanhGateAlone,
        "GELU('tanh')",
        "dx",
        "y is a product of x and Phi(x), and only that of x is di",
    ),
    (activations.ELUOfX, "ELU", "dx", "the derivative is taken at x, where it must be of y: x + alpha below 0"),
    (activations.ELUWithoutDout, "ELU", "dx", "dout is not multiplied in where x < 0"),
    (activations.ELUWithoutDoutAbove, "ELU", "dx", "dout is not multiplied in where x > 0"),
    (activations.SoftplusOfX, "Softplus", "dx", "the derivative is taken at x, where it must be of y: 1 - exp(-x)"),
    (layers.SoftmaxOverTheBatch, SOFTMAX, "y", "it runs over the batch, where it must run over another"),
    (layers.SoftmaxSumsOverTheBatch, SOFTMAX, "dx", "the sum of dout times y runs over the batch, where it must run"),
    (layers.SoftmaxSumsOverAll, SOFTMAX, "dx", "the sum of dout times y runs over all axes, where it must run"),
    (layers.SoftmaxWithoutSum, SOFTMAX, "dx", "the sum of dout times y is left out: it is dout times y"),
    (layers.SoftmaxWithoutMaximum, SOFTMAX, "y", NO_MAXIMUM),
    (layers.SoftmaxWithoutMaximum, SOFTMAX, "dx", NO_MAXIMUM),
    (layers.SoftmaxIsNaNOnAWhim, SOFTMAX, "y", "its digits are lost"),
    (layers.LogSoftmax, LOG, "y", "the logarithm is that of a softmax that underflows to 0"),
    (layers.LogSoftmaxWithoutMaximum, LOG, "y", NO_MAXIMUM),
    (layers.LogSoftmaxWithoutSum, LOG, "dx", "dout is not summed: it is dout - softmax(x)"),
    (layers.LogSoftmaxByDout, LOG, "dx", "only the diagonal of the Jacobian is used"),
    (layers.CrossEntropy, "CrossEntropyLoss", "loss", OF_P),
    (layers.CrossEntropyWithoutMaximum, "CrossEntropyLoss", "loss", NO_MAXIMUM),
    (layers.CrossEntropyWithoutMaximum, "CrossEntropyLoss", "dx", NO_MAXIMUM),
    (layers.Clipped, "Linear", "dx", "it is clipped to [-1, 1]"),
    (layers.ClippedX, "Linear", "y", "x is clipped to [-1, 1]"),
    (layers.ClippedSilently, "Linear", "dx", UNKNOWN),
    (layers.WholeBlocks, "Linear", "dW", "samples that do not fill a block of 2 are missing"),
    (layers.WholeBlocks, "Linear", "db", "samples that do not fill a block of 2 are missing"),
    (layers.SumOfAll, "Linear", "db", "dout is summed over all of its axes"),
    (layers.StepsFirst, "Linear", "dx", "W is updated before it is used, by the step that backward takes"),
    (layers.StepsFirst, "Linear(5, 3, bias=True)", "dx", "W is updated before it is used, by the step that backward"),
    (
        layers.StepsFirstByATenth,
        "Linear(5, 3, bias=True)",
        "dx",
        "W is updated before it is used: by a step of SGD",
    ),
]


@pytest.mark.parametrize(("layer", "like", "tensor", "says"), LAYERS)
def test_slips_of_functions(layer: Any, like: str, tensor: str, says: str) -> None:
    found = said(layer, like, tensor)
    assert found.startswith(says)
    assert " – or " not in found


def test_twins_without_parameters_and_of_one_axis() -> None:
    says = "mean and variance are taken for constants, but they depend on x"
    assert said(norms.Plain, "BatchNorm1d(5, affine=False)", "dx") == says
    assert said(images.MaxPool1d, "MaxPool1d(2, stride=1)", "dx") == OVERWRITTEN
    turned = said(images.ConvTurnedApart, "Conv2d(3, 4, 3, stride=3)", "y", shape=(3, 5, 4))
    assert turned == "the kernel is turned by half a turn"
    of_x = said(activations.CELUOfX, "CELU(2.0)", "dx")
    assert of_x == "the derivative is taken at x, where it must be of y: x + alpha below 0"


@pytest.mark.parametrize(
    "module", [nn.Conv2d(3, 4, 3, dilation=2), nn.Conv1d(2, 2, 3, padding="same"), nn.MaxPool2d(2, ceil_mode=True)]
)
def test_windows_that_are_laid_otherwise_are_left_alone(module: Any) -> None:
    assert layout_of(module) is None
    assert causes_of_twin(module) == ()


class ThreeTimes(nn.Module):
    def forward(self, x: Any) -> Any:
        return 3 * x


def test_the_last_row_of_an_image() -> None:
    assert said(layers.LastRowLost, ThreeTimes, "dx", shape=(2, 3, 4)) == "the last row is missing: it is 0 there"


def test_what_cannot_be_told_apart_by_what_overflows_is_all_said() -> None:
    """In float64 no scenario of the small ones tells the two."""
    found = said(layers.CrossEntropyOfRows, "CrossEntropyLoss", "loss")
    assert (
        found
        == f"the maximum of the whole batch is subtracted, where it must be that of the row: exp underflows – or {OF_P}"
    )


def test_what_overflows_is_inaccurate_and_not_wrong() -> None:
    for layer, like, tensor in (
        (layers.SoftmaxWithoutMaximum, SOFTMAX, "dx"),
        (layers.CrossEntropy, "CrossEntropyLoss", "loss"),
        (layers.LogSoftmax, LOG, "y"),
    ):
        for dtype in (np.float32, np.float64):
            assert error_of(layer, like, tensor, dtype).severity is Severity.INACCURATE
