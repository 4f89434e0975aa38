"""How often does a category survive the voxels: courses of known truth, by shape and slices?

A course is four visits of one lesion that grows and shrinks: a ball, a tilted ellipsoid, a ring
of enhancement, or an irregular body. Its truth is what the same criterion says of the lesion on
voxels of 0.5 mm. It is then seen on 1 x 1 mm in slices of 1, 3 and 5 mm, cut at a place that is
drawn. Steroids and clinical state are stable, the last radiation was long ago.

All courses are simulated, and each voxel belongs to the lesion if its center does: no error of
an outline is in these figures, only those of sampling.

python -m benchmarks.response_courses     prints one JSON line
"""

import argparse
import json
from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine, Grid
from gliokit.core.vocabulary import ClinicalChange
from gliokit.evaluation.bootstrap import mean_interval
from gliokit.measurement.lesion_matching import number_lesions
from gliokit.measurement.lesion_size import Protocol
from gliokit.measurement.measurability import SIZE_RULES
from gliokit.measurement.response.course import classify_course
from gliokit.measurement.response.criterion import Baseline
from gliokit.measurement.response.facts import Flair
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.visit import Disease, Treatment, Visit
from gliokit.measurement.targets import LesionVisit, VisitSizes, follow_lesions

SHAPES = ("ball", "ellipsoid", "ring", "irregular")
THICKNESS_MM = (1.0, 3.0, 5.0)
CRITERIA = ("macdonald1990", "rano2_2023", "rano2_2023-volume")
VISITS, DAYS = 4, 60
FIELD_MM, FINE_MM = 64.0, 0.5
MINIMUM_ML = 0.05
TREATMENT = Treatment(
    radiation_end_day=-400, antiangiogenic=False, prone_to_pseudoprogression=False
)
OPTIONS = Options(baseline=Baseline.FIRST)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--courses", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    agree: dict[tuple[str, float, str], list[float]] = {}
    for number in range(args.courses):
        rng = np.random.default_rng([args.seed, number])
        shape = SHAPES[number % len(SHAPES)]
        body, scales = draw_body(shape, rng), draw_scales(rng)
        truth = see(body, scales, np.full(3, FINE_MM), np.zeros(3))
        for thick in THICKNESS_MM:
            spacing = np.array([1.0, 1.0, thick])
            seen = see(body, scales, spacing, rng.uniform(-0.5, 0.5, 3) * spacing)
            for criterion in CRITERIA:
                same = [a == b for a, b in zip(truth[criterion], seen[criterion], strict=True)]
                agree.setdefault((shape, thick, criterion), []).append(float(np.mean(same)))
    line = {
        "benchmark": "response_courses",
        "simulated": True,
        "courses": args.courses,
        "visits_after_baseline": VISITS - 1,
        "agreement": table(agree),
    }
    print(json.dumps(line))


def draw_body(shape: str, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Draw radii (3,), a rotation (3, 3), bumps (n, 4) and the inner radius of a rim."""
    radius = rng.uniform(9, 15)
    axes = {"ellipsoid": rng.uniform(0.6, 1.4, 3)}.get(shape, np.ones(3))
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    bumps = np.zeros((0, 4))
    if shape == "irregular":  # directions and heights, as a share of the radius
        way = rng.standard_normal((8, 3))
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        bumps = np.hstack([way, rng.uniform(-0.35, 0.6, (8, 1))])
    hollow = np.array([0.6 if shape == "ring" else 0.0])
    return {"radii": radius * axes, "turn": turn, "bumps": bumps, "hollow": hollow}


def draw_scales(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the size of each visit (VISITS,), 1 at the first: growth and shrinkage by steps."""
    return np.exp(np.concatenate([[0.0], np.cumsum(rng.normal(0, 0.2, VISITS - 1))]))


def see(
    body: dict[str, NDArray[np.float64]],
    scales: NDArray[np.float64],
    spacing: NDArray[np.float64],
    shift: NDArray[np.float64],
) -> dict[str, list[str]]:
    """Put the lesion of each visit on voxels, and give the categories after the baseline."""
    shape = np.ceil(FIELD_MM / spacing).astype(int)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -(shape - 1) / 2 * spacing + shift
    masks = [lesion(body, scale, shape, affine) for scale in scales]
    numbers = [number_lesions(mask, affine, minimum_ml=MINIMUM_ML) for mask in masks]
    visits = [LesionVisit(DAYS * k, own, affine) for k, own in enumerate(numbers)]
    grid = Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)
    found: dict[str, list[str]] = {}
    followed: dict[str, tuple[VisitSizes, ...]] = {}
    for criterion in CRITERIA:
        rule = criterion.removesuffix("-volume")
        if rule not in followed:
            followed[rule] = follow_lesions(visits, grid, Protocol(SIZE_RULES[rule]))
        told = [
            Visit(
                day=sizes.day,
                enhancing=Disease(sizes.product_mm2, sizes.volume_ml, sizes.nontarget),
                new_lesion=sizes.new_lesion,
                flair=Flair.STABLE,
                dexamethasone_mg_per_day=0.0,
                clinical_change=ClinicalChange.STABLE,
            )
            for sizes in followed[rule]
        ]
        answers = classify_course(told, criterion, treatment=TREATMENT, options=OPTIONS)
        found[criterion] = [str(answer.category) for answer in answers[1:]]
    return found


def lesion(
    body: dict[str, NDArray[np.float64]], scale: float, shape: NDArray[np.int_], affine: Affine
) -> NDArray[np.bool_]:
    """Give the voxels (X, Y, Z) whose centers lie in the body of one visit."""
    axes = [np.arange(n) * affine[k, k] + affine[k, 3] for k, n in enumerate(shape)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    turned = points @ body["turn"] / (body["radii"] * scale)
    distance = np.linalg.norm(turned, axis=-1)
    surface = np.ones_like(distance)
    for *way, height in body["bumps"]:
        cosine = turned @ np.array(way) / np.maximum(distance, 1e-9)
        surface += height * np.exp(8 * (cosine - 1))
    return (distance <= surface) & (distance >= surface * body["hollow"])


def table(agree: dict[tuple[str, float, str], list[float]]) -> dict[str, dict[str, list[float]]]:
    """Give share and 95 % interval over courses, by criterion, of shape and thickness."""
    rows: dict[str, dict[str, list[float]]] = {}
    for criterion, shape, thick in product(CRITERIA, (*SHAPES, "all"), THICKNESS_MM):
        shapes: Sequence[str] = SHAPES if shape == "all" else (shape,)
        values = [value for one in shapes for value in agree[one, thick, criterion]]
        low, high = mean_interval(values, patients=range(len(values)), seed=0)
        cell = [round(float(np.mean(values)), 3), round(low, 3), round(high, 3)]
        rows.setdefault(criterion, {})[f"{shape}, {thick:g} mm"] = cell
    return rows


if __name__ == "__main__":
    main()
