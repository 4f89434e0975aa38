"""LUMIERE: glioblastoma over many visits, with expert ratings.

`Imaging/Patient-001/week-000-1/` holds `CT1.nii.gz T1.nii.gz T2.nii.gz FLAIR.nii.gz` as scanned,
each on its own grid and with the skull. Taken are therefore, of each visit, the brains on one grid
in `DeepBraTumIA-segmentation/atlas/skull_strip/`, else those in
`HD-GLIO-AUTO-segmentation/registered/`. All label maps are by programs that number other tissues:
DeepBraTumIA has 1 enhancing, 2 necrotic, 3 edema; HD-GLIO has 1 and 2 only. Read as BraTS they
would be wrong without a word, so none is written into the table.

Phases are the raters': `Pre-Op`; `Post-Op` and every rating of response are post-operative. Days
are weeks times seven. Two visits of one week share the day; the rating tells them apart. Whether
survival ended in death is not in the table: `os_event` stays empty.

Checked against published descriptions and code of users: folders, files, headers, words, the
labels of DeepBraTumIA (against its own volumes). From memory: the labels of HD-GLIO. Not looked
at: the files themselves.

Source: Suter et al., Scientific Data 2022;9:768, doi:10.1038/s41597-022-01881-7
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from gliokit.core.vocabulary import MRSequence, Phase
from gliokit.io.cohort_layouts.facts import (
    MGMT,
    SEX,
    Sources,
    idh,
    joined,
    newest_table,
    number,
    read_facts,
    read_table,
    table_note,
    word,
)
from gliokit.io.cohort_layouts.found import (
    Facts,
    FoundCohort,
    FoundStudy,
    LeftOut,
    collect,
    folders_below,
)
from gliokit.io.layouts import nifti_files

TABLE = "LUMIERE-Demographics_Pathology*.csv"
RATINGS = "LUMIERE-ExpertRating*.csv"
SOURCES: Sources = MappingProxyType(
    {
        "age": ("Age at surgery (years)", number("age")),
        "sex": ("Sex", SEX),
        "idh": ("IDH (WT: wild type)", idh),
        "mgmt": ("MGMT qualitative", MGMT),
        "os_days": ("Survival time (weeks)", number("os_days", factor=7)),
    }
)
PHASES = word(
    {
        "pre-op": Phase.PREOPERATIVE,
        **dict.fromkeys(("post-op", "post-op/pd", "cr", "pr", "sd", "pd"), Phase.POSTOPERATIVE),
    }
)
# folder of a visit: how its files are named, the sequence in the place of {}
PLACES: Mapping[str, str] = MappingProxyType(
    {
        "DeepBraTumIA-segmentation/atlas/skull_strip": "{}_skull_strip",
        "HD-GLIO-AUTO-segmentation/registered": "{}_r2s_bet_reg",
    }
)
_NAMES: Mapping[MRSequence, str] = MappingProxyType(
    {
        MRSequence.T1: "T1",
        MRSequence.T1C: "CT1",
        MRSequence.T2: "T2",
        MRSequence.FLAIR: "FLAIR",
    }
)
_PATIENT = re.compile(r"Patient-\d+", re.IGNORECASE)
_VISIT = re.compile(r"week-(?P<week>\d+)(-\d+)?", re.IGNORECASE)


def find_lumiere(root: Path) -> FoundCohort:
    """Find the visits of LUMIERE below a folder."""
    table, ratings = newest_table(root, TABLE), newest_table(root, RATINGS)
    patients = {
        line.get("Patient", "").strip(): read_facts(line, SOURCES)
        for line in (read_table(table) if table else [])
    }
    phases = _phases(read_table(ratings)) if ratings else {}
    notes = (
        *table_note(table, TABLE),
        *([] if ratings else [f"no table {RATINGS} in the folder: phase stays empty"]),
        "label maps of LUMIERE number other tissues than BraTS: none is in the table",
    )
    return collect(_studies(root, patients, phases), notes=notes)


def _studies(
    root: Path, patients: Mapping[str, Facts], phases: Mapping[str, Facts]
) -> Iterator[FoundStudy | LeftOut]:
    for folder in folders_below(root):
        visit = _VISIT.fullmatch(folder.name)
        if not visit or not _PATIENT.fullmatch(folder.parent.name):
            continue
        patient = folder.parent.name
        study_id = f"{patient}_{folder.name}"
        images = _images(folder)
        if not images:
            raw = "only images as scanned, each on its own grid" if nifti_files(folder) else "none"
            yield LeftOut(study_id, f"no images on one grid ({raw})")
            continue
        day = Facts({"day": str(7 * int(visit["week"]))})
        facts = joined(day, phases.get(study_id, Facts()), patients.get(patient, Facts()))
        yield FoundStudy(patient, study_id, images, facts=facts)


def _images(visit: Path) -> dict[MRSequence, Path]:
    """Take all images from the first place that has one: two places are two grids."""
    for place, pattern in PLACES.items():
        files = {path.name.lower().partition(".")[0]: path for path in nifti_files(visit / place)}
        images = {
            sequence: files[stem]
            for sequence, name in _NAMES.items()
            if (stem := pattern.format(name).lower()) in files
        }
        if images:
            return images
    return {}


def _phases(lines: list[dict[str, str]]) -> dict[str, Facts]:
    """Read the phase of each visit from its rating; the rating's column has a very long name."""
    rating = next((column for column in (lines or [{}])[0] if column.startswith("Rating (")), "")
    sources: Sources = {"phase": (rating, PHASES)}
    return {
        f"{line.get('Patient', '').strip()}_{line.get('Date', '').strip()}": read_facts(
            line, sources
        )
        for line in lines
    }
