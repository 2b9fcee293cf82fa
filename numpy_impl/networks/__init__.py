"""Networks: layers put together."""

from numpy_impl.networks.multi_layer_net import MultiLayerNet as MultiLayerNet
from numpy_impl.networks.network import Network as Network
from numpy_impl.networks.two_layer_net import TwoLayerNet as TwoLayerNet
