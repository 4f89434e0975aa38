"""A DICOM folder or zip archive to the study that is analyzed, and the headers it came with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gliokit.core.errors import LayoutError, NotAssessableError, SettingsError
from gliokit.core.findings import Notice
from gliokit.core.series import Series
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.io.dicom import DicomStudy, read_dicom
from gliokit.io.dicom_source import Headers
from gliokit.preprocessing.identify import Choice, Plan, identify


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
        What is doubtful about the choice, and what was left out or repaired.
    """

    study: Study
    chosen: Mapping[MRSequence, Choice]
    headers: Headers = field(repr=False)
    notices: tuple[Notice, ...] = ()


def read_dicom_input(
    path: Path, *, overrides: Mapping[MRSequence, int], study_id: str | None = None
) -> DicomInput:
    """Read a study and tell which of its series is which.

    Parameters
    ----------
    overrides : mapping of MRSequence to int
        Numbers of series that go before what header and pixels tell.
    study_id : str or None
        By default a hash of the Study Instance UID.

    Raises
    ------
    LayoutError
        If there is no DICOM study, more than one, or no such series.
    NotAssessableError
        If no series can be told for one of the sequences.
    """
    found = _only_study(path, read_dicom(path))
    by_number = {series.number: series for series in found.series}
    try:
        plan = identify(found.series, overrides=overrides)
    except SettingsError as error:
        raise LayoutError(f"{path}: {error}") from None
    if not plan.chosen:
        raise NotAssessableError(
            f"{path}: none of its series ({_listed(plan)}) is surely T1, T1c, T2 or FLAIR; say "
            "which with --t1, --t1c, --t2, --flair and the number of the series"
        )
    images = {sequence: by_number[one.number].image for sequence, one in plan.chosen.items()}
    study = Study(study_id or found.study_id, images)
    reference = next(n for n, one in by_number.items() if one.image is study.reference)
    used = [by_number[one.number] for one in plan.chosen.values()]
    notices = (*plan.notices, *_notices(found, used))
    headers = found.headers[reference]
    if not by_number[reference].uids["frame_of_reference"]:
        headers, notices = (), (*notices, _no_frame(reference))
    return DicomInput(study, plan.chosen, headers, notices)


def _only_study(path: Path, studies: tuple[DicomStudy, ...]) -> DicomStudy:
    if len(studies) > 1:
        patients = len({study.patient for study in studies})
        raise LayoutError(
            f"{path}: {len(studies)} studies of {patients} patients; needed one study: give the "
            "folder of one"
        )
    return studies[0]


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


def _no_frame(number: int) -> Notice:
    text = f"Series {number} has no frame of reference: no SEG and no RTSTRUCT can refer to it."
    return Notice("no-frame-of-reference", text)


def _listed(plan: Plan) -> str:
    return ", ".join(f"{number}: {kind} {sure:.0%}" for number, (kind, sure) in plan.kinds.items())
