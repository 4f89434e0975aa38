"""UCSF-PDGM: preoperative diffuse glioma, one folder per exam.

`UCSF-PDGM-0004_nifti/UCSF-PDGM-0004_T1.nii.gz`, `T1c T2 FLAIR`, each also as `..._bias.nii.gz`
(N4), and `..._tumor_segmentation.nii.gz`, which experts corrected (1, 2, 4 as BraTS 2017). The
image as it was is taken; the bias-corrected one only where it stands alone. Six exams are
follow-ups of other patients and end in `_FU007d`: they get the patient and the day. The table
`UCSF-PDGM-metadata*.csv` writes numbers with three digits, folders with four.

Checked against published descriptions and code of users of version 5: names of folders and
files, the table's header and its words, follow-ups, survival from diagnosis to last contact. From
memory: nothing. Not looked at: the files themselves.

Source: Calabrese et al., Radiology: Artificial Intelligence 2022;4:e220058,
doi:10.1148/ryai.220058; collection doi:10.7937/tcia.bdgf-8v37
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from gliokit.core.vocabulary import MRSequence, Phase
from gliokit.io.cohort_layouts.facts import (
    CODELETION,
    EVENT,
    GRADE,
    MGMT,
    RESECTION,
    SEX,
    Sources,
    idh,
    joined,
    newest_table,
    number,
    read_facts,
    read_table,
    table_note,
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

TABLE = "UCSF-PDGM-metadata*.csv"
SOURCES: Sources = MappingProxyType(
    {
        "age": ("Age at MRI", number("age")),
        "sex": ("Sex", SEX),
        "idh": ("IDH", idh),
        "codel_1p19q": ("1p/19q", CODELETION),
        "mgmt": ("MGMT status", MGMT),
        "grade": ("WHO CNS Grade", GRADE),
        "resection": ("EOR", RESECTION),
        "os_days": ("OS", number("os_days")),
        "os_event": ("1-dead 0-alive", EVENT),
    }
)
_EXAM = re.compile(r"UCSF-PDGM-(?P<number>\d+)(_FU(?P<day>\d+)d)?(_nifti)?", re.IGNORECASE)
_ENDS: Mapping[str, MRSequence] = MappingProxyType(
    {"T1": MRSequence.T1, "T1c": MRSequence.T1C, "T2": MRSequence.T2, "FLAIR": MRSequence.FLAIR}
)


def find_ucsf_pdgm(root: Path) -> FoundCohort:
    """Find the exams of UCSF-PDGM below a folder."""
    table = newest_table(root, TABLE)
    lines = read_table(table) if table else []
    facts = {
        _study_id(m): read_facts(line, SOURCES)
        for line in lines
        if (m := _exam(line.get("ID", "")))
    }
    exams = [(_study_id(m), f) for f in folders_below(root) if (m := _exam(f.name))]
    return collect(_studies(exams, facts), notes=table_note(table, TABLE))


def _studies(
    exams: Sequence[tuple[str, Path]], facts: Mapping[str, Facts]
) -> Iterator[FoundStudy | LeftOut]:
    for study_id, folder in sorted(exams):
        files = nifti_files(folder)
        images = {
            sequence: path
            for end, sequence in _ENDS.items()
            if (path := _ending(files, end) or _ending(files, f"{end}_bias"))
        }
        if not images:
            yield LeftOut(study_id, "no image of t1, t1c, t2 or flair in its folder")
            continue
        when = _when(study_id)
        yield FoundStudy(
            study_id.partition("_")[0],
            study_id,
            images,
            labels=_ending(files, "tumor_segmentation"),
            facts=joined(when, facts.get(study_id, Facts())),
        )
    for study_id in sorted(facts.keys() - dict(exams).keys()):
        yield LeftOut(study_id, "in the table, but without a folder")


def _exam(name: str) -> re.Match[str] | None:
    return _EXAM.fullmatch(name.strip())


def _study_id(exam: re.Match[str]) -> str:
    """Give `UCSF-PDGM-0004`, `UCSF-PDGM-0433_FU007d`, however many digits were written."""
    follow_up = f"_FU{int(exam['day']):03d}d" if exam["day"] else ""
    return f"UCSF-PDGM-{int(exam['number']):04d}{follow_up}"


def _when(study_id: str) -> Facts:
    exam = _exam(study_id)
    place = {"site": "UCSF", "scanner": "GE Discovery 750 3T"}
    if exam and exam["day"]:  # whether surgery came before a follow-up is not said
        return Facts({**place, "day": str(int(exam["day"]))})
    return Facts({**place, "day": "0", "phase": Phase.PREOPERATIVE})


def _ending(files: list[Path], end: str) -> Path | None:
    pattern = re.compile(rf"UCSF-PDGM-.*\d(_FU\d+d)?_{end}\.nii(\.gz)?", re.IGNORECASE)
    return next((path for path in files if pattern.fullmatch(path.name)), None)
