"""A layer of somebody else's: made, matched with PyTorch's module, examined, and what is wrong said in words."""

from torch_ref.candidates.candidate import Candidate as Candidate
from torch_ref.candidates.candidate import candidate as candidate
from torch_ref.candidates.examination import SILENCE as SILENCE
from torch_ref.candidates.examination import Examination as Examination
from torch_ref.candidates.examination import examine as examine
from torch_ref.candidates.html import html_of as html_of
from torch_ref.candidates.loading import load as load
from torch_ref.candidates.locate import line_of_error as line_of_error
from torch_ref.candidates.text import text_of as text_of

__all__ = [
    "SILENCE",
    "Candidate",
    "Examination",
    "candidate",
    "examine",
    "html_of",
    "line_of_error",
    "load",
    "text_of",
]
