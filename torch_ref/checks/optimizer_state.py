"""The check of whose state it is that an optimizer keeps: of one parameter, in one optimizer, and nobody else's."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.checks.calls import copied, is_equal
from torch_ref.checks.check_error import CheckError, raise_worst
from torch_ref.checks.subject import Subject
from torch_ref.pair import Example
from torch_ref.results import results


def check_optimizer_state(subject: Subject) -> None:
    """Each parameter of each optimizer is stepped as if it were the only one, and a state goes on where it was."""
    raise_worst(_states(subject))


def _states(subject: Subject) -> Iterator[CheckError]:
    data = {"a": subject.example(subject.pair.ordinary), "b": subject.other_batch()}
    once, twice = ({key: _alone(subject, one, steps) for key, one in data.items()} for steps in (1, 2))

    alone = Trial(subject, {"a": data["a"]})
    alone.update()
    alone.update()
    if not _are(alone.params, {"a": twice["a"]}):
        yield CheckError("a second step is no step from the state that the first one left", method="update")

    two = {key: Trial(subject, {"p": one}) for key, one in data.items()}
    for trial in (*two.values(), *two.values()):
        trial.update()
    if not _are({key: trial.params["p"] for key, trial in two.items()}, twice):
        yield _wrong("the state is one of all optimizers of the class")

    both = Trial(subject, data)
    both.update()
    both.update()
    if not _are(both.params, twice):
        yield _wrong("the state is one of all parameters of its shape")

    later = Trial(subject, data)
    later.update("a")
    later.update()
    if not _are(later.params, {"a": twice["a"], "b": once["b"]}):
        yield _wrong("one count of steps for all parameters: one that appears later must begin anew")

    if subject.pair.optimizer_state:
        yield from _saved(subject, data, twice)


def _saved(subject: Subject, data: Mapping[str, Example], twice: Mapping[str, Array]) -> Iterator[CheckError]:
    trial = Trial(subject, data)
    trial.update()
    handed_out = trial.optimizer.state
    kept = deepcopy(handed_out)
    again = trial.gone_on(handed_out)
    trial.update()
    if not _are_states(handed_out, kept):
        yield _wrong("the state handed out is the optimizer's own, and changes with the next step")
    again.update()
    if not _are(again.params, twice):
        yield _wrong("a state that is put back goes on otherwise")

    put_in = deepcopy(kept)
    trial.optimizer.state = put_in
    trial.update()
    if not _are_states(put_in, kept):
        yield _wrong("the state put in place is the caller's own, and changes with the next step")


class Trial:
    """A new optimizer, and copies of the parameters of these data."""

    def __init__(self, subject: Subject, data: Mapping[str, Example]) -> None:
        self.subject, self.data = subject, data
        self.optimizer = subject.example(subject.pair.ordinary).layer
        if subject.pair.optimizer_state:
            self.optimizer.state = {}
        self.params = {key: np.array(p) for key, p in _of(data, "p").items()}

    def update(self, *keys: str) -> None:
        grads = {key: np.array(g) for key, g in _of(self.data, "g").items()}
        names = keys or tuple(self.data)
        self.optimizer.update({key: self.params[key] for key in names}, {key: grads[key] for key in names})

    def gone_on(self, state: Any) -> "Trial":
        """Another optimizer from here."""
        other = Trial(self.subject, self.data)
        other.params = deepcopy(self.params)
        other.optimizer.state = state
        return other


def _of(data: Mapping[str, Example], name: str) -> dict[str, Array]:
    return {key: one.inputs[name] for key, one in data.items()}


def _alone(subject: Subject, data: Example, steps: int) -> Array:
    """p after so many steps, each from a given state, of which the first one is 0."""
    inputs = {name: value if name in ("p", "g") else np.zeros_like(value) for name, value in data.inputs.items()}
    for _ in range(steps):
        found = results(subject.pair, copied(Example(data.layer, inputs)))
        inputs |= {name: value.astype(inputs[name].dtype) for name, value in found.items()}
    return inputs["p"]


def _are(got: Mapping[str, Array], wanted: Mapping[str, Array]) -> bool:
    return all(is_equal(got[key], value) for key, value in wanted.items())


def _are_states(got: Any, wanted: Any) -> bool:
    return all(is_equal(got[key][name], np.asarray(value)) for key in wanted for name, value in wanted[key].items())


def _wrong(says: str) -> CheckError:
    return CheckError(says, [says], method="update")
