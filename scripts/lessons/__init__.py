"""The known errors of the book's code, as lessons that run: what it does, what goes wrong, what is done here."""

from lessons import activations as activations
from lessons import affine as affine
from lessons import gradient as gradient
from lessons import loss as loss
from lessons import network as network
from lessons import normalization as normalization
from lessons import optimizers as optimizers
from lessons import relu as relu
from lessons import training as training
from lessons.lesson import LESSONS as LESSONS
from lessons.lesson import Lesson as Lesson
from lessons.lesson import Observation as Observation
from lessons.lesson import Refused as Refused
