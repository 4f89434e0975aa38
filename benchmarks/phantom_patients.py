"""Do simulated patients have the prevalences, medians and hazards that are stated?

python -m benchmarks.phantom_patients [--patients 5000]     prints one JSON line

Patients without images, at the default dials and at null; medians by Kaplan-Meier, in months
from the diagnostic scan, beside the targets of the review. Ratios are found against stated. With
`--page FILE` the table between the `patients` marks of that page is replaced.
"""

import argparse
import json
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sksurv.nonparametric import kaplan_meier_estimator

from gliokit.core.vocabulary import IDHStatus, MGMTStatus, Progression
from gliokit.phantom.cohort import CohortSettings, draw_facts, draw_visits
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.patient import Patient
from gliokit.phantom.patients.survival import MONTH_DAYS

START, END = "<!-- patients -->", "<!-- /patients -->"
EARLY_DAYS = 182  # after radiation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=5000)
    parser.add_argument("--page", type=Path, help="page whose table is replaced")
    args = parser.parse_args()
    started = time.perf_counter()
    drawn = draw(Dials(), args.patients)
    seconds = time.perf_counter() - started
    found = figures(drawn)
    null = figures(draw(Dials.null(), args.patients))
    rows = [(name, stated, found[name], null[name]) for name, stated in STATED.items()]
    if args.page:
        write_table(args.page, rows, args.patients)
    print(
        json.dumps(
            {
                "benchmark": "phantom_patients",
                "patients": args.patients,
                "ms_per_patient": round(1000 * seconds / args.patients, 3),
                "figures": {name: [stated, now, nil] for name, stated, now, nil in rows},
                "versions": {p: version(p) for p in ("gliokit", "scikit-survival")},
            }
        )
    )


STATED = {
    "IDH-mutant, %": "35 (assumed)",
    "MGMT methylated in glioblastoma, %": "45 (Hegi 2005)",
    "MGMT methylated in IDH-mutant, %": "mostly",
    "codeleted among IDH-mutant, %": "40 (assumed)",
    "median age, glioblastoma, years": "64 (CBTRUS)",
    "median age, IDH-mutant, years": "38-43 (assumed)",
    "median survival, grade 4, IDH-wildtype, months": "15",
    "median survival, grade 4, IDH-mutant, months": "31",
    "median survival, methylated glioblastoma, RT+TMZ, months": "21.7",
    "median survival, methylated glioblastoma, RT, months": "15.3",
    "pseudoprogression among new enhancement within six months of RT, %": "36",
}


def draw(dials: Dials, patients: int) -> list[Patient]:
    """Draw a cohort without images."""
    settings = CohortSettings(patients=patients, seed=1, dials=dials)
    return [draw_facts(settings, number) for number in range(patients)]


def figures(patients: Sequence[Patient]) -> dict[str, float]:
    """Measure what `STATED` names."""
    mutant = [p for p in patients if p.genotype.idh is IDHStatus.MUTANT]
    glioblastoma = [p for p in patients if p.genotype.idh is IDHStatus.WILDTYPE]
    methylated = [p for p in glioblastoma if p.genotype.mgmt is MGMTStatus.METHYLATED]
    values = [
        100 * len(mutant) / len(patients),
        100 * len(methylated) / len(glioblastoma),
        100 * np.mean([p.genotype.mgmt is MGMTStatus.METHYLATED for p in mutant]),
        100 * np.mean([p.genotype.codel_1p19q == "codeleted" for p in mutant]),
        np.median([p.age for p in glioblastoma]),
        np.median([p.age for p in mutant]),
        median_months(glioblastoma),
        median_months([p for p in mutant if p.genotype.grade == 4]),
        median_months([p for p in methylated if p.therapy == "RT+TMZ"]),
        median_months([p for p in methylated if p.therapy == "RT"]),
        100 * pseudo_share(patients),
    ]
    return {name: round(float(v), 1) for name, v in zip(STATED, values, strict=True)}


def median_months(patients: Sequence[Patient]) -> float:
    """Give the Kaplan-Meier median."""
    events = np.array([p.os_event for p in patients])
    times, alive = kaplan_meier_estimator(events, np.array([p.os_days for p in patients]))
    below = np.flatnonzero(alive <= 0.5)
    return float(times[below[0]] / MONTH_DAYS) if len(below) else float("nan")


def pseudo_share(patients: Sequence[Patient]) -> float:
    """Share of first new enhancement, within six months of radiation, that is pseudo."""
    settings = CohortSettings(visits=5)
    causes = []
    for patient in patients:
        after = [v for v in draw_visits(settings, patient) if v.days_since_radiation_end]
        first = next((v for v in after if v.cause is not Progression.NONE), None)
        if first and (first.days_since_radiation_end or 0) <= EARLY_DAYS:
            causes.append(first.cause is Progression.PSEUDO)
    return float(np.mean(causes))


def write_table(page: Path, rows: Sequence[tuple[str, str, float, float]], patients: int) -> None:
    """Replace what stands between the marks."""
    lines = [
        f"| {patients} simulated patients | stated | default dials | null |",
        "|---|---|---|---|",
    ]
    lines += [f"| {name} | {stated} | {found:g} | {null:g} |" for name, stated, found, null in rows]
    before, _, rest = page.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    text = "\n".join([START, *lines, END])
    page.write_text(before + text + after, encoding="utf-8")


if __name__ == "__main__":
    main()
