"""How often is each series of a study told for what it is, and is it sure when it is right?

python -m benchmarks.series_identification ANATOMY_FOLDER [--studies FOLDER] [--cases FOLDER]

prints one JSON line.

Simulated: whole-head studies of patients with a tumor, as three vendors write them (classic or
enhanced files, scanner and settings drawn), each in one of the last four label maps by name, which
neither the mean head nor the model `contrast` was made of; the weights of headers were not fitted
to anything. Each has a localizer, T1, T2, FLAIR, ADC and two T1 with agent, and four others: SWI,
T2*, diffusion without a b-value, and a slab of a T1-weighted angiogram. They are read as DICOM,
and told again with headers that lack something or say what is not so (`WAYS`). For each of the four
sequences the chosen series is right, wrong, or none is chosen. Beside it: what descriptions alone
would choose.

Limits: headers are drawn from the consensus protocol that the rules of headers follow too, so
that whole headers show that the rules are kept, not that they are true of other hospitals.
Susceptibility and flow are not simulated: the pixels of the four others look like T1 or T2. Heads
have voxels of 2 mm, series 1.5 times the voxels of the protocols; `--voxel-mm 1 --coarseness 1`
takes several times as long.

Real (`--studies`, a folder of studies): images of twelve stripped studies, one registered, one
as scanned, and eight single T1 with agent; by pixels alone. All but the last eight were looked at
while rules were made.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gliokit.core.errors import SimulationError
from gliokit.core.series import AcquisitionFacts, Series
from gliokit.core.vocabulary import Map, MRSequence
from gliokit.io.dicom import read_dicom
from gliokit.io.dicom_writer import SeriesFacts
from gliokit.io.nifti import read_image
from gliokit.phantom.body.anatomy import find_anatomies
from gliokit.phantom.body.individual import Voxels
from gliokit.phantom.cohort import CohortSettings, draw_facts, scan_visit, scanner_of
from gliokit.phantom.dicom.identifiers import draw_identity
from gliokit.phantom.dicom.render import HeadScan
from gliokit.phantom.dicom.series import (
    AXIAL,
    Role,
    SeriesPlan,
    StudyPlan,
    covering_grid,
    draw_plan,
)
from gliokit.phantom.dicom.study import write_study
from gliokit.phantom.person import Making, looks, make_person
from gliokit.phantom.scan.signal import Protocol, Pulse
from gliokit.preprocessing.header_evidence import SeriesKind, described_kind
from gliokit.preprocessing.identify import identify
from training.anatomy.heads import HELD_OUT

SEED = 880
SIDE_MM = 256.0  # of a head's volume
SLAB_MM = 80.0  # of an angiogram
OTHERS_S, APART_S = 1190, 40  # when they begin: before the agent
BINS = (0.7, 0.9, 0.99)  # of stated confidence
TIMELESS = {"repetition_ms": None, "echo_ms": None, "inversion_ms": None}


@dataclass(frozen=True)
class Case:
    """A study whose series are known.

    Attributes
    ----------
    truth : mapping of int to SeriesKind
        By number of the series.
    """

    name: str
    series: tuple[Series, ...]
    truth: Mapping[int, SeriesKind]


@dataclass(frozen=True)
class Other:
    """A series that is none of the four sequences."""

    kind: SeriesKind
    description: str
    protocol: Protocol
    coded: tuple[str, ...]
    spacing_mm: tuple[float, float, float]
    slab: bool = False


GRADIENT, SPIN = Pulse.SPOILED_GRADIENT_ECHO, Pulse.SPIN_ECHO
OTHERS = (  # usual settings, from memory
    Other(
        SeriesKind.SWI, "SWI_Images", Protocol(GRADIENT, 28, 20, 0, 15), ("GR",), (0.9, 0.9, 2.0)
    ),
    Other(SeriesKind.SWI, "t2* fl2d", Protocol(GRADIENT, 650, 25, 0, 20), ("GR",), (0.9, 0.9, 5.0)),
    Other(SeriesKind.DWI, "DWI b1000", Protocol(SPIN, 5200, 90), ("EP", "SE"), (1.2, 1.2, 5.0)),
    Other(
        SeriesKind.OTHER,
        "TOF 3D multislab",
        Protocol(GRADIENT, 22, 3.7, 0, 20),
        ("GR",),
        (0.9, 0.9, 1.0),
        slab=True,
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("anatomies", type=Path)
    parser.add_argument("--patients", type=int, default=12)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--voxel-mm", type=float, default=2.0)
    parser.add_argument("--coarseness", type=float, default=1.5)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--studies", type=Path, help="real ones")
    parser.add_argument("--cases", type=Path, help="folder to keep the patients in")
    args = parser.parse_args()
    paths = find_anatomies(args.anatomies)[-HELD_OUT:]
    voxels = Voxels(args.voxel_mm, (round(SIDE_MM / args.voxel_mm),) * 3)
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        folder, rows, patients = args.cases or Path(scratch), [], 0
        for number in range(args.seed, args.seed + args.patients):
            anatomy = paths[number % len(paths)]
            kept = keep_case(folder / str(number), anatomy, number, voxels, args.coarseness)
            if kept is None:
                continue
            case, patients = read_case(kept), patients + 1
            rows += [row for way in args.ways for row in told(WAYS[way](case), way)]
            rows += list(by_description(case))
            print(f"{number}: {time.process_time() - begun:.0f} s", file=sys.stderr)
    real = [row for case, way in real_cases(args.studies) for row in told(case, way)]
    line = {
        "benchmark": "series_identification",
        "device": "cpu",
        "simulated": {
            "patients": patients,
            "seed": args.seed,
            "voxel_mm": args.voxel_mm,
            "coarseness": args.coarseness,
            "ways": by_way(rows),
            "confidence": confidence(rows),
        },
        "real_by_pixels_alone": {"ways": by_way(real), "confidence": confidence(real)},
        "cpu_seconds": round(time.process_time() - begun),
        "versions": {package: version(package) for package in ("gliokit", "numpy", "scipy")},
    }
    print(json.dumps(line))


def keep_case(
    folder: Path, anatomy: Path, number: int, voxels: Voxels, coarseness: float
) -> Path | None:
    """Simulate a study as DICOM, unless that was done before; None where no tumor fits."""
    truth = folder / "truth.json"
    if not truth.exists():
        try:
            render = scan_head(anatomy, number, voxels)
        except SimulationError as reason:
            print(reason, file=sys.stderr)
            return None
        rng = np.random.default_rng(number)
        scanner, patient = render.simulated.person.scanner, render.simulated.person.patient
        plan = draw_plan(
            rng,
            vendor=scanner.vendor,
            extent_mm=render.extent_mm,
            field_t=scanner.field_t,
            coarseness=coarseness,
            enhanced=bool(rng.integers(2)),
        )
        plan = with_others(plan, render, coarseness)
        identity = draw_identity(rng, age=patient.age, sex=patient.sex)
        folder.mkdir(parents=True, exist_ok=True)
        write_study(folder / "dicom", plan, render=render, identity=identity, day=0)
        truth.write_text(json.dumps(kinds_of(plan)))
    return folder


def scan_head(anatomy: Path, number: int, voxels: Voxels) -> HeadScan:
    """Put a patient of a seed of the same number into a scanner."""
    settings = CohortSettings(seed=number, anatomies=(anatomy,), head=True, stripped=False)
    patient = draw_facts(settings, 0)
    making = Making(voxels, head=True, anatomies=settings.anatomies)
    scanner = scanner_of(settings, patient.site)
    person = make_person(patient, scanner, making, dials=settings.dials)
    look = next(iter(looks(person)))
    return HeadScan(scan_visit(person, look, settings))


def with_others(plan: StudyPlan, render: HeadScan, coarseness: float) -> StudyPlan:
    """Add the series that are none of the four sequences."""
    last = max(one.facts.number for one in plan.series)
    series = list(plan.series)
    for place, other in enumerate(OTHERS):
        spacing = np.array(other.spacing_mm) * coarseness
        slices = round(SLAB_MM / spacing[2]) if other.slab else None
        grid = covering_grid(render.extent_mm, axes=AXIAL, spacing_mm=spacing, slices=slices)
        facts = SeriesFacts(
            number=last + place + 1,
            description=other.description,
            image_type=("ORIGINAL", "PRIMARY"),
            scanning_sequence=other.coded,
            sequence_variant=("SP",),
            acquisition_type="3D" if other.spacing_mm[2] < 3 else "2D",
            repetition_ms=other.protocol.tr_ms,
            echo_ms=other.protocol.te_ms,
            inversion_ms=None,
            flip_degrees=other.protocol.flip_degrees,
            thickness_mm=float(spacing[2]),
            delay_s=OTHERS_S + APART_S * place,
        )
        shown = MRSequence.T1 if other.protocol.pulse is GRADIENT else MRSequence.T2
        series.append(SeriesPlan(Role.IMAGE, shown, other.protocol, grid, facts, 1000.0))
    return replace(plan, series=tuple(series))


def kinds_of(plan: StudyPlan) -> dict[int, SeriesKind]:
    """Give the kind of each series by the scanner's number."""
    first_other = len(plan.series) - len(OTHERS)
    kinds = {}
    for place, one in enumerate(plan.series):
        if place >= first_other:
            kind = OTHERS[place - first_other].kind
        elif one.role is Role.LOCALIZER:
            kind = SeriesKind.LOCALIZER
        else:
            kind = SeriesKind.ADC if one.sequence is Map.ADC else SeriesKind(one.sequence)
        kinds[one.facts.number] = kind
    return kinds


