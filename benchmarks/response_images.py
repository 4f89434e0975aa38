"""Does the category survive the images: simulated patients through the path of `gliokit response`?

python -m benchmarks.response_images FOLDER simulate [--patients 24]   image folders; goes on
python -m benchmarks.response_images FOLDER outline [--patients 6]     by the shipped model
python -m benchmarks.response_images FOLDER follow [--labels model]    a JSON line a patient
python -m benchmarks.response_images FOLDER report                     prints one JSON line

Patients are those of `response_patients`. Their visits go in as image folders with a table of
what the phantom says of days, treatment, steroids and clinical state, and with the phantom's
labels or those of the shipped model; they are registered by their images, and lesions are matched.
The baseline is the scan after radiation for all criteria; T2/FLAIR disease is worse from 25 % on;
immunotherapy, of which the phantom knows nothing, is unknown.

Truth is the phantom's own, twice. "tables": its volumes, doses and days (`truth.json`) under the
tables of the same criterion by volume, also for the criterion by area, since it knows no
diameters; of RANO 2011 the volume of the T2/FLAIR abnormality. "phantom": its category, a simpler
RANO 2.0 by volume (nothing is confirmed, no 12 weeks; decline counts only with new enhancement).
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.response_patients import SETTINGS, TABLE, VOXELS, choose_patients, write_patient
from gliokit.analysis.patient_timeline import make_timeline
from gliokit.analysis.patient_visits import PatientVisit, load_visits, rows_of_patient
from gliokit.analysis.response_settings import ResponseRun
from gliokit.analysis.visit_treatment import treatment_of
from gliokit.core.cohort import Cohort, Row
from gliokit.core.geometry import to_world
from gliokit.core.vocabulary import ClinicalChange
from gliokit.evaluation.bootstrap import mean_interval
from gliokit.io.cohorts import read_cohort
from gliokit.io.nifti import write_label_map
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.course import classify_course
from gliokit.measurement.response.criterion import Baseline
from gliokit.measurement.response.facts import Enhancement, Flair, NewLesion, NonTarget
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.visit import Disease, Visit
from gliokit.measurement.timeline import PatientTimeline
from gliokit.phantom.patients.response_truth import MEASURABLE_ML
from gliokit.phantom.tumor.parameters import Kind
from gliokit.segmentation.default import load_segmenter

FLAIR_WORSE = 0.25
FIRST = "rano2_2023"  # whose lesions are those of the timeline
RUN = ResponseRun(
    criteria=(FIRST, *(name for name in CRITERIA if name != FIRST)),
    options=Options(baseline=Baseline.FIRST),
    flair_worse=FLAIR_WORSE,
)
# categories of the phantom have no confirmation, no minor response, and NE for what is not decided
AS_PHANTOM = {"MR": "SD", "not assessable": "NE"}
MODEL_LABELS = "labels_model.nii.gz"


@dataclass(frozen=True, slots=True)
class Truth:
    """What the phantom says of a visit."""

    enhancing_ml: float
    new_ml: float
    whole_ml: float
    in_field: bool
    rano: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("stage", choices=["simulate", "outline", "follow", "report"])
    parser.add_argument("--patients", type=int, default=24)
    parser.add_argument("--labels", choices=["true", "model"], default="true")
    args = parser.parse_args()
    with threadpool_limits(1):
        numbers = choose_patients(args.patients)
        if args.stage == "simulate":
            for number in numbers:
                write_patient(args.folder, number)
        folders = [args.folder / f"SIM-{number:05d}" for number in numbers]
        folders = [folder for folder in folders if (folder / TABLE).exists()]
        if args.stage == "outline":
            outline(folders)
        if args.stage == "follow":
            follow(args.folder, folders, args.labels)
        if args.stage == "report":
            print(json.dumps(report(args.folder)))


def outline(folders: Sequence[Path]) -> None:
    """Outline every visit with the shipped model, unless that was done before."""
    segmenter = load_segmenter(threads=1)
    for folder in folders:
        cohort = read_cohort(folder / TABLE)
        for row in cohort.rows:
            path = Path(row.cells["labels"]).with_name(MODEL_LABELS)
            if not path.exists():
                write_label_map(path, segmenter.predict(cohort.load(row)).labels)


def follow(folder: Path, folders: Sequence[Path], labels: str) -> None:
    """Follow every patient, and write what was found and what is true, unless done before."""
    rows = folder / f"rows_{labels}.jsonl"
    done = {json.loads(line)["patient"] for line in rows.open()} if rows.exists() else set()
    for own in folders:
        if own.name in done:
            continue
        cohort = with_labels(read_cohort(own / TABLE), labels)
        if not all(Path(row.cells["labels"]).exists() for row in cohort.rows):
            continue
        with rows.open("a") as file:
            file.write(json.dumps(followed(cohort)) + "\n")


def with_labels(cohort: Cohort, labels: str) -> Cohort:
    """Take the labels of the phantom or of the model."""
    if labels == "true":
        return cohort

    def path(row: Row) -> str:
        return str(Path(row.cells["labels"]).with_name(MODEL_LABELS))

    rows = [replace(row, cells={**row.cells, "labels": path(row)}) for row in cohort.rows]
    return replace(cohort, rows=rows)


def followed(cohort: Cohort) -> dict[str, object]:
    """Follow a patient through the path of the command, and compare with the truth."""
    visits = load_visits(cohort, rows_of_patient(cohort.rows))
    timeline = make_timeline(visits, run=RUN)
    truth = [read_truth(visit.row) for visit in visits]
    judged = []
    for verdicts in timeline.verdicts:
        right = true_answers(visits, truth, verdicts.criterion)
        for k in range(1, len(visits)):
            seen = str(verdicts.assessments[k].category) if verdicts.assessments else "unusable"
            tables, left = str(right[k].category), right[k].possible
            same = bool(verdicts.assessments) and verdicts.assessments[k].possible == left
            judged.append([verdicts.criterion, k, seen, tables, truth[k].rano, int(same)])
    return {
        "patient": visits[0].row.patient_id,
        "judged": judged,
        "volumes_ml": volumes(timeline, truth),
        "registration_mm": [registration_mm(visits[0], visit) for visit in visits[1:]],
    }


def volumes(timeline: PatientTimeline, truth: Sequence[Truth]) -> list[list[object]]:
    """Give for each visit the enhancing volume found and true, and whether something is new."""
    return [
        [
            round(visit.enhancing.volume_ml, 3) if visit.enhancing else None,
            round(own.enhancing_ml, 3),
            str(visit.enhancing.new_lesion) if visit.enhancing else None,
            str(is_new(truth, k)),
        ]
        for k, (visit, own) in enumerate(zip(timeline.visits, truth, strict=True))
    ]


def read_truth(row: Row) -> Truth:
    """Read what the phantom says; of a tumor that does not enhance only what is new does."""
    record = json.loads(Path(row.cells["labels"]).with_name("truth.json").read_text())
    visit = record["visit"]
    residual = 0.0 if record["tumor"]["grown"]["kind"] == Kind.NON_ENHANCING else None
    residual = visit["residual_ml"] if residual is None else residual
    return Truth(
        enhancing_ml=residual + visit["new_ml"],
        new_ml=visit["new_ml"],
        whole_ml=record["volumes_ml"]["whole_tumor"],
        in_field=visit["in_radiation_field"],
        rano=visit["rano"],
    )


def true_answers(
    visits: Sequence[PatientVisit], truth: Sequence[Truth], criterion: str
) -> tuple[Assessment, ...]:
    """Classify the phantom's volumes and facts by the tables of a criterion by volume."""
    told = [true_visit(visits, truth, k) for k in range(len(visits))]
    treatment = treatment_of([visit.row for visit in visits], RUN)
    by_volume = f"{criterion.removesuffix('-volume')}-volume"
    return classify_course(told, by_volume, treatment=treatment, options=RUN.options)


