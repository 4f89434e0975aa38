"""Does what the papers added help, as they say? Each system with and without it, on 5 seeds.

python -m benchmarks.published_ablations [--seeds 5] [--only havaei2017]    prints one JSON line

For each seed a new simulated cohort (64 voxels a side) is dealt to patients that teach and
patients that are tested, and a new training begins; both arms share cohort, split, seed and
schedule. The figure is the mean over the tested patients; the difference is intact minus ablated,
and the interval is that of its mean by bootstrap of seeds. Five seeds show a direction, not a size.

- chen2018: features of the first network set to zero (tumor core, enhancing tumor: Dice).
- havaei2017: one training phase in place of two (whole tumor: positive predictive value and Dice).
- yi2016: random filters in place of differences of Gaussians (whole tumor: Dice).
- rao2015: the best single sequence of four, chosen on the tested patients themselves, in place of
  all four (mean of the three regions: Dice).

All results are of simulated patients and of the smallest networks (`TINY`, longer).
"""

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from gliokit.analysis.systems import SYSTEMS
from gliokit.core.cohort import Cohort
from gliokit.core.image import region_mask
from gliokit.core.settings import changed
from gliokit.core.system import TrainingRun
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.bootstrap import mean_interval
from gliokit.evaluation.overlap import dice, positive_predictive_value
from gliokit.phantom.cohort import CohortSettings
from gliokit.phantom.in_memory import cohort_in_memory

WT, TC, ET = Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR
METRICS = {"dice": dice, "ppv": positive_predictive_value}
FIRST_SEED = 100

Changes = Mapping[str, object]


@dataclass(frozen=True)
class Ablation:
    """One claim of a paper.

    Attributes
    ----------
    system : str
        Which.
    size : mapping
        Changes to `TINY` that both arms share.
    ablated : sequence of mapping
        Changes that take the thing away; the best of them is compared.
    metric, regions
        What is looked at.
    """

    system: str
    size: Changes
    ablated: Sequence[Changes]
    metric: str
    regions: tuple[Region, ...]


ABLATIONS = (
    Ablation(
        "chen2018",
        {"schedule": {"steps": 150}},
        [{"first_network_features": False}],
        "dice",
        (TC, ET),
    ),
    Ablation(
        "havaei2017",
        {"balanced": {"steps": 150}, "natural": {"steps": 50}},
        [{"phases": 1}],
        "ppv",
        (WT,),
    ),
    Ablation(
        "yi2016",
        {"bank": {"number": 8, "smallest_mm": 2.45}},  # 0.7 voxels, as at 1 mm
        [{"bank": {"kind": "random"}}],
        "dice",
        (WT,),
    ),
    Ablation(
        "rao2015",
        {},
        [{"sequences": [sequence]} for sequence in MRSequence],
        "dice",
        (WT, TC, ET),
    ),
)


def main() -> None:
    """Run every ablation on every seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--patients", type=int, default=12, help="a third of them is tested")
    parser.add_argument("--only", choices=sorted(SYSTEMS))
    args = parser.parse_args()
    chosen = [own for own in ABLATIONS if args.only in (None, own.system)]
    differences: dict[str, list[dict[str, float]]] = {own.system: [] for own in chosen}
    for seed in range(FIRST_SEED, FIRST_SEED + args.seeds):
        settings = CohortSettings(patients=args.patients, tiny=True, seed=seed, core_ml=40.0)
        cohort = cohort_in_memory(settings)
        for ablation in chosen:
            found = compare(ablation, cohort, seed)
            differences[ablation.system].append(found)
            print(f"seed {seed} {ablation.system} {found}", file=sys.stderr, flush=True)
    print(
        json.dumps(
            {
                "benchmark": "published_ablations",
                "simulated": True,
                "seeds": args.seeds,
                "patients_per_cohort": args.patients,
                "results": {own.system: summary(differences[own.system]) for own in chosen},
                "gliokit": version("gliokit"),
                "torch": version("torch"),
            }
        )
    )


def compare(ablation: Ablation, cohort: Cohort, seed: int) -> dict[str, float]:
    """Train both arms and give their figures on the tested patients."""
    kind = SYSTEMS[ablation.system]
    intact = changed(kind.TINY, ablation.size)
    without = [changed(intact, change) for change in ablation.ablated]
    scores = [score(ablation, kind, own, cohort, seed) for own in (intact, *without)]
    best = max(scores[1:], key=lambda own: own[ablation.metric])
    return {
        f"{name} {arm}": own[name]
        for arm, own in (("intact", scores[0]), ("ablated", best))
        for name in METRICS
    }


def score(ablation, kind, settings, cohort: Cohort, seed: int) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Train one arm; mean of each metric over the regions and the tested patients."""
    tested = len(cohort) // 3
    train = cohort.only({row.study_id for row in cohort.rows[tested:]})
    system = kind(settings, run=TrainingRun(seed=seed)).fit(train)
    values: dict[str, list[float]] = {name: [] for name in METRICS}
    for row in cohort.rows[:tested]:
        answer = system.predict(cohort.load(row)).labels.array
        truth = cohort.load_labels(row).array
        for region in ablation.regions:
            pair = region_mask(truth, region), region_mask(answer, region)
            for name, metric in METRICS.items():
                value = metric(*pair)
                values[name].append(0.0 if np.isnan(value) else value)  # nothing was predicted
    return {name: statistics.mean(own) for name, own in values.items()}


def summary(found: list[dict[str, float]]) -> dict[str, object]:
    """Means of both arms, their difference, and on how many seeds it is above 0."""
    result: dict[str, object] = {}
    for name in METRICS:
        gains = [own[f"{name} intact"] - own[f"{name} ablated"] for own in found]
        result[name] = {
            "intact": round(statistics.mean(own[f"{name} intact"] for own in found), 3),
            "ablated": round(statistics.mean(own[f"{name} ablated"] for own in found), 3),
            "difference": round(statistics.mean(gains), 3),
            "better_on": sum(gain > 0 for gain in gains),
        }
        if len(gains) > 1:
            low, high = mean_interval(gains, patients=range(len(gains)), seed=0)
            result[name]["interval"] = [round(low, 3), round(high, 3)]  # type: ignore[index]
    return result


if __name__ == "__main__":
    main()
