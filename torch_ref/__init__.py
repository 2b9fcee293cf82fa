"""The PyTorch side of each pair: the twins, autograd as the oracle, proven bounds, and the comparison itself."""

from torch_ref import families as families
from torch_ref.bounds import Ball as Ball
from torch_ref.bounds import exp as exp
from torch_ref.bounds import log as log
from torch_ref.bounds import monotone as monotone
from torch_ref.diagnosis.case import Case as Case
from torch_ref.diagnosis.cause import Cause as Cause
from torch_ref.diagnosis.report import Report as Report
from torch_ref.oracles.autograd import autograd as autograd
from torch_ref.oracles.autograd import backprop as backprop
from torch_ref.pair import Example as Example
from torch_ref.pair import Kind as Kind
from torch_ref.pair import Pair as Pair
from torch_ref.pair import Refusal as Refusal
from torch_ref.registry import PAIRS as PAIRS
from torch_ref.registry import pair_of as pair_of
from torch_ref.registry import register as register
from torch_ref.registry import twin as twin
from torch_ref.results import torch_results as torch_results
from torch_ref.scenarios import SCENARIOS as SCENARIOS
from torch_ref.scenarios import Data as Data
from torch_ref.training.files import load_weights as load_weights
from torch_ref.training.files import network_of as network_of
from torch_ref.training.side_by_side import SideBySide as SideBySide
from torch_ref.training.side_by_side import drift as drift
from torch_ref.training.trainers import NumpyTrainer as NumpyTrainer
from torch_ref.training.trainers import TorchTrainer as TorchTrainer
from torch_ref.training.weights import copy_to_numpy as copy_to_numpy
from torch_ref.training.weights import copy_to_torch as copy_to_torch
from torch_ref.training.weights import grads_of as grads_of
from torch_ref.training.weights import params_of as params_of
from torch_ref.verify import verify as verify
from torch_ref.your_layer.candidate import Candidate as Candidate
from torch_ref.your_layer.candidate import candidate as candidate
from torch_ref.your_layer.examine import Examination as Examination
from torch_ref.your_layer.examine import examine as examine
from torch_ref.your_layer.html import html_of as html_of
from torch_ref.your_layer.in_pytest import parametrize_with_checks as parametrize_with_checks
from torch_ref.your_layer.load import load as load
from torch_ref.your_layer.text import text_of as text_of

__all__ = [name for name, value in globals().items() if name[0] != "_" and type(value).__name__ != "module"]
