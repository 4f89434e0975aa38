"""One imaging session of one patient."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gliokit.core.course import NO_COURSE, Course
from gliokit.core.errors import GeometryError, MissingSequenceError
from gliokit.core.geometry import Grid
from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import MRSequence, Phase

REFERENCE_ORDER = (MRSequence.T1C, MRSequence.T1, MRSequence.FLAIR, MRSequence.T2)


@dataclass(frozen=True, slots=True)
class Study:
    """One imaging session.

    Attributes
    ----------
    study_id : str
        Unique within the cohort; never a name or hospital number.
    images : mapping of MRSequence to Image
        Each on its own grid until `gliokit.preprocessing` puts them on one.
    day : float or None
        Days since the diagnostic scan.
    phase : Phase
        Before or after surgery.
    course : Course
        Days since treatment.
    """

    study_id: str
    images: Mapping[MRSequence, Image] = field(repr=False)
    day: float | None = None
    phase: Phase = Phase.UNKNOWN
    course: Course = field(default=NO_COURSE, kw_only=True)

    def __getitem__(self, sequence: MRSequence) -> Image:
        try:
            return self.images[sequence]
        except KeyError:
            raise MissingSequenceError(sequence, sorted(self.images), self.study_id) from None

    @property
    def missing(self) -> list[MRSequence]:
        """Sequences that the study lacks."""
        return [sequence for sequence in MRSequence if sequence not in self.images]

    @property
    def reference(self) -> Image:
        """The image whose grid the results are given on: T1c, else T1, FLAIR, T2."""
        present = [sequence for sequence in REFERENCE_ORDER if sequence in self.images]
        if not present:
            raise MissingSequenceError("t1c, t1, flair or t2", [], self.study_id)
        return self.images[present[0]]


def shared_grid(study: Study) -> Grid:
    """Give the grid on which all images of a study lie.

    Raises
    ------
    GeometryError
        If two images lie on different grids; names both and the difference.
    """
    reference = study.reference
    for image in study.images.values():
        if difference := reference.grid.difference(image.grid):
            raise GeometryError(
                f"grids of {reference.source} and {image.source} differ: {difference}; "
                "co-register and resample them to one grid first"
            )
    return reference.grid


def check_labels_grid(study: Study, labels: LabelMap) -> None:
    """Refuse reference labels that do not lie on the grid of a study's reference image.

    Raises
    ------
    GeometryError
        Naming the study and the difference.
    """
    if difference := study.reference.grid.difference(labels.grid):
        raise GeometryError(
            f"study {study.study_id}: grids of its images and of its labels differ: {difference}; "
            "bring the labels to the grid of the images"
        )
