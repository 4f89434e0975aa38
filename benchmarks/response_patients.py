"""Image folders of simulated patients for the benchmark of response through images.

The patients are those of `gliokit phantom` from the scan after radiation on and up to four later
visits; voxels of 2 mm, brain alone. They are chosen by their course before there is any image, in
turn one with a response, one with pseudoprogression, one with progression and one that is stable:
responses are rare, and would be missing. At each visit the head lies turned by up to 8 degrees
about each axis and moved by up to 10 mm along each.
"""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from gliokit.core.geometry import Affine
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence, Progression
from gliokit.io.cohorts import table_columns
from gliokit.io.nifti import write_image, write_label_map
from gliokit.phantom.body.individual import Voxels
from gliokit.phantom.cohort import (
    CohortSettings,
    SimulatedVisit,
    draw_facts,
    draw_visits,
    scan_visit,
    scanner_of,
)
from gliokit.phantom.patients.course import BASELINE_VISIT, Visit
from gliokit.phantom.patients.table import table_cells
from gliokit.phantom.person import Making, looks, make_person
from gliokit.phantom.truth import truth_json

SETTINGS = CohortSettings(visits=7, seed=2026)
VOXELS = Voxels(2.0, (88, 106, 92))
LEAST_VISITS = 4  # from the baseline on
TURN_DEGREES, SHIFT_MM = 8.0, 10.0
TABLE, NOTE = "visits.csv", "simulated by gliokit"


def choose_patients(count: int) -> list[int]:
    """Choose numbers of patients, in turn of four kinds of course."""
    kinds: dict[str, list[int]] = {}
    for number in range(60 * count):
        course = draw_visits(SETTINGS, draw_facts(SETTINGS, number))[BASELINE_VISIT:]
        if len(course) >= LEAST_VISITS:
            kinds.setdefault(kind_of(course), []).append(number)
    order = [kinds[kind] for kind in ("response", "pseudo", "progression", "stable")]
    return [number for turn in zip(*order, strict=False) for number in turn][:count]


def kind_of(course: Sequence[Visit]) -> str:
    """Tell what is most of interest in a course."""
    if {"PR", "CR"} & {visit.rano for visit in course}:
        return "response"
    if any(visit.cause is Progression.PSEUDO for visit in course):
        return "pseudo"
    return "progression" if any(visit.rano == "PD" for visit in course) else "stable"


def write_patient(folder: Path, number: int) -> None:
    """Simulate a patient and write image folders, unless that was done before."""
    patient = draw_facts(SETTINGS, number)
    own = folder / patient.patient_id
    if (own / TABLE).exists():
        return
    making = Making(VOXELS, visits=SETTINGS.visits)
    person = make_person(patient, scanner_of(SETTINGS, patient.site), making, dials=SETTINGS.dials)
    rng = np.random.default_rng([SETTINGS.seed, number])
    rows = []
    for look in looks(person):
        if look.visit.number < BASELINE_VISIT:
            continue
        simulated = scan_visit(person, look, SETTINGS)
        study = own / simulated.study.study_id
        rows.append(write_visit(study, simulated, draw_motion(look.body.affine, rng)))
    with (own / TABLE).open("w", newline="") as file:
        table = csv.DictWriter(file, table_columns(rows), extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
    print(f"{patient.patient_id} written", flush=True)


def draw_motion(affine: Affine, rng: np.random.Generator) -> Affine:
    """Draw how the head lies: a turn about the middle of the grid and a shift, (4, 4)."""
    turn = rng.uniform(-TURN_DEGREES, TURN_DEGREES, 3)
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    assert VOXELS.shape is not None
    middle = affine[:3, :3] @ (np.array(VOXELS.shape) - 1) / 2 + affine[:3, 3]
    motion[:3, 3] = middle - motion[:3, :3] @ middle + rng.uniform(-SHIFT_MM, SHIFT_MM, 3)
    return motion


def write_visit(folder: Path, simulated: SimulatedVisit, motion: Affine) -> dict[str, str]:
    """Write images, labels and truth of a visit as it lies; give its row of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = table_cells(simulated.person.patient, simulated.visit)
    affine = motion @ simulated.look.body.affine
    for sequence in MRSequence:
        image = Image(simulated.study[sequence].array, affine)
        write_image(folder / f"{sequence}.nii.gz", image, note=NOTE)
        cells[sequence] = f"{folder.name}/{sequence}.nii.gz"
    write_label_map(folder / "labels.nii.gz", replace(simulated.labels, affine=affine))
    cells["labels"] = f"{folder.name}/labels.nii.gz"
    text = truth_json(simulated, SETTINGS, beside={"motion": motion})
    (folder / "truth.json").write_text(text, encoding="utf-8")
    return cells
