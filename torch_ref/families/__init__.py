"""The pairs, a folder for each family: twin, data, formulas, causes and slips. Importing them fills the registry."""

from torch_ref.families import activations as activations
from torch_ref.families import affine as affine
from torch_ref.families import losses as losses
from torch_ref.families import networks as networks
from torch_ref.families import optimizers as optimizers
