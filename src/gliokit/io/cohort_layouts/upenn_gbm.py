"""UPENN-GBM: de novo glioblastoma, before surgery (`_11`) and at follow-up (`_21`).

`images_structural/UPENN-GBM-00001_11/UPENN-GBM-00001_11_T1.nii.gz`, `T1GD T2 FLAIR`;
`images_segm/UPENN-GBM-00001_11_segm.nii.gz`, corrected by experts, and
`automated_segm/UPENN-GBM-00001_11_automated_approx_segm.nii.gz`, which no person corrected
(1, 2, 4 as BraTS 2017). The table is `UPENN-GBM_clinical_info_v2.1.csv`.

Survival is counted from surgery in lines of `_11`, but from the scan in lines of `_21`: a
follow-up takes it from its patient's `_11`, or has none. `Deceased - uncertain date of death` is
censored. `GTR_over90percent` is `Y` for more than 90 %, which is written as GTR; its `N` may be any
lesser resection, and stays empty. Follow-ups are taken for post-operative.

Checked against published descriptions and code of users of version 2: folders, files, header,
words, what survival counts from. From memory: nothing. Not looked at: the files themselves.

Source: Bakas et al., Scientific Data 2022;9:453, doi:10.1038/s41597-022-01560-7; collection
doi:10.7937/TCIA.709X-DN49
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from gliokit.core.vocabulary import Phase, Resection
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
    images_among,
)
from gliokit.io.layouts import nifti_files

TABLE = "UPENN-GBM_clinical_info*.csv"
IMAGES = "images_structural"
SOURCES: Sources = MappingProxyType(
    {
        "day": ("Time_since_baseline_preop", number("day")),
        "age": ("Age_at_scan_years", number("age")),
        "sex": ("Gender", SEX),
        "kps": ("KPS", number("kps")),
        "idh": ("IDH1", idh),
        "mgmt": ("MGMT", MGMT),
        "resection": ("GTR_over90percent", word({"y": Resection.GROSS_TOTAL})),
    }
)
DEATH: Sources = MappingProxyType(
    {"os_days": ("Survival_from_surgery_days_UPDATED", number("os_days"))}
)
CENSORED: Sources = MappingProxyType({"os_days": ("Survival_Censor", number("os_days"))})
EVENTS: Mapping[str, tuple[str, Sources]] = MappingProxyType(
    {
        "deceased": ("1", DEATH),
        "alive": ("0", CENSORED),
        "lost to follow-up": ("0", CENSORED),
        "deceased - uncertain date of death": ("0", CENSORED),
    }
)
_SCAN = re.compile(r"(?P<patient>UPENN-GBM-\d+)_(?P<time>\d+)", re.IGNORECASE)
_BASELINE = "11"


def find_upenn_gbm(root: Path) -> FoundCohort:
    """Find the scans of UPENN-GBM below a folder."""
    table = newest_table(root, TABLE)
    lines = {line.get("ID", "").strip(): line for line in (read_table(table) if table else [])}
    bases = [f for f in (root, *folders_below(root)) if (f / IMAGES).is_dir()]
    if root.name == IMAGES:
        bases.append(root.parent)
    scans = [
        folder
        for base in bases
        for folder in sorted((base / IMAGES).iterdir())
        if folder.is_dir() and _SCAN.fullmatch(folder.name)
    ]
    return collect(_studies(scans, lines), notes=table_note(table, TABLE))


def _studies(
    scans: Sequence[Path], lines: Mapping[str, Mapping[str, str]]
) -> Iterator[FoundStudy | LeftOut]:
    for folder in scans:
        scan, images = folder.name, images_among(nifti_files(folder))
        if isinstance(images, str):
            yield LeftOut(scan, images)
            continue
        base = folder.parent.parent
        yield FoundStudy(
            scan.rpartition("_")[0],
            scan,
            images,
            labels=_existing(base / "images_segm", f"{scan}_segm"),
            automatic_labels=_existing(base / "automated_segm", f"{scan}_automated_approx_segm"),
            facts=_facts(scan, lines),
        )
    for scan in sorted(lines.keys() - {folder.name for folder in scans}):
        yield LeftOut(scan, f"in the table, but without a folder in {IMAGES}")


def _facts(scan: str, lines: Mapping[str, Mapping[str, str]]) -> Facts:
    patient, _, time = scan.rpartition("_")
    first = time == _BASELINE
    known: dict[str, str] = {"site": "UPenn"}
    known["phase"] = Phase.PREOPERATIVE if first else Phase.POSTOPERATIVE
    own = read_facts(lines.get(scan, {}), SOURCES)
    if first:
        own = replace(own, cells={"day": "0", **own.cells})
    return joined(Facts(known), own, _survival(lines.get(f"{patient}_{_BASELINE}", {})))


def _survival(line: Mapping[str, str]) -> Facts:
    status = line.get("Survival_Status", "").strip().casefold()
    if status not in EVENTS:
        return Facts()
    event, sources = EVENTS[status]
    time = read_facts(line, sources)
    return joined(time, Facts({"os_event": event})) if time.cells else time


def _existing(folder: Path, stem: str) -> Path | None:
    names = (f"{stem}.nii.gz", f"{stem}.nii")
    return next((folder / name for name in names if (folder / name).is_file()), None)