def read_case(folder: Path) -> Case:
    (study,) = read_dicom(folder / "dicom")
    kinds = json.loads((folder / "truth.json").read_text())
    truth = {
        one.number: SeriesKind(kinds[str(int(study.headers[one.number][0].SeriesNumber))])
        for one in study.series
    }
    return Case(folder.name, study.series, truth)


def real_cases(folder: Path | None) -> Iterator[tuple[Case, str]]:
    """Give real studies without any header, and what they are."""
    if folder is None:
        return
    for way in ("labelled", "registered", "raw_head"):
        for path in sorted((folder / way).iterdir()):
            images = {s: read_image(path / f"{s}.nii.gz") for s in reversed(MRSequence)}
            series = [Series(n, image) for n, image in enumerate(images.values(), 1)]
            truth = {n: SeriesKind(sequence) for n, sequence in enumerate(images, 1)}
            yield Case(path.name, tuple(series), truth), way
    for path in sorted((folder / "post_treatment").glob("*/*_Scan_T1.nii.gz")):
        yield Case(path.name, (Series(1, read_image(path)),), {1: SeriesKind.T1C}), "post_treatment"


def changed(**facts: object) -> Callable[[Case], Case]:
    """Give a change of every header."""

    def change(case: Case) -> Case:
        series = [replace(one, facts=replace(one.facts, **facts)) for one in case.series]
        return replace(case, series=tuple(series))

    return change


