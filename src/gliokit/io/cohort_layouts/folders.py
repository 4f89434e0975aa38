"""Anybody's own collection: a folder per patient, or per visit within it, of images by name.

| folders | patient | study |
|---|---|---|
| `P-001/t1c.nii.gz` ... | `P-001` | `P-001` |
| `P-001/baseline/t1c.nii.gz` ... | `P-001` | `P-001_baseline` |

Files are known by their names, as `gliokit analyze` knows them. Folder names become ids: they must
not be names of people. Nothing is known of days, phases and facts; fill the table.
"""

from collections.abc import Iterator
from pathlib import Path

from gliokit.core.cohort import ID_CHARACTERS
from gliokit.io.cohort_layouts.found import (
    FoundCohort,
    FoundStudy,
    LeftOut,
    collect,
    folders_below,
    images_among,
)
from gliokit.io.layouts import nifti_files, recognize

DEEPEST = 2  # a visit's folder in a patient's
NOTE = "days, phases and clinical columns are unknown: fill them in the table"


def find_folders(root: Path) -> FoundCohort:
    """Find every folder with images, up to two below `root`."""
    return collect(_studies(root), notes=(NOTE,))


def _studies(root: Path) -> Iterator[FoundStudy | LeftOut]:
    for folder in folders_below(root):
        names = folder.relative_to(root).parts
        files = nifti_files(folder)
        inner = any(path.is_dir() for path in folder.iterdir())
        if len(names) > DEEPEST or (inner and not files):
            continue
        study_id = "_".join(names)
        images = images_among(files)
        labels = [path for path in files if recognize(path) == "labels"]
        if set(study_id) - ID_CHARACTERS:
            yield LeftOut(study_id, "its folder's name is no id: letters, digits, '-', '_', '.'")
        elif isinstance(images, str):
            yield LeftOut(study_id, images)
        elif len(labels) > 1:
            yield LeftOut(study_id, f"{', '.join(p.name for p in labels)} could each be labels")
        else:
            yield FoundStudy(names[0], study_id, images, labels=next(iter(labels), None))
