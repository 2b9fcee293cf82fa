"""Each check on each layer as a test of its own, in a user's test suite."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from torch_ref.checks.battery import Check, checks_of
from torch_ref.checks.check_error import CheckError
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Pair
from torch_ref.your_layer.candidate import Candidate
from torch_ref.your_layer.examine import DTYPES
from torch_ref.your_layer.trial import tried


def parametrize_with_checks(
    layers: Iterable[Candidate | Pair], dtypes: Iterable[Any] = DTYPES, *, ours: bool = False, strict: bool = False
) -> Callable[[Any], Any]:
    """A decorator for a test of the arguments `subject` and `check`, one for each (layer, check, dtype)::

        @parametrize_with_checks([candidate(MyAffine, "Linear"), candidate(MyTanh, "Tanh")])
        def test_layer(subject, check):
            check(subject)

    The names are those of the checks: test_layer[MyAffine-W_gradient-float64]. A layer is a `candidate`, or a `Pair`
    with a layer of its own; with `ours` it must also keep the promises of this package's layers alone. Of a candidate
    advice and conventions fail no test, unless it is `strict`. Needs pytest.
    """
    import pytest  # noqa: PLC0415 - only who calls this needs it

    cases, dtypes = [], list(dtypes)
    for given in layers:
        if not isinstance(given, Candidate | Pair):
            raise TypeError(f"parametrize_with_checks: layers must be candidates or pairs, got {given!r}")
        layer = tried(given) if isinstance(given, Candidate) else given
        for dtype in dtypes:
            subject = layer.subject(dtype) if isinstance(layer, Candidate) else Subject(layer, dtype)
            own = dict(layer.checks) if isinstance(layer, Candidate) else {}
            for name, check in (checks_of(subject.pair, ours=ours) | own).items():
                judged = partial(_judged, check) if isinstance(layer, Candidate) and not (strict or ours) else check
                cases.append(pytest.param(subject, judged, id=f"{layer.name}-{name}-{np.dtype(dtype)}"))
    return pytest.mark.parametrize(("subject", "check"), cases)


def _judged(check: Check, subject: Subject) -> None:
    try:
        check(subject)
    except CheckError as error:
        if error.severity >= Severity.INACCURATE:
            raise
