"""Errors to one line and an exit code."""

import pytest

from gliokit.analysis.failure import exit_code, reason
from gliokit.core.errors import ImageError, NotAssessableError


@pytest.mark.parametrize(
    ("error", "code"),
    [(ImageError("x"), 2), (NotAssessableError("x"), 3), (ZeroDivisionError("x"), 1)],
)
def test_exit_code_tells_bad_input_from_no_answer_and_from_failure(error, code):
    assert exit_code(error) == code


def test_message_of_an_error_on_purpose_stands_alone():
    assert reason(ImageError("a.nii: empty\nneeded an image")) == "a.nii: empty needed an image"


@pytest.mark.parametrize(
    ("error", "line"),
    [(KeyError("t1"), "KeyError: 't1'"), (MemoryError(), "MemoryError")],
)
def test_unforeseen_error_carries_its_type(error, line):
    assert reason(error) == line