def true_visit(visits: Sequence[PatientVisit], truth: Sequence[Truth], k: int) -> Visit:
    """Tell the truth about a visit as the command would be told it."""
    own, row = truth[k], visits[k].row
    field, change = row.cells.get("in_radiation_field"), row.cells.get("clinical_change")
    nothing = NonTarget.STABLE if own.enhancing_ml else NonTarget.ABSENT
    more = own.new_ml > max([earlier.new_ml for earlier in truth[:k]], default=0.0)
    return Visit(
        visits[k].day,
        enhancing=Disease(None, own.enhancing_ml, nothing),
        nonenhancing=Disease(None, own.whole_ml, NonTarget.STABLE),
        new_lesion=is_new(truth, k),
        outside_field=None if field is None else field == "0",
        flair=true_flair(truth, k),
        enhancement=Enhancement.INCREASED if more else Enhancement.NOT_INCREASED,
        dexamethasone_mg_per_day=row.number_of("dexamethasone_mg_per_day"),
        clinical_change=ClinicalChange(change) if change else None,
    )


def is_new(truth: Sequence[Truth], k: int) -> NewLesion:
    """Tell whether new enhancement is seen for the first time since the baseline."""
    earlier = max([own.new_ml for own in truth[:k]], default=np.inf)
    if truth[k].new_ml >= MEASURABLE_ML > earlier:
        return NewLesion.MEASURABLE
    return NewLesion.NOT_MEASURABLE if truth[k].new_ml > 0 == earlier else NewLesion.NONE


