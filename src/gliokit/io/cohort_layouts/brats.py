"""BraTS, 2017 to 2024: a folder per study, whose files begin with its name.

| year | study | patient | phase |
|---|---|---|---|
| 2017-2019 | `Brats18_TCIA08_469_1` | without the last number | pre-operative |
| 2020 | `BraTS20_Training_001` | the same | pre-operative |
| 2021 | `BraTS2021_00000` | the same | pre-operative |
| 2023 | `BraTS-GLI-00000-000`, `-SSA-` | without the last number | GLI: pre-operative at 000 |
| 2024 | `BraTS-GLI-00005-100`, `-101` ... | without the last number | post-operative from 100 on |

`PATIENT/PATIENT-000/PATIENT-000-t1n.nii.gz` of any name is understood, too. Other tumors
(`BraTS-MEN`, `-MET`, `-PED`) number other tissues, and are left out.

Tables are known by a column of BraTS ids: `survival_data.csv`, `survival_info.csv` (age, survival,
resection), `name_mapping.csv` (`HGG` or `LGG`: no grade of ours), the MGMT labels of 2021, and the
mappings to institutions, where they were saved as CSV. One patient can be in several years under
several names: take one year.

Checked against published descriptions and code of users: names of folders, files and columns,
time points of 2024, `ALIVE (361 days later)`. From memory: the last number of 2017-2019 counts
visits, and 2023 is pre-operative at 000. Not looked at: the files themselves.

Source: Baid et al. 2021, arXiv:2107.02314; de Verdier et al. 2024, arXiv:2405.18368
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from gliokit.core.errors import LayoutError
from gliokit.core.vocabulary import Phase
from gliokit.io.cohort_layouts.facts import (
    GRADE,
    MGMT,
    RESECTION,
    UNKNOWN,
    Sources,
    joined,
    number,
    read_facts,
    read_table,
)
from gliokit.io.cohort_layouts.found import (
    Facts,
    FoundCohort,
    FoundStudy,
    LeftOut,
    collect,
    folders_below,
    images_among,
)
from gliokit.io.layouts import nifti_files, recognize

_GLIOMA = re.compile(r"(?P<patient>brats-(?P<kind>gli|ssa)-\d+)-(?P<time>\d+)", re.IGNORECASE)
_EARLY = re.compile(r"(?P<patient>brats1[789]_.+?)_\d+", re.IGNORECASE)
_MIDDLE = re.compile(r"(?P<patient>brats(20_[a-z]+|2021)_\d+)", re.IGNORECASE)
_OTHER = re.compile(r"brats-(?P<kind>[a-z]+)-\d+-\d+", re.IGNORECASE)
_FIRST_POSTOPERATIVE = 100
_ID = re.compile(r"brats_?(20)?(1[789]|2[01345])(_?subject)?[_ ]?(id)?", re.IGNORECASE)
_ALIVE = re.compile(r"alive \((\d+) days later\)", re.IGNORECASE)
# what follows the study's name in the label maps of some cases of 2020
_LABELS = re.compile(r".*[-_]segm?(entation)?\.nii(\.gz)?", re.IGNORECASE)


def _days(text: str) -> str | None:
    alive = _ALIVE.fullmatch(text)
    return number("os_days")(alive[1] if alive else text)


def _event(text: str) -> str | None:
    return "0" if _ALIVE.fullmatch(text) else "1" if _days(text) else None


# columns of theirs, in lower case without signs
SOURCES: tuple[Sources, ...] = tuple(
    MappingProxyType(sources)
    for sources in (
        {
            "age": ("age", number("age")),
            "os_days": ("survival", _days),
            "os_event": ("survival", _event),
            "resection": ("resectionstatus", RESECTION),
            "grade": ("grade", GRADE),
            "mgmt": ("mgmtvalue", MGMT),
            "site": ("sitenorepresentstheoriginatinginstitution", lambda text: f"site-{text}"),
        },
        {
            "os_days": ("survivaldays", _days),
            "os_event": ("survivaldays", _event),
            "resection": ("extentofresection", RESECTION),
        },
    )
)


def find_brats(root: Path) -> FoundCohort:
    """Find the studies of BraTS below a folder."""
    notes = [
        f"{path.name} is not read; save it as CSV beside it"
        for path in sorted(root.rglob("*apping*.xlsx"))
        if not path.with_suffix(".csv").exists()
    ]
    facts: dict[str, Facts] = {}
    for path in sorted(root.rglob("*.csv")):
        try:
            own = _facts(path)
        except LayoutError as error:  # it may be of anybody
            notes.append(str(error))
            continue
        if own:
            notes.append(f"clinical columns are of {path.name}")
        facts |= {name: joined(facts.get(name, Facts()), fact) for name, fact in own.items()}
    return collect(_studies(root, facts), notes=notes)


def _facts(table: Path) -> dict[str, Facts]:
    """Read a table by BraTS ids, in lower case; one without a column of them is not of BraTS."""
    return {
        study_id: joined(*(read_facts(_plain(line), sources) for sources in SOURCES))
        for line in read_table(table)
        for study_id in _ids(line)
    }


def _studies(root: Path, facts: Mapping[str, Facts]) -> Iterator[FoundStudy | LeftOut]:
    for folder in folders_below(root):
        study_id = folder.name
        patient = _patient(folder)
        if patient is None:
            if other := _OTHER.fullmatch(study_id):
                kind = other["kind"].upper()
                yield LeftOut(study_id, f"BraTS-{kind} is no adult glioma, its labels differ")
            continue
        files = nifti_files(folder)
        images = images_among(files)
        labels = [p for p in files if recognize(p) == "labels" or _LABELS.fullmatch(p.name)]
        if isinstance(images, str):
            yield LeftOut(study_id, images)
        elif len(labels) > 1:
            yield LeftOut(study_id, f"{', '.join(p.name for p in labels)} could each be labels")
        else:
            own = joined(Facts(_phase(study_id)), facts.get(study_id.casefold(), Facts()))
            yield FoundStudy(patient, study_id, images, labels=next(iter(labels), None), facts=own)


def _patient(folder: Path) -> str | None:
    for pattern in (_GLIOMA, _EARLY, _MIDDLE):
        if match := pattern.fullmatch(folder.name):
            return match["patient"]
    parent = folder.parent.name
    nested = re.fullmatch(re.escape(parent) + r"-\d+", folder.name)
    return parent if nested and not _OTHER.fullmatch(folder.name) else None


def _phase(study_id: str) -> dict[str, str]:
    if _EARLY.fullmatch(study_id) or _MIDDLE.fullmatch(study_id):
        return {"phase": Phase.PREOPERATIVE}
    match = _GLIOMA.fullmatch(study_id)
    if not match or match["kind"].casefold() != "gli":
        return {}
    time = int(match["time"])
    if time >= _FIRST_POSTOPERATIVE:
        return {"phase": Phase.POSTOPERATIVE}
    return {"phase": Phase.PREOPERATIVE} if time == 0 else {}


def _ids(line: Mapping[str, str]) -> Iterator[str]:
    """Give every name that a line knows its study by; of 2021 there may be the number alone."""
    for column, text in line.items():
        if _ID.fullmatch(column) and (text or "").strip().casefold() not in UNKNOWN:
            plain = text.strip().casefold()
            yield f"brats2021_{int(plain):05d}" if plain.isdigit() else plain


def _plain(line: Mapping[str, str]) -> dict[str, str]:
    return {re.sub(r"[^a-z0-9]", "", column.casefold()): text for column, text in line.items()}
