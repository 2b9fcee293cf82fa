"""How gradients change parameters: `optimizer` is the door, and the other files are a rule each."""

from numpy_impl.optimizers.adagrad import AdaGrad as AdaGrad
from numpy_impl.optimizers.adam import Adam as Adam
from numpy_impl.optimizers.adam import AdamW as AdamW
from numpy_impl.optimizers.clipping import clip_grad_norm as clip_grad_norm
from numpy_impl.optimizers.momentum import Momentum as Momentum
from numpy_impl.optimizers.rmsprop import RMSprop as RMSprop
from numpy_impl.optimizers.sgd import SGD as SGD