def true_flair(truth: Sequence[Truth], k: int) -> Flair:
    """Judge T2/FLAIR disease by its true volume, as the command does by the one it finds."""
    now, first = truth[k].whole_ml, truth[0].whole_ml
    least = min(own.whole_ml for own in truth[: max(k, 1)])
    if now >= least * (1 + FLAIR_WORSE):
        return Flair.WORSE
    return Flair.BETTER if now < first else Flair.STABLE


def registration_mm(first: PatientVisit, visit: PatientVisit) -> float:
    """Give the mean distance, over the grid's corners and middle, from where points should be."""
    motions = []
    for one in (first, visit):
        path = Path(one.row.cells["labels"]).with_name("truth.json")
        motions.append(np.array(json.loads(path.read_text())["motion"]))
    right = motions[1] @ np.linalg.inv(motions[0])
    assert VOXELS.shape is not None
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(VOXELS.shape) - 1)
    points = to_world(first.labels.affine, np.vstack([corners / 2 + corners.mean(axis=0) / 2]))
    away = to_world(right, points) - to_world(visit.to_visit, points)
    return round(float(np.linalg.norm(away, axis=1).mean()), 2)


def report(folder: Path) -> dict[str, object]:
    """Sum up all patients followed so far."""
    found = {}
    for labels in ("true", "model"):
        path = folder / f"rows_{labels}.jsonl"
        if path.exists():
            found[labels] = summary([json.loads(line) for line in path.open()])
    return {"benchmark": "response_images", "simulated": True, "seed": SETTINGS.seed, **found}


def summary(patients: Sequence[dict[str, object]]) -> dict[str, object]:
    """Give agreement with intervals over patients, and what is read as what."""
    rows = [
        (patient["patient"], *row)
        for patient in patients
        for row in patient["judged"]  # type: ignore[attr-defined]
    ]
    away = [mm for patient in patients for mm in patient["registration_mm"]]  # type: ignore[attr-defined]
    table = {}
    for criterion in CRITERIA:
        own = [row for row in rows if row[1] == criterion]
        whose = [row[0] for row in own]
        tables = [float(row[6]) for row in own]
        phantom = [float(as_phantom(row[3]) == row[5]) for row in own]
        table[criterion] = {
            "tables": share(tables, whose),
            "phantom": share(phantom, whose),
            "not_assessable": round(float(np.mean([row[3] == "not assessable" for row in own])), 3),
        }
    wrong = Counter((row[1], row[4], row[3]) for row in rows if not row[6])
    return {
        "patients": len(patients),
        "visits_after_baseline": len(rows) // len(CRITERIA),
        "phantom_categories": Counter(row[5] for row in rows if row[1] == "rano2_2023"),
        "registration_mm": [float(np.median(away)), float(np.max(away))],
        "agreement": table,
        "read_as": [[*pair, count] for pair, count in wrong.most_common(40)],
    }


def as_phantom(category: str) -> str:
    """Give a category in the words of the phantom."""
    plain = category.removeprefix("preliminary ")
    return AS_PHANTOM.get(plain, plain)


def share(values: Sequence[float], patients: Sequence[object]) -> list[float]:
    """Give a share and its 95 % interval over patients."""
    low, high = mean_interval(values, patients=patients, seed=0)  # type: ignore[arg-type]
    return [round(float(value), 3) for value in (np.mean(values), low, high)]


if __name__ == "__main__":
    main()
