"""The errors of the book's code: each shows in its re-creation, and none of them here."""

import errata
import numpy as np
import pytest
from lessons import LESSONS, Lesson, Observation, Refused
from lessons.lesson import outcome


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: f"{lesson.number}-{lesson.observe.__name__}")
def test_the_error_shows_in_the_books_code_and_is_mended_here(lesson: Lesson) -> None:
    observations = list(lesson.observe())
    assert observations
    for one in observations:
        assert one.shows_the_error, one
        assert one.shows_the_repair, one


def test_the_lessons_are_told_in_order() -> None:
    assert [lesson.number for lesson in LESSONS] == list(range(1, len(LESSONS) + 1))
    assert all(" Here " in " ".join(lesson.text.split()) for lesson in LESSONS)


def test_the_numbers_are_those_that_are_known_of_the_books_code() -> None:
    seen = {one.what: one.book for lesson in LESSONS for one in lesson.observe()}
    assert seen["L of 0, 50 at label 0"] == pytest.approx(-np.log(1e-7), rel=1e-14)  # a few roundings
    assert seen["L of 0, 50 at label 1"] == pytest.approx(-1e-7, rel=1e-6)  # log(1 + 1e-7)
    assert seen["∂ Σ x² at integers 1, 2, 3"].tolist() == [5000, 15000, 25000]
    assert seen["evaluations in 20 epochs"] == 5
    assert seen["relu'(0)"] == 1


@pytest.mark.parametrize(
    ("book", "here", "right", "error", "repair"),
    [
        (1.0, 2.0, 2.0, True, True),
        (2.0, 2.0, 2.0, False, True),  # the re-creation has lost its error
        (1.0, 2.1, 2.0, True, False),
        (np.nan, 2.0, 2.0, True, True),
        (1.0, np.nan, 2.0, True, False),
        (2.0, 2 + 1e-13, 2.0, False, True),  # within 1e-12
        (2.0, 2 + 3e-12, 2.0, False, False),
        (1e-11, 1e-13, 0.0, True, True),
        (np.ones(2), np.ones(2), np.ones(3), True, False),
        ((4, 3), (4, 5), (4, 5), True, True),
        (1.0, Refused("ValueError", "ours"), Refused("IndexError", "PyTorch's"), True, True),
        (Refused("ValueError", "theirs"), 1.0, 1.0, True, True),
        (1.0, 1.0, Refused("IndexError", "PyTorch's"), True, False),
    ],
)
def test_an_observation_tells_right_from_wrong(
    book: object, here: object, right: object, error: bool, repair: bool
) -> None:
    one = Observation("", book, here, right)
    assert (one.shows_the_error, one.shows_the_repair) == (error, repair)


def test_an_outcome_is_a_result_or_a_refusal() -> None:
    assert outcome(abs, -3) == 3
    assert outcome(int, "x") == Refused("ValueError", "invalid literal for int() with base 10: 'x'")


def test_the_command_tells_all_lessons_with_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert errata.main([]) == 0
    told = capsys.readouterr().out
    assert told.endswith("each error shows in the re-creation of the book's code, and none of them here\n")
    for lesson in LESSONS:
        assert f"{lesson.number}. {lesson.title}" in told
    assert "16.1181" in told
    assert "here: TypeError: numerical_gradient: x must be of a native floating-point dtype" in told


def test_one_lesson_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert errata.main(["--only", "13"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("13. relu_grad(0) is 1")
    assert "2. " not in told


def test_a_lesson_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert errata.main(["--only", "99"]) == 2
    assert "--only: there are lessons 1 to 24, got 99" in capsys.readouterr().err


def test_an_error_that_does_not_show_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def mended() -> object:
        yield Observation("2 + 2", book=4, here=5, right=4)

    monkeypatch.setattr("lessons.report.LESSONS", [Lesson(1, "sums", mended)])  # type: ignore[arg-type]
    assert errata.main([]) == 1
    failed = capsys.readouterr().err
    assert "lesson 1, 2 + 2: the error does not show; lesson 1, 2 + 2: the repair does not show" in failed
