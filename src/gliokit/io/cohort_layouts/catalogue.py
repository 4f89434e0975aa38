"""The folder layouts that a cohort table can be made from.

To add one, write its file with a function from a folder to `FoundCohort`, and add its line to
`COHORT_LAYOUTS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from gliokit.core.errors import LayoutError
from gliokit.io.cohort_layouts.bids import find_bids
from gliokit.io.cohort_layouts.brats import find_brats
from gliokit.io.cohort_layouts.folders import find_folders
from gliokit.io.cohort_layouts.found import FoundCohort, FoundStudy, LeftOut
from gliokit.io.cohort_layouts.lumiere import find_lumiere
from gliokit.io.cohort_layouts.ucsf_pdgm import find_ucsf_pdgm
from gliokit.io.cohort_layouts.upenn_gbm import find_upenn_gbm

_LISTED = 8  # so many names of what a folder holds stand in a message


class CohortLayoutName(StrEnum):
    """A layout as it is typed."""

    BRATS = "brats"
    BIDS = "bids"
    UCSF_PDGM = "ucsf-pdgm"
    UPENN_GBM = "upenn-gbm"
    LUMIERE = "lumiere"
    FOLDERS = "folders"


@dataclass(frozen=True, slots=True)
class CohortLayout:
    """A layout: what its folders look like, and what finds the studies in them."""

    example: str
    find: Callable[[Path], FoundCohort]


COHORT_LAYOUTS: Mapping[CohortLayoutName, CohortLayout] = MappingProxyType(
    {
        CohortLayoutName.BRATS: CohortLayout("BraTS-GLI-00000-000/", find_brats),
        CohortLayoutName.BIDS: CohortLayout("sub-01/anat/", find_bids),
        CohortLayoutName.UCSF_PDGM: CohortLayout("UCSF-PDGM-0004_nifti/", find_ucsf_pdgm),
        CohortLayoutName.UPENN_GBM: CohortLayout(
            "images_structural/UPENN-GBM-00001_11/", find_upenn_gbm
        ),
        CohortLayoutName.LUMIERE: CohortLayout("Patient-001/week-000/", find_lumiere),
        CohortLayoutName.FOLDERS: CohortLayout("P-001/t1c.nii.gz", find_folders),
    }
)


def find_cohort(name: CohortLayoutName, folder: Path) -> FoundCohort:
    """Find the studies of a collection; only names are looked at, no image is opened.

    Raises
    ------
    LayoutError
        If the folder holds no study of this layout, or a table in it cannot be read.
    """
    if not folder.is_dir():
        found = "a file, not a folder" if folder.exists() else "no such folder"
        raise LayoutError(f"{folder}: {found}; give the folder of the collection")
    layout = COHORT_LAYOUTS[name]
    cohort = _each_once(layout.find(folder))
    if not cohort.studies:
        reasons = "; ".join(f"{left.study_id}: {left.reason}" for left in cohort.left_out[:2])
        raise LayoutError(
            f"{folder}: no {name} study with images, found {reasons or _names(folder)}; needed "
            f"{layout.example} in it or below; choose another layout of {', '.join(COHORT_LAYOUTS)}"
        )
    return cohort


def _each_once(cohort: FoundCohort) -> FoundCohort:
    """Leave out a study whose id stands already: file systems may take P1 and p1 for one."""
    kept: dict[str, FoundStudy] = {}
    left_out = list(cohort.left_out)
    for study in cohort.studies:
        other = kept.setdefault(study.study_id.casefold(), study)
        if other is not study:
            where = next(iter(other.images.values())).parent
            left_out.append(LeftOut(study.study_id, f"its id stands already, in {where}"))
    return replace(cohort, studies=tuple(kept.values()), left_out=tuple(left_out))


def _names(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return (", ".join(names[:_LISTED]) + more) or "nothing"
