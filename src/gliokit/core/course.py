"""When a study was made, by the treatment of its patient: days, never dates.

A table tells them (`gliokit.io.cohorts`), or the caller; of DICOM the days between studies.
"""

from dataclasses import astuple, dataclass

from gliokit.core.errors import SettingsError
from gliokit.core.vocabulary import Phase

MOST_DAYS = 36_500  # between any two days of a patient


@dataclass(frozen=True, slots=True)
class Course:
    """Days from treatment to study.

    Attributes
    ----------
    days_since_surgery, days_since_rt_start, days_since_rt_end : float or None
        Since surgery, and since start and end of radiotherapy; negative where the study came
        first, None where it is unknown.
    """

    days_since_surgery: float | None = None
    days_since_rt_start: float | None = None
    days_since_rt_end: float | None = None

    @property
    def phase(self) -> Phase:
        """Before or after surgery; unknown on the day itself, when it may be either."""
        if not self.days_since_surgery:
            return Phase.UNKNOWN
        return Phase.PREOPERATIVE if self.days_since_surgery < 0 else Phase.POSTOPERATIVE


NO_COURSE = Course()  # nothing is known


@dataclass(frozen=True, slots=True)
class Stated:
    """What the caller states of the time of a study, or of the first of several.

    Attributes
    ----------
    phase : Phase or None
        Of all studies; None where it is left to days and images.
    course : Course
        Of the first study.
    """

    phase: Phase | None = None
    course: Course = NO_COURSE


NOTHING_STATED = Stated()


def later(course: Course, days: float) -> Course:
    """Give the course some days later."""
    return Course(*(None if since is None else since + days for since in astuple(course)))


def agreed_phase(course: Course, stated: Phase | None) -> Phase:
    """Give the phase that is stated, else the one that the days tell.

    Raises
    ------
    SettingsError
        If they contradict each other.
    """
    if contradicts(course, stated):
        raise SettingsError(
            f"the study is stated to be {stated}, but its days since surgery "
            f"({course.days_since_surgery:g}) make it {course.phase}; drop or correct one of them"
        )
    return stated or course.phase


def contradicts(course: Course, stated: Phase | None) -> bool:
    """Tell whether a stated phase is on the other side of surgery than the days."""
    known = {course.phase, stated or Phase.UNKNOWN} - {Phase.UNKNOWN}
    return len(known) > 1
