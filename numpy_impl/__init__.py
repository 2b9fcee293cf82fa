"""Back-propagation in NumPy, each line as the mathematics states it. PyTorch is not imported from here.

Reading order: functions; layer, whose first lines say how `forward` calls `_forward`; layers, networks, differences,
optimizers; validation.
"""

from numpy_impl.data import load_mnist as load_mnist
from numpy_impl.differences import complex_step_gradient as complex_step_gradient
from numpy_impl.differences import numerical_gradient as numerical_gradient
from numpy_impl.functions import cross_entropy_error as cross_entropy_error
from numpy_impl.functions import log_softmax as log_softmax
from numpy_impl.functions import softmax as softmax
from numpy_impl.layer import Layer as Layer
from numpy_impl.layer import Loss as Loss
from numpy_impl.layer import Parameter as Parameter
from numpy_impl.layers import Affine as Affine
from numpy_impl.layers import LeakyReLU as LeakyReLU
from numpy_impl.layers import ReLU as ReLU
from numpy_impl.layers import Sigmoid as Sigmoid
from numpy_impl.layers import SoftmaxWithLoss as SoftmaxWithLoss
from numpy_impl.layers import Tanh as Tanh
from numpy_impl.networks import Network as Network
from numpy_impl.networks import TwoLayerNet as TwoLayerNet
from numpy_impl.optimizers import SGD as SGD

__all__ = [name for name, value in globals().items() if getattr(value, "__module__", "").startswith("numpy_impl.")]
