"""Days since treatment: what follows from them, and what contradicts them."""

import pytest

from gliokit.core.course import Course, agreed_phase, later
from gliokit.core.errors import SettingsError
from gliokit.core.vocabulary import Phase


@pytest.mark.parametrize(
    ("days", "phase"),
    [
        (-1, Phase.PREOPERATIVE),
        (0, Phase.UNKNOWN),
        (1, Phase.POSTOPERATIVE),
        (None, Phase.UNKNOWN),
    ],
)
def test_the_side_of_surgery_follows_from_the_days(days, phase):
    assert Course(days).phase is phase


def test_radiotherapy_alone_tells_no_phase():
    assert Course(None, 30, 10).phase is Phase.UNKNOWN


def test_what_is_unknown_stays_so_later():
    assert later(Course(-10, None, -60), 30) == Course(20, None, -30)


@pytest.mark.parametrize(
    ("days", "stated", "agreed"),
    [
        (5, None, Phase.POSTOPERATIVE),
        (5, Phase.POSTOPERATIVE, Phase.POSTOPERATIVE),
        (0, Phase.PREOPERATIVE, Phase.PREOPERATIVE),
        (None, Phase.POSTOPERATIVE, Phase.POSTOPERATIVE),
    ],
)
def test_a_stated_phase_goes_with_days_that_allow_it(days, stated, agreed):
    assert agreed_phase(Course(days), stated) is agreed


def test_a_stated_phase_against_the_days_is_refused():
    with pytest.raises(SettingsError, match=r"stated to be pre-operative, .* \(5\) make it post-"):
        agreed_phase(Course(5), Phase.PREOPERATIVE)
