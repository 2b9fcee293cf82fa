"""The PyTorch side of each pair: the twins, the weights carried across, and autograd as the oracle."""

from torch_ref.modules import TwoLayerNet as TwoLayerNet
from torch_ref.modules import twin as twin
from torch_ref.oracle import autograd_layer as autograd_layer
from torch_ref.oracle import autograd_loss as autograd_loss
from torch_ref.oracle import autograd_network as autograd_network
from torch_ref.oracle import backprop_layer as backprop_layer
from torch_ref.oracle import backprop_loss as backprop_loss
from torch_ref.oracle import backprop_network as backprop_network
from torch_ref.side_by_side import NumpyTrainer as NumpyTrainer
from torch_ref.side_by_side import TorchTrainer as TorchTrainer
from torch_ref.side_by_side import drift as drift
from torch_ref.weights import copy_to_numpy as copy_to_numpy
from torch_ref.weights import copy_to_torch as copy_to_torch
from torch_ref.weights import grads_of as grads_of
from torch_ref.weights import params_of as params_of

__all__ = [
    "NumpyTrainer",
    "TorchTrainer",
    "TwoLayerNet",
    "autograd_layer",
    "autograd_loss",
    "autograd_network",
    "backprop_layer",
    "backprop_loss",
    "backprop_network",
    "copy_to_numpy",
    "copy_to_torch",
    "drift",
    "grads_of",
    "params_of",
    "twin",
]
