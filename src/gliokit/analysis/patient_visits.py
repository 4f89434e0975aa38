"""The visits of one patient in one space: images, labels, and the motion from the first visit.

Each visit is registered rigidly to the first, by brain without the tumor: what the labels call
tumor is painted over with the median of the rest, so that growth does not pull. Lesions are
measured on their own images, never on resampled ones; the motion only says which is which.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import CohortError, LabelError, NotAssessableError
from gliokit.core.geometry import Affine, spacing_mm
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study, check_labels_grid
from gliokit.core.vocabulary import MRSequence
from gliokit.io.conventions import LabelConvention
from gliokit.io.layouts import is_nifti
from gliokit.io.nifti import read_label_map
from gliokit.preprocessing.carry import carry_image
from gliokit.preprocessing.prepare import UNMOVED
from gliokit.preprocessing.registration import register_rigid


@dataclass(frozen=True, slots=True)
class Space:
    """What is known of where voxels lie.

    Attributes
    ----------
    registered : bool
        Whether the images of all visits share a space already.
    voxel_units : bool
        Whether the spacing in the files is false: a voxel then counts as 1 along each axis.
    convention : LabelConvention or None
        How numbers in label maps are meant; None to tell it of each.
    """

    registered: bool = False
    voxel_units: bool = False
    convention: LabelConvention | None = None


AS_SCANNED = Space()
PICTURED = (MRSequence.T1C, MRSequence.FLAIR)


@dataclass(frozen=True, slots=True)
class PatientVisit:
    """One visit.

    Attributes
    ----------
    row : Row
        Of the table.
    day : int
        Days since its origin.
    study : Study
        As it was scanned.
    labels : LabelMap
        On the grid of its reference image.
    to_visit : (4, 4)
        RAS+ mm of the first visit to RAS+ mm of this one.
    """

    row: Row
    day: int
    study: Study
    labels: LabelMap
    to_visit: Affine = field(repr=False)


def of_patient(cohort: Cohort, patient_id: str) -> Cohort:
    """Give the cohort of one patient.

    Raises
    ------
    CohortError
        If the patient is not in the table.
    """
    own = [row for row in cohort.rows if row.patient_id == patient_id]
    if not own:
        shown = ", ".join(sorted({row.patient_id for row in cohort.rows})[:5])
        raise CohortError(f"patient {patient_id} is not in the table; it has {shown}")
    return replace(cohort, rows=own)


def rows_of_patient(rows: Sequence[Row]) -> list[Row]:
    """Order the rows of a patient by their days.

    Raises
    ------
    CohortError
        If they are of several patients, a day is unknown or no whole number, or two visits are on
        one day.
    """
    patients = sorted({row.patient_id for row in rows})
    if len(patients) > 1:
        shown = ", ".join(patients[:5])
        raise CohortError(f"the table has {len(patients)} patients ({shown}); say which one")
    own = list(rows)
    for row in own:
        if not float(row.number_of("day")).is_integer():
            found = row.cells.get("day", "nothing")
            raise CohortError(
                f"row {row.number}, column day: found {found}; needed whole days from any origin"
            )
    own.sort(key=lambda row: row.number_of("day"))
    for earlier, later in pairwise(own):
        if earlier.number_of("day") == later.number_of("day"):
            raise CohortError(
                f"rows {earlier.number} and {later.number}: both on day {later.cells['day']}; each "
                "visit needs a day of its own"
            )
    return own


def load_visits(
    cohort: Cohort,
    rows: Sequence[Row],
    *,
    space: Space = AS_SCANNED,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> list[PatientVisit]:
    """Load the visits of a patient, and register them to the first.

    Parameters
    ----------
    cohort : Cohort
        Whose rows they are.
    rows : sequence of Row
        As `rows_of_patient` gives them.
    space : Space
        What is known of where voxels lie.
    on_stage : callable
        Told what begins.

    Raises
    ------
    GeometryError
        If labels do not lie on the grid of their images.
    NotAssessableError
        If two visits cannot be registered: they may be of two patients.
    """
    read: list[PatientVisit] = []
    for row in rows:
        on_stage(f"reading {row.study_id}")
        study, labels = cohort.load(row), _labels(cohort, row, space)
        check_labels_grid(study, labels)
        if space.voxel_units:
            study, labels = _in_voxels(study, labels)
        read.append(PatientVisit(row, int(row.number_of("day")), study, labels, UNMOVED))
    _check_conventions(read)
    if space.registered:
        return read
    visits = read[:1]
    for visit in read[1:]:
        on_stage(f"registering {visit.row.study_id}")
        visits.append(replace(visit, to_visit=_motion(read[0], visit.study, visit.labels)))
    return visits


def _labels(cohort: Cohort, row: Row, space: Space) -> LabelMap:
    """Load the labels, in the convention that was asked for if one was; a SEG says its own."""
    path = Path(row.cells.get("labels", ""))
    if space.convention is None or not is_nifti(path.name):
        return cohort.load_labels(row)
    return read_label_map(path, convention=space.convention)


def _check_conventions(visits: Sequence[PatientVisit]) -> None:
    """Refuse visits of which some numbers were read in one way and others in another."""
    notes = {visit.labels.note for visit in visits if visit.labels.array.any()}
    if len(notes) > 1:
        raise LabelError(
            f"the labels of the visits were read in different ways ({'; '.join(sorted(notes))}); "
            "say --convention"
        )


def in_first_space(visit: PatientVisit) -> tuple[Study, LabelMap]:
    """Lay the images of a visit on its reference's grid where they belong at the first visit.

    Images of another grid are interpolated: for pictures alone.
    """
    back = np.linalg.inv(visit.to_visit)
    grid = visit.study.reference.grid
    apart = images_apart(visit.study)
    images = {
        sequence: replace(
            carry_image(image, UNMOVED, grid) if sequence in apart else image,
            affine=back @ grid.affine,
        )
        for sequence, image in visit.study.images.items()
        if sequence in PICTURED or sequence not in apart
    }
    labels = replace(visit.labels, affine=back @ visit.labels.affine)
    return replace(visit.study, images=images), labels


def images_apart(study: Study) -> list[MRSequence]:
    """Name the images that lie on another grid than the reference."""
    grid = study.reference.grid
    return [sequence for sequence, own in study.images.items() if grid.difference(own.grid)]


def _motion(first: PatientVisit, study: Study, labels: LabelMap) -> Affine:
    found = register_rigid(
        _without_tumor(study.reference, labels),
        _without_tumor(first.study.reference, first.labels),
    )
    if found.doubt:
        raise NotAssessableError(
            f"studies {first.study.study_id} and {study.study_id} cannot be registered: "
            f"{found.doubt}; give visits of one patient, or say that they are registered"
        )
    return found.to_moving


def _without_tumor(image: Image, labels: LabelMap) -> Image:
    """Paint the tumor over with the median of what is not background."""
    tumor = labels.array > 0
    rest = image.array[~tumor & (image.array != 0)]
    if not tumor.any() or not rest.size:
        return image
    return replace(image, array=np.where(tumor, np.float32(np.median(rest)), image.array))


def _in_voxels(study: Study, labels: LabelMap) -> tuple[Study, LabelMap]:
    images = {
        sequence: replace(image, affine=_unit(image.affine))
        for sequence, image in study.images.items()
    }
    return replace(study, images=images), replace(labels, affine=_unit(labels.affine))


def _unit(affine: Affine) -> Affine:
    """Keep directions, and let a voxel be 1 along each axis."""
    scaled = affine.copy()
    scaled[:3, :3] /= spacing_mm(affine)
    return scaled
