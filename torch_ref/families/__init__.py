"""The pairs, a folder for each family: twin, data, formulas, causes and slips. Importing them fills the registry.

So who looks for a pair asks here.
"""

from torch_ref.families import activations as activations
from torch_ref.families import affine as affine
from torch_ref.families import attention as attention
from torch_ref.families import composites as composites
from torch_ref.families import convolution as convolution
from torch_ref.families import dropout as dropout
from torch_ref.families import embedding as embedding
from torch_ref.families import losses as losses
from torch_ref.families import networks as networks
from torch_ref.families import normalization as normalization
from torch_ref.families import optimizers as optimizers
from torch_ref.families import pooling as pooling
from torch_ref.families import recurrent as recurrent
from torch_ref.registry import PAIRS as PAIRS
from torch_ref.registry import pair_like as pair_like
from torch_ref.registry import pair_of as pair_of
from torch_ref.registry import twin as twin
