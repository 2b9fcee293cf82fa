"""Back-propagation in NumPy, each line as the mathematics states it. PyTorch is not imported from here.

Reading order: functions, layers, network, gradient, optimizer.
"""

from numpy_impl.functions import cross_entropy_error as cross_entropy_error
from numpy_impl.functions import log_softmax as log_softmax
from numpy_impl.functions import softmax as softmax
from numpy_impl.gradient import complex_step_gradient as complex_step_gradient
from numpy_impl.gradient import numerical_gradient as numerical_gradient
from numpy_impl.layer import Layer as Layer
from numpy_impl.layer import guarded as guarded
from numpy_impl.layer import parameter as parameter
from numpy_impl.layers import Affine as Affine
from numpy_impl.layers import ReLU as ReLU
from numpy_impl.layers import SoftmaxWithLoss as SoftmaxWithLoss
from numpy_impl.mnist import load_mnist as load_mnist
from numpy_impl.network import TwoLayerNet as TwoLayerNet
from numpy_impl.optimizer import SGD as SGD

__all__ = [
    "SGD",
    "Affine",
    "Layer",
    "ReLU",
    "SoftmaxWithLoss",
    "TwoLayerNet",
    "complex_step_gradient",
    "cross_entropy_error",
    "guarded",
    "load_mnist",
    "log_softmax",
    "numerical_gradient",
    "parameter",
    "softmax",
]
