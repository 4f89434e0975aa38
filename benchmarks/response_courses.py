"""How often does a category survive the voxels: 200 courses of known size, by shape and slices?

python -m benchmarks.response_courses ROWS.jsonl [--first 0 --courses 200]  a line each, goes on
python -m benchmarks.response_courses ROWS.jsonl ... --report              prints one JSON line

A course is one to six lesions at four or five visits (`response_plans`): a ball, an ellipsoid, a
ring of enhancement around necrosis, something irregular (a crescent or a bumpy body), several
lesions, or a nodule of a cavity's wall, in half of these with a rim of 1.5 mm that is labelled with
it. Its truth is what each criterion says of the true sizes of these bodies (`response_bodies`,
`response_truth`). It is then seen on 1 x 1 mm in slices of 1, 3 and 5 mm, cut at another place at
every visit, and goes through labels, lesions, matching and measurement as in `gliokit response`.

Each course is judged twice: with the facts of a patient of the phantom, some of them unknown, and
where all else is stable and known, so that size alone decides. A visit agrees if the category is
the same, and if nothing is decided, if the categories left are the same.

All courses are simulated. A voxel belongs to the lesion if its center does, and visits lie in one
space: no error of an outline or of a registration is in these figures, only those of sampling.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.response_agreement import report
from benchmarks.response_bodies import Bitten, paint, true_size
from benchmarks.response_plans import Course, draw_course
from benchmarks.response_truth import (
    FILLED,
    RULES,
    Told,
    assessed,
    margin,
    thresholds_of,
    true_courses,
)
from gliokit.core.geometry import Grid
from gliokit.measurement.chords import Ends
from gliokit.measurement.diameters import Calipers
from gliokit.measurement.lesion_matching import number_lesions
from gliokit.measurement.lesion_size import Protocol
from gliokit.measurement.measurability import SIZE_RULES, measured_mask
from gliokit.measurement.nontarget import NONTARGET_RULES
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.comparison import size_facts
from gliokit.measurement.response.readings import SmallGrowth
from gliokit.measurement.targets import LesionVisit, follow_lesions, lesion_visit

THICKNESS_MM = (1.0, 3.0, 5.0)
MINIMUM_ML = 0.1  # the command's default
MARGIN_MM = 8.0
CLOSE = 0.05

# labels (X, Y, Z) and voxel index to mm
Map: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.float64]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--courses", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ends", choices=list(Ends), type=Ends, default=Ends.EDGE)
    parser.add_argument("--report", action="store_true")
    args = parser.parse_args()
    lines = [line for path in args.rows if path.exists() for line in path.open()]
    if args.report:
        courses = {course["course"]: course for course in map(json.loads, lines)}
        print(json.dumps(report([courses[number] for number in sorted(courses)])))
        return
    for number in range(args.first + len(lines), args.first + args.courses):
        line = json.dumps(judge_course(number, args.seed, args.ends))
        with args.rows[0].open("a") as file:
            file.write(line + "\n")


def judge_course(number: int, seed: int, ends: Ends = Ends.EDGE) -> dict[str, object]:
    """Judge a course by its truth and on voxels; visits as lists, see `compared`."""
    course = draw_course(number, seed=seed)
    rng = np.random.default_rng([seed, number, 1])
    truth = true_courses(course.lesions)
    visits = []
    for thick in THICKNESS_MM:
        maps = see(course, thick, rng)
        seen = measure(course, maps, rests=True, ends=ends)
        for asked, known in (("facts", course), ("size", course.quiet)):
            visits += compared(known, truth, seen, (asked, thick))
        if has_rest(course):
            seen = measure(course, maps, rests=False, ends=ends)
            visits += compared(course.quiet, truth, seen, ("rests dropped", thick))
    rim = any(isinstance(body, Bitten) and body.rim_mm for body in course.lesions[0])
    shape = f"{course.shape}, rim labelled" if rim else course.shape
    return {"course": number, "shape": shape, "visits": visits}


def has_rest(course: Course) -> bool:
    """Whether some visit shows a lesion below the least volume."""
    bodies = (body for lesions in course.lesions for body in lesions if body is not None)
    return any(true_size(body).volume_ml < MINIMUM_ML for body in bodies)


def see(course: Course, thick: float, rng: np.random.Generator) -> list[Map]:
    """Put every visit on voxels of its own."""
    spacing = np.array([1.0, 1.0, thick])
    return [label_map(course, visit, spacing, rng) for visit in range(len(course.lesions))]


def measure(
    course: Course, maps: Sequence[Map], *, rests: bool, ends: Ends
) -> dict[str, list[Told]]:
    """Tell what the program makes of the visits, by criterion."""
    ring = course.shape == "ring"
    found: dict[tuple[bool, float, int, bool], list[Told]] = {}
    told = {}
    for name in RULES:
        rule, filled = SIZE_RULES[name], ring and name in FILLED
        # rules that differ in nothing that matters to this course are followed once
        targets = min(rule.targets, len(course.lesions[0]))
        key = (filled, rule.minimum_mm, targets, NONTARGET_RULES[name].joins_sum)
        if key not in found:
            found[key] = follow(maps, Protocol(rule, calipers=Calipers(ends=ends)), rests=rests)
        told[name] = found[key]
    return told


def label_map(
    course: Course, visit: int, spacing: NDArray[np.float64], rng: np.random.Generator
) -> Map:
    """Label the lesions of a visit on voxels that begin at a place that is drawn."""
    bodies = [body for lesions in course.lesions for body in lesions if body is not None]
    low = np.min([body.center - body.reach_mm for body in bodies], axis=0) - MARGIN_MM
    high = np.max([body.center + body.reach_mm for body in bodies], axis=0) + MARGIN_MM
    labels = np.zeros(np.ceil((high - low) / spacing).astype(int), dtype=np.uint8)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = low + rng.uniform(-0.5, 0.5, 3) * spacing
    for body in course.lesions[visit]:
        if body is not None:
            paint(labels, affine, body)
    return labels, affine


def follow(maps: Sequence[Map], protocol: Protocol, *, rests: bool) -> list[Told]:
    """Follow the lesions as `gliokit response` does, or without rests below the least volume."""
    visits, rule = [], protocol.rule
    for day, (labels, affine) in enumerate(maps):
        mask = measured_mask(labels, component=rule.component, interior=rule.interior)
        if rests:
            visits.append(lesion_visit(day, mask, affine, minimum_ml=MINIMUM_ML))
        else:
            numbers = number_lesions(mask, affine, minimum_ml=MINIMUM_ML)
            visits.append(LesionVisit(day, numbers, affine))
    grid = Grid(maps[0][0].shape, maps[0][1])
    return [
        Told(
            sizes.product_mm2,
            sizes.volume_ml,
            sizes.nontarget,
            sizes.nontarget_by_volume,
            sizes.new_lesion,
            len(sizes.targets),
        )
        for sizes in follow_lesions(visits, grid, protocol)
    ]


def compared(
    course: Course,
    truth: dict[str, list[Told]],
    seen: dict[str, list[Told]],
    asked: tuple[str, float],
) -> list[list[object]]:
    """Compare all criteria: asked, slices, criterion, visit, truth, seen, same, margin, cause."""
    rows: list[list[object]] = []
    for rule in RULES:
        told, found = blinded(truth[rule], course.blind), blinded(seen[rule], course.blind)
        for criterion in (rule, f"{rule}-volume"):
            right = assessed(told, course.facts, course.treatment, criterion)
            given = assessed(found, course.facts, course.treatment, criterion)
            for k in range(1, len(told)):
                same = right[k].possible == given[k].possible
                why = "" if same else cause((told[k], found[k]), (right[k], given[k]), criterion)
                near = min(margin(right[k], criterion), 9.0)
                words = (str(right[k].category), str(given[k].category))
                rows.append([*asked, criterion, k, *words, int(same), round(near, 4), why])
    return rows


def blinded(told: Sequence[Told], blind: Sequence[bool]) -> list[Told | None]:
    """Forget what was not shown."""
    return [None if hidden else own for own, hidden in zip(told, blind, strict=True)]


def cause(
    told: tuple[Told | None, Told | None], answers: tuple[Assessment, Assessment], criterion: str
) -> str:
    """Name the first of what differs at a visit where the categories do."""
    right, seen = told
    if right is not None and seen is not None:
        if right.volume_ml and not seen.volume_ml:
            return "rest not followed"
        for word in ("new_lesion", "targets", "nontarget"):
            if getattr(right, word) != getattr(seen, word):
                return word
        facts = [size_facts_of(answer, criterion) for answer in answers]
        if facts[0] != facts[1]:
            return "close" if margin(answers[0], criterion) < CLOSE else "size"
    return "earlier visit"


def size_facts_of(answer: Assessment, criterion: str) -> object:
    """Give what the sizes say, so that two answers can be compared."""
    thresholds = thresholds_of(criterion)
    return [size_facts(sizes, thresholds, SmallGrowth.TO_MEASURABLE) for sizes in answer.sizes]


if __name__ == "__main__":
    main()
