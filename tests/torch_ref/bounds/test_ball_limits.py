"""Where a ball has no room, for integers, and where it has no bound; and what a format is."""

import numpy as np
import pytest
from ball_checks import DOUBLE, NO_WIDER, SINGLE

from torch_ref.bounds import Ball, Format, exp

# Integers

LIMITS = [(SINGLE, 2**24), (DOUBLE, 2**53), (NO_WIDER, 2**53)]


@pytest.mark.parametrize(("f", "limit"), LIMITS)
def test_integers_below_the_limit_leave_no_room(f: Format, limit: int) -> None:
    a, b = np.array([[float(limit // 4), 3.0]]), np.array([[2.0], [5.0]])
    for exact in (f.exact(a) @ f.exact(b), f.exact(a).sum(1), f.exact(a) + f.exact(b.T), f.exact(a) * f.exact(b.T)):
        assert not exact.radius.any()
    for inexact in (
        f.exact(2 * a) @ f.exact(b),
        f.exact(4 * a).sum(1),
        f.exact(4 * a) + f.exact(b.T),
        f.exact(2 * a) * f.exact(b.T),
        f.exact(a + 0.5) @ f.exact(b),
        Ball(a.astype(f.wide), np.full((1, 2), 1e-9), f) @ f.exact(b),
    ):
        assert inexact.radius.any()
    assert f.exact(a - a[:, ::-1]).mean(1).radius > 0.5  # 0, but its terms may be divided first


def test_terms_of_zero_take_no_part() -> None:
    a, b = np.zeros((2, 5)), np.ones((5, 3)) / 3
    assert not (DOUBLE.exact(a) @ DOUBLE.exact(b)).radius.any()
    a[:, 2] = 0.1
    one, five = (DOUBLE.exact(x) @ DOUBLE.exact(b) for x in (a, a + 0.1))
    assert (5 * one.radius < five.radius).all()
    assert not DOUBLE.exact(np.eye(3) / 3).sum(0).radius[1:].any()  # one term, no addition


# Vacuous

HUGE = np.full((2, 2), 1e30)


@pytest.mark.parametrize(
    "ball",
    [
        SINGLE.exact(HUGE) @ SINGLE.exact(HUGE),
        SINGLE.exact(HUGE) * SINGLE.exact(HUGE),
        SINGLE.exact(HUGE * np.array([[1e8], [-1e8]]) * 2).sum(0),  # the sum is 0, but not on the way
        SINGLE.exact(HUGE * 1e8 * 3) + SINGLE.exact(HUGE * 1e8),
        SINGLE.exact(HUGE).scaled(1e30, 1),
        SINGLE.exact(HUGE * np.array([[1e8], [-1e8]]) * 2).mean(0),
        SINGLE.exact(HUGE).max() ** 2,
        Ball(np.array([0.5]), np.array([0.5]), SINGLE) ** -1,
        SINGLE.exact(np.array([1e-19])) ** -2,  # 1 / x², and x² is all but flushed
        Ball(np.ones(2), np.array([0.0, np.inf]), SINGLE).max(),
        exp(SINGLE.exact(np.array([89.0]))),
        1 / SINGLE.exact(np.array([0.0])),
        SINGLE.exact(np.array([np.nan])) + 1,
        SINGLE.exact(np.array([np.inf])) * 1,
        Ball(np.ones((1, 1)), np.full((1, 1), np.inf), SINGLE) @ SINGLE.exact(np.zeros((1, 1))),
    ],
    ids=range(15),
)
def test_where_overflow_is_not_excluded_there_is_no_bound(ball: Ball) -> None:
    assert (ball.radius == np.inf).all()


def test_just_below_overflow_there_is_one() -> None:
    assert np.isfinite((SINGLE.exact(HUGE[:, :1] * 1e4) @ SINGLE.exact(HUGE[:1] / 1e26)).radius).all()
    assert np.isfinite(exp(SINGLE.exact(np.array([88.0]))).radius).all()


def test_so_many_roundings_that_nothing_is_left_are_infinite() -> None:
    assert SINGLE.gamma(2**23) < 2
    assert SINGLE.gamma(2**24) == np.inf
    np.testing.assert_array_equal(SINGLE.gamma(np.array([0, 1])), [0, SINGLE.u / (1 - SINGLE.u)], strict=True)


# What the tests above rest on


def test_the_wider_format_pays_for_its_own_rounding() -> None:
    assert SINGLE.u == 2.0**-24 + 2.0**-52
    assert DOUBLE.u == 2.0**-53 + float(np.finfo(np.longdouble).eps)
    assert NO_WIDER.u == 3 * 2.0**-53
    assert SINGLE.wide == NO_WIDER.wide == np.dtype(np.float64)


def test_arrays_do_not_operate_on_balls_entry_by_entry() -> None:
    with pytest.raises(TypeError):
        np.ones(2) @ SINGLE.exact(np.ones(2))  # type: ignore[operator] # the types know it too
