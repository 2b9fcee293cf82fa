"""The PyTorch side of each pair: the twins, autograd as the oracle, proven bounds, and the comparison itself."""

from torch_ref.bounds import Ball as Ball
from torch_ref.bounds import exp as exp
from torch_ref.bounds import log as log
from torch_ref.bounds import monotone as monotone
from torch_ref.candidates.candidate import Candidate as Candidate
from torch_ref.candidates.candidate import candidate as candidate
from torch_ref.candidates.examination import Examination as Examination
from torch_ref.candidates.examination import examine as examine
from torch_ref.candidates.html import html_of as html_of
from torch_ref.candidates.in_pytest import parametrize_with_checks as parametrize_with_checks
from torch_ref.candidates.loading import load as load
from torch_ref.candidates.text import text_of as text_of
from torch_ref.causes.cause import Case as Case
from torch_ref.causes.cause import Cause as Cause
from torch_ref.comparison import Report as Report
from torch_ref.modules import TwoLayerNet as TwoLayerNet
from torch_ref.oracle import autograd as autograd
from torch_ref.oracle import autograd_network as autograd_network
from torch_ref.oracle import backprop as backprop
from torch_ref.oracle import backprop_network as backprop_network
from torch_ref.pair import Example as Example
from torch_ref.pair import Pair as Pair
from torch_ref.pair import Refusal as Refusal
from torch_ref.pairs import PAIRS as PAIRS
from torch_ref.pairs import pair_of as pair_of
from torch_ref.pairs import register as register
from torch_ref.pairs import twin as twin
from torch_ref.scenarios import SCENARIOS as SCENARIOS
from torch_ref.scenarios import Data as Data
from torch_ref.side_by_side import NumpyTrainer as NumpyTrainer
from torch_ref.side_by_side import SideBySide as SideBySide
from torch_ref.side_by_side import TorchTrainer as TorchTrainer
from torch_ref.side_by_side import drift as drift
from torch_ref.verify import verify as verify
from torch_ref.weight_files import load_weights as load_weights
from torch_ref.weight_files import network_of as network_of
from torch_ref.weights import copy_to_numpy as copy_to_numpy
from torch_ref.weights import copy_to_torch as copy_to_torch
from torch_ref.weights import grads_of as grads_of
from torch_ref.weights import params_of as params_of

__all__ = [
    "PAIRS",
    "SCENARIOS",
    "Ball",
    "Candidate",
    "Case",
    "Cause",
    "Data",
    "Examination",
    "Example",
    "NumpyTrainer",
    "Pair",
    "Refusal",
    "Report",
    "SideBySide",
    "TorchTrainer",
    "TwoLayerNet",
    "autograd",
    "autograd_network",
    "backprop",
    "backprop_network",
    "candidate",
    "copy_to_numpy",
    "copy_to_torch",
    "drift",
    "examine",
    "exp",
    "grads_of",
    "html_of",
    "load",
    "load_weights",
    "log",
    "monotone",
    "network_of",
    "pair_of",
    "parametrize_with_checks",
    "params_of",
    "register",
    "text_of",
    "twin",
    "verify",
]
