"""A catalogue of realistic slips: small broken layers that a suite for gradients ought to catch."""

from mutants import affine as affine
from mutants import affine_contract as affine_contract
from mutants import loss as loss
from mutants import loss_gradient as loss_gradient
from mutants import network as network
from mutants import relu as relu
from mutants.catalogue import CATALOGUE as CATALOGUE
from mutants.catalogue import Mutant as Mutant
