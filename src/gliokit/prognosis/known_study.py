"""A study with what is known beside its images: labels, and facts from before any treatment.

Systems of survival see no more of the cohort's table than this. Its outcomes, and what is decided
or happens after the scan (therapy, progression), are not among the facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache

from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import NotAssessableError
from gliokit.core.image import LabelMap
from gliokit.core.study import Study, check_labels_grid
from gliokit.core.system import LABELS
from gliokit.segmentation.default import DefaultSegmenter, load_segmenter


class Fact(StrEnum):
    """A fact that may enter a model; the value is the column of the table."""

    AGE = "age"
    KPS = "kps"
    GRADE = "grade"


FACTS = tuple(Fact)


class Outline(StrEnum):
    """Whose outline is taken: that of the table, or of the segmenter that comes with gliokit."""

    GIVEN = "labels"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class KnownStudy(Study):
    """A study, its outline and its facts.

    Attributes
    ----------
    labels : LabelMap or None
        On the grid of the reference image; None where there are none.
    facts : mapping of str to float
        Of `FACTS` those that are known.
    """

    labels: LabelMap | None = field(default=None, repr=False)
    facts: Mapping[str, float] = field(default_factory=dict)


def known(cohort: Cohort) -> Cohort:
    """Give a cohort whose studies are `KnownStudy`."""
    return replace(cohort, load=_Loader(cohort))


def outline_of(study: Study, outline: Outline) -> LabelMap:
    """Give the outline of a study.

    Parameters
    ----------
    outline : Outline
        The segmenter of gliokit needs a study that is co-registered and stripped.

    Raises
    ------
    NotAssessableError
        If there is none.
    GeometryError
        If the given one does not lie on the grid of the study.
    """
    if outline is Outline.DEFAULT:
        return _segmenter().predict(study).labels
    labels = study.labels if isinstance(study, KnownStudy) else None
    if labels is None:
        raise NotAssessableError(
            f"study {study.study_id} has no outline of its tumor; give one in the column labels, "
            f"or train the system with --set outline={Outline.DEFAULT}"
        )
    check_labels_grid(study, labels)
    return labels


def facts_of(study: Study) -> dict[str, float]:
    """Give the facts that are known of a study; none of one that is no `KnownStudy`."""
    return dict(study.facts) if isinstance(study, KnownStudy) else {}


@cache
def _segmenter() -> DefaultSegmenter:
    """Load the weights once in a process, not once a study."""
    return load_segmenter()


@dataclass(frozen=True)
class _Loader:
    """Loads a row with everything; pickles if the loaders of the cohort do."""

    cohort: Cohort

    def __call__(self, row: Row) -> KnownStudy:
        study = self.cohort.load(row)
        labels = self.cohort.load_labels(row) if LABELS in row.cells else None
        facts = {name.value: row.number_of(name) for name in FACTS if name in row.cells}
        return KnownStudy(study.study_id, study.images, study.day, study.phase, labels, facts)
