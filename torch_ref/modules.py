"""The PyTorch network: PyTorch's own modules, nothing retyped. The twins of single layers need no code at all."""

from collections import OrderedDict

from torch import nn


class TwoLayerNet(nn.Sequential):
    """nn.Linear → nn.ReLU → nn.Linear under the names of numpy_impl's layers: x (N, D) to logits (N, C)."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__(
            OrderedDict(
                Affine1=nn.Linear(input_size, hidden_size),
                Relu1=nn.ReLU(),
                Affine2=nn.Linear(hidden_size, output_size),
            )
        )
