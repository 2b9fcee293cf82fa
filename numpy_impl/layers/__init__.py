"""The layers, a file for each family: two pure functions a layer, and beside each file its derivation."""

from numpy_impl.layers.activations import ReLU as ReLU
from numpy_impl.layers.affine import Affine as Affine
from numpy_impl.layers.losses import SoftmaxWithLoss as SoftmaxWithLoss
