"""`gliokit analyze` of a folder: whether it holds one study or several of one patient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gliokit.analysis.nifti_studies import NiftiVisit, find_studies, visits_of
from gliokit.cli.progress import progress, say
from gliokit.core.errors import LayoutError
from gliokit.core.vocabulary import MRSequence
from gliokit.io.layouts import is_dicom

if TYPE_CHECKING:
    from gliokit.io.dicom import DicomStudy  # pydicom takes its time to load


@dataclass(frozen=True, slots=True)
class Given:
    """What stands in a folder or an archive.

    Attributes
    ----------
    folder : Path or None
        Of the one NIfTI study, where there is one.
    dicom : tuple of DicomStudy
        Where it is DICOM.
    nifti : tuple of NiftiVisit
        Where it is several studies of NIfTI.
    """

    folder: Path | None
    dicom: "tuple[DicomStudy, ...]" = ()
    nifti: tuple[NiftiVisit, ...] = ()

    @property
    def studies(self) -> int:
        """How many studies they are."""
        return max(len(self.dicom), len(self.nifti), 1)


def look_at(study: Path | None, images: Mapping[MRSequence, Path]) -> Given:
    """Find out what STUDY holds, and say what of it is not read.

    Raises
    ------
    LayoutError
        If `images`, which are named beside it, do not belong to the one study it holds.
    """
    if study is None:
        return Given(None)
    found = find_studies(study)
    for words in found.not_read:
        say(words)
    if len(found.studies) > 1:
        return Given(None, nifti=visits_of(found))
    if found.studies:
        _check_named(study, found.studies[0], images)
        return Given(found.studies[0])
    return Given(None, dicom=_read_dicom(study)) if is_dicom(study) else Given(study)


def say_studies(visits: Sequence[NiftiVisit]) -> None:
    """Say which studies were found, by their ids: names of folders may be a patient's."""
    say(
        f"{len(visits)} folders with images, taken as studies of one patient, in the order of "
        "their names; for several patients write a table with gliokit cohort folders"
    )
    for number, visit in enumerate(visits, 1):
        if not visit.problem:
            say(f"folder {number}: {visit.study_id} of {' '.join(visit.images)}")


def _check_named(study: Path, folder: Path, images: Mapping[MRSequence, Path]) -> None:
    """Refuse images that are named beside STUDY where its own lie in a folder below it.

    Those in that folder are taken: they belong to the study.
    """
    own = folder.resolve()
    # the file itself may be a link, as git-annex keeps it: where it is named counts
    places = {one: path.parent.resolve() for one, path in images.items()}
    foreign = [one for one, place in places.items() if not place.is_relative_to(own)]
    if foreign and folder != study:
        named = ", ".join(f"--{sequence}" for sequence in foreign)
        raise LayoutError(
            f"{study}: its images lie in a folder below it, and those of {named} elsewhere; needed "
            "one study: give that folder as STUDY, or no STUDY and the path of every image"
        )


def _read_dicom(folder: Path) -> "tuple[DicomStudy, ...]":
    # pydicom and highdicom take their time, for which a NIfTI study need not wait
    from gliokit.analysis.dicom_studies import read_patient

    with progress() as on_stage:
        on_stage("reading DICOM files")
        return read_patient(folder)
