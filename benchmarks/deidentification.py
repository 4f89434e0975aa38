"""Are all planted identifiers of 20 simulated studies gone, and is all else as it was?

python -m benchmarks.deidentification

prints one JSON line. Ten simulated patients are scanned twice each; heads are small and slices
three times as thick as a protocol has them, which changes the number of files and nothing of their
headers. In each file stand name, number, address, phone, staff, hospital, dates and accession
numbers of an invented patient: in standard elements, nested sequences, private blocks and free
text. All of it is de-identified as `gliokit deidentify` does it, with a key that is fixed.

Each text that was planted anywhere is looked for in every written file: in all its elements and in
its bytes but the pixels. As a control, each planted entry is looked for in the files before. Pixels
(the brain with them), place and spacing of every picture, and days between the visits of a patient
are compared with the source.

Limits: the places are those where the simulator plants; what a real hospital writes elsewhere is
not tested. Text in pixels is not planted here, faces stay: docs/deidentification.md has both.
"""

import argparse
import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from gliokit.analysis.deidentification import survey, write_deidentified
from gliokit.analysis.simulated_files import Files
from gliokit.analysis.simulation_run import simulate_cohort
from gliokit.io.deidentification.files import WRITTEN
from gliokit.io.deidentification.key import SecretKey
from gliokit.phantom.cohort import CohortSettings

KEY = SecretKey(bytes(range(32)))
GEOMETRY = (
    "Rows",
    "Columns",
    "NumberOfFrames",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "InStackPositionNumber",
    "RescaleSlope",
    "RescaleIntercept",
)


@dataclass(frozen=True)
class File:
    """What is compared of one file.

    Attributes
    ----------
    texts : str
        All elements and all bytes but the pixels, case-folded.
    """

    patient: str
    day: date
    texts: str
    pixels: bytes
    geometry: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--enhanced", action="store_true", help="one file per series")
    args = parser.parse_args()
    settings = CohortSettings(args.patients, visits=2, seed=args.seed, tiny=True, head=True)
    with tempfile.TemporaryDirectory() as scratch:
        cohort, exports, out = (Path(scratch) / name for name in ("cohort", "exports", "out"))
        planted = simulate(cohort, exports, settings, enhanced=args.enhanced)
        pairs = deidentify(exports, out)
        figures = compare(planted, pairs)
    line = {
        "benchmark": "deidentification",
        "device": "cpu",
        "patients": args.patients,
        "seed": args.seed,
        "enhanced": args.enhanced,
        "studies": len(planted),
        **figures,
        "cpu_seconds": round(sum(os.times()[:4])),
        "versions": {package: version(package) for package in ("gliokit", "pydicom")},
    }
    print(json.dumps(line))


def simulate(
    cohort: Path, exports: Path, settings: CohortSettings, *, enhanced: bool
) -> dict[str, tuple[str, ...]]:
    """Write the DICOM files of each study to a folder of `exports`; give what was planted."""
    for outcome in simulate_cohort(cohort, settings, Files(dicom=True, enhanced=enhanced), jobs=1):
        if outcome.reason:
            raise SystemExit(f"{outcome.patient_id} could not be simulated: {outcome.reason}")
    planted = {}
    for truth in sorted(cohort.rglob("*truth.json")):
        listed = json.loads(truth.read_text())["planted_identifiers"]
        planted[truth.parent.name] = tuple(one["value"] for one in listed)
        shutil.move(truth.parent / "dicom", exports / truth.parent.name)
    return planted


def deidentify(exports: Path, out: Path) -> list[tuple[str, Path, Path | None]]:
    """Give the study of each file, the file, and what was written of it; None where refused."""
    found = survey(exports, accept_pixels=False)
    write_deidentified(found, out, key=KEY, force=False, told=lambda _: None)
    pairs = []
    for one in found.files:
        written = out / one.place(KEY).with_suffix(".dcm") if one.state == WRITTEN else None
        pairs.append((one.path.parent.name, one.path, written))
    return pairs


def compare(
    planted: Mapping[str, tuple[str, ...]], pairs: Iterable[tuple[str, Path, Path | None]]
) -> dict[str, object]:
    """Count what is left of what was planted, and what else was changed."""
    texts = {value.casefold() for values in planted.values() for value in values}
    seen: dict[str, set[str]] = defaultdict(set)
    left: set[str] = set()
    counts = dict.fromkeys(("files", "refused", "pixels_changed", "geometry_changed"), 0)
    days: dict[str, set[tuple[str, date, date]]] = defaultdict(set)
    for study, source, written in pairs:
        counts["files"] += 1
        if written is None:
            counts["refused"] += 1
            continue
        before, after = look_at(source), look_at(written)
        seen[study] |= {value for value in planted[study] if value.casefold() in before.texts}
        left |= {text for text in texts if text in after.texts}
        counts["pixels_changed"] += before.pixels != after.pixels
        counts["geometry_changed"] += before.geometry != after.geometry
        days[before.patient].add((after.patient, before.day, after.day))
    return {
        **counts,
        "planted_entries": sum(map(len, planted.values())),
        "planted_texts": len(texts),
        "entries_found_before": sum(
            value in seen[study] for study, values in planted.items() for value in values
        ),
        "texts_left": len(left),
        "patients_with_inconsistent_dates": sum(not is_consistent(one) for one in days.values()),
    }


def look_at(path: Path) -> File:
    dataset = pydicom.dcmread(path)
    content, pixels = path.read_bytes(), dataset.PixelData
    rest = content.replace(pixels, b"").decode("latin-1")
    return File(
        str(dataset.PatientID),
        pydicom.valuerep.DA(dataset.StudyDate),
        f"{dataset}\n{rest}".casefold(),
        pixels,
        tuple(geometry_of(dataset)),
    )


def geometry_of(dataset: Dataset) -> Iterator[str]:
    """Give what says where the pixels lie, and how large they are, at every depth."""
    for element in dataset.iterall():
        if element.keyword in GEOMETRY:
            yield f"{element.keyword} {element.value}"


def is_consistent(days: Iterable[tuple[str, date, date]]) -> bool:
    """Tell whether all files of a patient have one new name and were moved by the same days."""
    moved = {(name, after - before) for name, before, after in days}
    return len(moved) == 1 and all(before != after for _, before, after in days)


if __name__ == "__main__":
    main()