def as_written(case: Case) -> Case:
    return case


def exchanged(case: Case) -> Case:
    """Give each series the description of the next one; that of the last to the first."""
    texts = [one.facts.description for one in case.series]
    series = [
        replace(one, facts=replace(one.facts, description=text))
        for one, text in zip(case.series, texts[1:] + texts[:1], strict=True)
    ]
    return replace(case, series=tuple(series))


def t1_exchanged(case: Case) -> Case:
    """Describe T1 as T1 with agent, and T1 with agent as T1."""
    texts: dict[SeriesKind, str] = {}
    for one in case.series:
        texts.setdefault(case.truth[one.number], one.facts.description)
    others = {SeriesKind.T1: SeriesKind.T1C, SeriesKind.T1C: SeriesKind.T1}
    series = []
    for one in case.series:
        kind = case.truth[one.number]
        facts = replace(one.facts, description=texts[others.get(kind, kind)])
        series.append(replace(one, facts=facts) if kind in others else one)
    return replace(case, series=tuple(series))


def bare(case: Case) -> Case:
    """Leave the pixels."""
    series = [replace(one, facts=AcquisitionFacts()) for one in case.series]
    return replace(case, series=tuple(series))


def usual(case: Case) -> Case:
    """Leave the others out."""
    strange = {SeriesKind.SWI, SeriesKind.DWI, SeriesKind.OTHER}
    kept = [one for one in case.series if case.truth[one.number] not in strange]
    return replace(case, series=tuple(kept))


def one_of_each(case: Case) -> Case:
    """Leave the first series of each of the four sequences."""
    first: dict[SeriesKind, Series] = {}
    for one in case.series:
        first.setdefault(case.truth[one.number], one)
    return replace(case, series=tuple(first[SeriesKind(sequence)] for sequence in MRSequence))


