"""The layers, a file for each family: two pure functions a layer, and beside each file its derivation."""

from numpy_impl.layers.activations import LeakyReLU as LeakyReLU
from numpy_impl.layers.activations import ReLU as ReLU
from numpy_impl.layers.activations import Sigmoid as Sigmoid
from numpy_impl.layers.activations import Tanh as Tanh
from numpy_impl.layers.affine import Affine as Affine
from numpy_impl.layers.losses import SoftmaxWithLoss as SoftmaxWithLoss
