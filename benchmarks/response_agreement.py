"""Tables of the benchmark of response courses: agreement with intervals, margins, disagreements."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.response_plans import SHAPES
from gliokit.evaluation.bootstrap import intervals
from gliokit.measurement.response.catalogue import CRITERIA

MARGINS = (0.0, 0.02, 0.05, 0.1, 0.2, 9.1)
MOST_PAIRS = 16


@dataclass(frozen=True, slots=True)
class Judged:
    """One visit of one course, by one criterion, on slices of one thickness."""

    course: int
    shape: str
    asked: str
    slices_mm: float
    criterion: str
    visit: int
    truth: str
    seen: str
    same: int
    margin: float
    cause: str

    @property
    def kind(self) -> str:
        """Area or volume."""
        return "volume" if self.criterion.endswith("-volume") else "area"


def report(courses: Sequence[dict[str, object]]) -> dict[str, object]:
    """Sum up all courses that there are."""
    rows = [
        Judged(course["course"], course["shape"], *visit)  # type: ignore[arg-type, misc]
        for course in courses
        for visit in course["visits"]  # type: ignore[attr-defined]
    ]
    shapes = (*SHAPES, f"{SHAPES[-1]}, rim labelled")
    size = [row for row in rows if row.asked == "size"]
    facts = [row for row in rows if row.asked == "facts"]
    wrong = [row for row in rows if not row.same]
    return {
        "benchmark": "response_courses",
        "simulated": True,
        "courses": len(courses),
        "of_shape": Counter(course["shape"] for course in courses),
        "visits_after_first": len({(row.course, row.visit) for row in rows}),
        "size_by_slices": agreement(size, lambda row: (row.criterion, f"{row.slices_mm:g} mm")),
        "facts_by_slices": agreement(facts, lambda row: (row.criterion, f"{row.slices_mm:g} mm")),
        "size_by_shape": agreement(size, lambda row: (row.criterion, row.shape)),
        "shape_by_slices": agreement(
            size, lambda row: (f"{row.kind}, {row.shape}", f"{row.slices_mm:g} mm")
        ),
        "size_by_margin": agreement(size, lambda row: (row.kind, margin_name(row.margin))),
        "true_categories": Counter(row.truth for row in facts if row.slices_mm == 1),
        "pairs_size": pairs([row for row in wrong if row.asked == "size"]),
        "pairs_facts": pairs([row for row in wrong if row.asked == "facts"]),
        "causes_size": causes([row for row in wrong if row.asked == "size"]),
        "causes_facts": causes([row for row in wrong if row.asked == "facts"]),
        "shapes": shapes,
        "criteria": list(CRITERIA),
    }


def margin_name(margin: float) -> str:
    """Name the distance from the nearest threshold."""
    for low, high in pairwise(MARGINS):
        if margin < high:
            return f"{100 * low:g}-{100 * high:g} %" if high < 9 else f"{100 * low:g} % or more"
    return "nothing to compare"


def agreement(
    rows: Sequence[Judged], cell: Callable[[Judged], tuple[str, str]]
) -> dict[str, dict[str, list[float]]]:
    """Give share, 95 % interval over courses, and number of visits, by two names."""
    cells = list(dict.fromkeys(cell(row) for row in rows))
    courses = sorted({row.course for row in rows})
    place = {name: k for k, name in enumerate(cells)}
    whose = {number: k for k, number in enumerate(courses)}
    same, there = np.zeros((2, len(courses), len(cells)))
    for row in rows:
        same[whose[row.course], place[cell(row)]] += row.same
        there[whose[row.course], place[cell(row)]] += 1

    def shares(drawn: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return same[drawn].sum(axis=0) / there[drawn].sum(axis=0)

    found = shares(np.arange(len(courses)))
    limits = intervals(shares, patients=courses, seed=0)
    table: dict[str, dict[str, list[float]]] = {}
    for (first, second), k in place.items():
        figures = [round(float(value), 3) for value in (found[k], *limits[k])]
        table.setdefault(first, {})[second] = [*figures, int(there[:, k].sum())]
    return table


def pairs(wrong: Sequence[Judged]) -> list[list[object]]:
    """Count what is read as what, the most frequent first."""
    counts = Counter((row.truth, row.seen) for row in wrong).most_common(MOST_PAIRS)
    return [[*pair, count] for pair, count in counts]


def causes(wrong: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """Count causes of disagreement by shape."""
    table: dict[str, dict[str, int]] = {}
    for row in wrong:
        own = table.setdefault(row.cause, {})
        own[row.shape] = own.get(row.shape, 0) + 1
    return table
