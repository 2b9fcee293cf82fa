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
from numpy_impl.initializers import he_normal as he_normal
from numpy_impl.initializers import he_uniform as he_uniform
from numpy_impl.initializers import xavier_normal as xavier_normal
from numpy_impl.initializers import xavier_uniform as xavier_uniform
from numpy_impl.layer import Layer as Layer
from numpy_impl.layer import Loss as Loss
from numpy_impl.layer import Parameter as Parameter
from numpy_impl.layers import ELU as ELU
from numpy_impl.layers import GELU as GELU
from numpy_impl.layers import GRU as GRU
from numpy_impl.layers import LSTM as LSTM
from numpy_impl.layers import RNN as RNN
from numpy_impl.layers import Affine as Affine
from numpy_impl.layers import AvgPool2d as AvgPool2d
from numpy_impl.layers import BatchNorm as BatchNorm
from numpy_impl.layers import Conv2d as Conv2d
from numpy_impl.layers import Dropout as Dropout
from numpy_impl.layers import Embedding as Embedding
from numpy_impl.layers import Flatten as Flatten
from numpy_impl.layers import GroupNorm as GroupNorm
from numpy_impl.layers import HuberLoss as HuberLoss
from numpy_impl.layers import LayerNorm as LayerNorm
from numpy_impl.layers import LeakyReLU as LeakyReLU
from numpy_impl.layers import MaxPool2d as MaxPool2d
from numpy_impl.layers import MeanSquaredError as MeanSquaredError
from numpy_impl.layers import MultiHeadAttention as MultiHeadAttention
from numpy_impl.layers import ReLU as ReLU
from numpy_impl.layers import Residual as Residual
from numpy_impl.layers import RMSNorm as RMSNorm
from numpy_impl.layers import ScaledDotProductAttention as ScaledDotProductAttention
from numpy_impl.layers import Sequential as Sequential
from numpy_impl.layers import Sigmoid as Sigmoid
from numpy_impl.layers import SigmoidWithLoss as SigmoidWithLoss
from numpy_impl.layers import SiLU as SiLU
from numpy_impl.layers import Softmax as Softmax
from numpy_impl.layers import SoftmaxWithLoss as SoftmaxWithLoss
from numpy_impl.layers import Softplus as Softplus
from numpy_impl.layers import Tanh as Tanh
from numpy_impl.networks import MultiLayerNet as MultiLayerNet
from numpy_impl.networks import Network as Network
from numpy_impl.networks import TwoLayerNet as TwoLayerNet
from numpy_impl.optimizers import SGD as SGD
from numpy_impl.optimizers import AdaGrad as AdaGrad
from numpy_impl.optimizers import Adam as Adam
from numpy_impl.optimizers import AdamW as AdamW
from numpy_impl.optimizers import Momentum as Momentum
from numpy_impl.optimizers import RMSprop as RMSprop
from numpy_impl.optimizers import clip_grad_norm as clip_grad_norm

__all__ = [name for name, value in globals().items() if getattr(value, "__module__", "").startswith("numpy_impl.")]
