"""One DICOM study to the study that is analyzed, and the headers it came with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gliokit.analysis.dicom_course import described_phase
from gliokit.core.course import NO_COURSE, Course, agreed_phase
from gliokit.core.errors import LayoutError, NotAssessableError, SettingsError
from gliokit.core.findings import Notice, PlannedSeries, SeriesPlan
from gliokit.core.series import Series
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Phase
from gliokit.io.dicom import SHOWN_REASONS, DicomStudy
from gliokit.io.dicom_source import Headers
from gliokit.preprocessing.header_evidence import SeriesKind
from gliokit.preprocessing.identify import (
    LEAST_CONFIDENCE,
    SEQUENCE_KINDS,
    Choice,
    Plan,
    identify,
)

NOTED = (SeriesKind.ADC, SeriesKind.DWI, SeriesKind.DSC, SeriesKind.SWI)
SHARE_DECIMALS = 3  # of a probability, in the result


@dataclass(frozen=True, slots=True)
class DicomInput:
    """One study out of DICOM files.

    Attributes
    ----------
    study : Study
        The chosen series.
    chosen : mapping of MRSequence to Choice
        Number of the series of each sequence, how sure, and why.
    headers : tuple of Dataset
        Of the series whose grid the results are given on; none if it has no frame of reference,
        which DICOM objects need.
    notices : tuple of Notice
        What is doubtful about the choice and the phase, and what was left out or repaired.
    kinds : mapping of int to (SeriesKind, float)
        What each series is, chosen or not, and how sure.
    left_out : tuple of str
        What could not be read, each with the reason.
    """

    study: Study
    chosen: Mapping[MRSequence, Choice]
    headers: Headers = field(repr=False)
    notices: tuple[Notice, ...] = ()
    kinds: Mapping[int, tuple[SeriesKind, float]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def plan(self) -> tuple[str, ...]:
        """Which series is which, a line per sequence, then one per series of a noted kind."""
        used = {choice.number for choice in self.chosen.values()}
        rest = {n: told for n, told in self.kinds.items() if n not in used}
        sure = {n: kind for n, (kind, share) in rest.items() if share >= LEAST_CONFIDENCE}
        lines = []
        for sequence, choice in self.chosen.items():
            fitting = [str(n) for n, kind in sure.items() if kind == SeriesKind(sequence)]
            besides = f"; {', '.join(fitting)} would fit, too" if fitting else ""
            told = f"series {choice.number} ({choice.confidence:.0%} sure{besides})"
            lines.append(f"{sequence}: {told}")
        noted = [f"{kind}: series {n}, not used" for n, kind in sure.items() if kind in NOTED]
        return (*lines, *noted)

    @property
    def series(self) -> SeriesPlan:
        """The plan as it stands in the result: every series, used or not, and why."""
        read = tuple(self._planned(number) for number in sorted(self.kinds))
        return SeriesPlan(read, self.left_out)

    def _planned(self, number: int) -> PlannedSeries:
        kind, share = self.kinds[number]
        used = {one: choice for one, choice in self.chosen.items() if choice.number == number}
        why = " ".join(choice.reason for choice in used.values()) or self._why_not(kind, share)
        return PlannedSeries(number, kind.value, round(share, SHARE_DECIMALS), tuple(used), why)

    def _why_not(self, kind: SeriesKind, share: float) -> str:
        """Say why a series was not used."""
        if share < LEAST_CONFIDENCE:
            return f"Not sure enough of what it is: {LEAST_CONFIDENCE:g} is needed."
        if kind not in SEQUENCE_KINDS:
            return "Noted, not used." if kind in NOTED else "Of no sequence that is used."
        preferred = self.chosen.get(MRSequence(kind))
        return f"Would fit, too; series {preferred.number} was taken." if preferred else "Not used."


def choose_series(
    found: DicomStudy,
    *,
    overrides: Mapping[MRSequence, int] | None = None,
    phase: Phase | None = None,
    course: Course = NO_COURSE,
    study_id: str | None = None,
) -> DicomInput:
    """Tell which series of a study is which.

    Parameters
    ----------
    overrides : mapping of MRSequence to int
        Numbers of series that go before what header and pixels tell.
    phase : Phase or None
        By default what the course tells, else what the descriptions say of it.
    course : Course
        Days since treatment, which no header tells.
    study_id : str or None
        By default a hash of the Study Instance UID.

    Raises
    ------
    LayoutError
        If there is no such series.
    SettingsError
        If phase and course contradict each other.
    NotAssessableError
        If there are no series of MR images, or none can be told for one of the sequences.
    """
    if not found.series:
        reasons = "; ".join(dict.fromkeys(found.left_out[:SHOWN_REASONS]))
        raise NotAssessableError(
            f"{found.study_id}: no series of MR images in it ({reasons}); export it again"
        )
    by_number = {series.number: series for series in found.series}
    try:
        plan = identify(found.series, overrides=overrides)
    except SettingsError as error:
        raise LayoutError(f"{found.study_id}: {error}") from None
    if not plan.chosen:
        raise NotAssessableError(
            f"{found.study_id}: none of its series ({_listed(plan)}) is surely T1, T1c, T2 or "
            "FLAIR; say which with --t1, --t1c, --t2, --flair and the number of the series"
        )
    images = {sequence: by_number[one.number].image for sequence, one in plan.chosen.items()}
    stated = agreed_phase(course, phase)
    named, said = described_phase(found.headers) if stated is Phase.UNKNOWN else (stated, ())
    study = Study(study_id or found.study_id, images, phase=named, course=course)
    reference = next(one for one in found.series if one.image is study.reference)
    used = [by_number[one.number] for one in plan.chosen.values()]
    return DicomInput(
        study,
        plan.chosen,
        found.headers[reference.number] if reference.uids["frame_of_reference"] else (),
        (*plan.notices, *said, *_notices(found, used), *_no_frame(reference)),
        plan.kinds,
        tuple(dict.fromkeys(found.left_out)),
    )


def _notices(found: DicomStudy, used: list[Series]) -> list[Notice]:
    repaired = [
        Notice("series-repaired", f"Series {one.number}: {note}.")
        for one in used
        for note in one.notes
    ]
    if not found.left_out:
        return repaired
    reasons = "; ".join(dict.fromkeys(found.left_out))
    return [*repaired, Notice("series-left-out", f"Not read: {reasons}.")]


def _no_frame(reference: Series) -> tuple[Notice, ...]:
    if reference.uids["frame_of_reference"]:
        return ()
    text = f"Series {reference.number} has no frame of reference: no DICOM object can refer to it."
    return (Notice("no-frame-of-reference", text),)


def _listed(plan: Plan) -> str:
    return ", ".join(f"{number}: {kind} {sure:.0%}" for number, (kind, sure) in plan.kinds.items())