WAYS: dict[str, Callable[[Case], Case]] = {
    "as written": usual,
    "no description": lambda case: usual(changed(description="")(case)),
    "descriptions exchanged": lambda case: exchanged(usual(case)),
    "no inversion time": lambda case: usual(changed(inversion_ms=None)(case)),
    "no agent, element missing": lambda case: usual(changed(contrast_agent=None)(case)),
    "no agent, element empty": lambda case: usual(changed(contrast_agent=False)(case)),
    "no agent, descriptions exchanged": lambda case: exchanged(
        usual(changed(contrast_agent=None)(case))
    ),
    "no agent, element empty, T1 and T1c described as each other": lambda case: t1_exchanged(
        usual(changed(contrast_agent=False)(case))
    ),
    "no times": lambda case: usual(changed(**TIMELESS)(case)),
    "with others": as_written,
    "with others, descriptions exchanged": exchanged,
    "pixels alone": lambda case: bare(usual(case)),
    "pixels alone, one series of each": lambda case: bare(one_of_each(case)),
}


def told(case: Case, way: str) -> Iterator[dict[str, object]]:
    """Say for each sequence whether the right series was chosen, and what each series is told."""
    plan = identify(case.series)
    for number, (kind, _) in plan.kinds.items():
        yield {"way": way, "kind": case.truth[number], "kind_told": kind}
    for sequence in MRSequence:
        choice = plan.chosen.get(sequence)
        taken = None if choice is None else case.truth[choice.number]
        row = outcome(case, sequence, taken)
        if row is not None:
            sure = None if choice is None else choice.confidence
            yield {"way": way, "case": case.name, "confidence": sure, **row}


def by_description(case: Case) -> Iterator[dict[str, object]]:
    """Choose the first series whose description names the sequence."""
    named = [(described_kind(one.facts.description), one.number) for one in usual(case).series]
    for sequence in MRSequence:
        fitting = [number for kind, number in named if kind == SeriesKind(sequence)]
        taken = case.truth[fitting[0]] if fitting else None
        yield {"way": "descriptions alone", "confidence": None, **outcome(case, sequence, taken)}


def outcome(case: Case, sequence: MRSequence, taken: SeriesKind | None) -> dict[str, object] | None:
    """Judge a choice; None where a sequence that is not there was not chosen."""
    if taken is None:
        there = SeriesKind(sequence) in case.truth.values()
        return {"sequence": sequence, "told": "left out", "taken": None} if there else None
    right = taken == SeriesKind(sequence)
    return {"sequence": sequence, "told": "right" if right else "wrong", "taken": taken}


def by_way(rows: Sequence[dict[str, object]]) -> dict[str, dict[str, object]]:
    """Count what was told, by what headers hold."""
    counts = {}
    for way in dict.fromkeys(row["way"] for row in rows):
        own = [row for row in rows if row["way"] == way and "told" in row]
        kinds = [row for row in rows if row["way"] == way and "kind" in row]
        said = Counter(row["told"] for row in own)
        wrong = Counter(f"{r['taken']} as {r['sequence']}" for r in own if r["told"] == "wrong")
        missed = Counter(str(r["sequence"]) for r in own if r["told"] == "left out")
        counts[way] = {
            **{name: said[name] for name in ("right", "wrong", "left out")},
            "wrong_series": dict(wrong),
            "left_out_of": dict(missed),
            "kinds_right": f"{sum(r['kind'] == r['kind_told'] for r in kinds)} of {len(kinds)}",
        }
    return counts


def confidence(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Compare stated confidence with the share that is right, bin by bin."""
    chosen = [row for row in rows if row.get("confidence") is not None]
    bins = []
    for low, high in zip(BINS, (*BINS[1:], np.inf), strict=True):
        own = [row for row in chosen if low <= row["confidence"] < high]
        if own:
            stated = float(np.mean([row["confidence"] for row in own]))
            right = float(np.mean([row["told"] == "right" for row in own]))
            bins.append({"from": low, "n": len(own), "stated": stated, "right": right})
    return [{k: round(v, 4) for k, v in one.items()} for one in bins]


if __name__ == "__main__":
    main()
