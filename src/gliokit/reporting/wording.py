"""Findings in words and numbers, as the report says them.

Volumes are given to 0.01 mL, lengths to 0.1 mm, areas to 1 mm². What cannot be excluded is
rounded up.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

from gliokit.core.course import Course
from gliokit.core.findings import Findings, Lesion, Limit, Notice, Point, Quantity, SeriesPlan
from gliokit.core.vocabulary import REGION_TERMS, MRSequence, Region
from gliokit.reporting.views import direction_text

SEQUENCE_TERMS: MappingProxyType[MRSequence, str] = MappingProxyType(
    {
        MRSequence.T1: "T1",
        MRSequence.T1C: "T1c",
        MRSequence.T2: "T2",
        MRSequence.FLAIR: "FLAIR",
    }
)
UNIT_SIGNS = MappingProxyType({"mm2": "mm²", "1": ""})
DECIMALS_KEPT = 6  # noise of floating point lies below; it must not round a number up
DECIMALS = MappingProxyType({"mL": 2, "mm": 1, "mm2": 0})
INTERVAL_MEANING = (
    "90 % interval: from the model's calibrated probabilities, as wide as it takes to hold the "
    "true volume in nine of ten studies that the model had not seen, for each region by itself; "
    "its model card says which studies these were. Studies unlike those may lie outside more often."
)
CHECK_TERMS: MappingProxyType[str, str] = MappingProxyType(
    {
        "brain-volume": "Volume of the brain",
        "brain-cut-off": "Flattest end of the brain",
        "tumor-cut-off": "Tumor at the end of the scan",
        "contrast-agent": "Brightening by contrast agent",
        "slice-spacing": "Distance of slices",
        "field-of-view": "Share of the brain not shown",
        "contrast-to-noise": "Contrast over noise",
        "ghosting": "Ghosts in the air",
        "likeness": "In common with the reference (nats)",
        "registration": "Fit here, best fit nearby as 1",
        "left-right": "Fit of the mirror image, own fit as 1",
    }
)
KIND_TERMS: MappingProxyType[str, str] = MappingProxyType(
    {
        **{str(one): term for one, term in SEQUENCE_TERMS.items()},
        **{kind: kind.upper() for kind in ("adc", "dwi", "dsc", "swi")},
    }
)
ALMOST_SURE = 0.995  # from it on, whole percents would say certain
FIGURE_DIGITS, SMALLEST_FIGURE = 3, 0.001  # of a figure of quality
# the region whose lesions stand for the tumor: the core where there is one
HEADLINE_ORDER = (Region.TUMOR_CORE, Region.ENHANCING_TUMOR, Region.WHOLE_TUMOR)


def number_text(quantity: Quantity) -> str:
    """Write the value alone, for columns that name the unit."""
    return _rounded(quantity.value, quantity.unit)


def unit_text(unit: str) -> str:
    """Write a unit as print has it."""
    return UNIT_SIGNS.get(unit, unit)


def quantity_text(quantity: Quantity) -> str:
    """Write value and unit."""
    return f"{number_text(quantity)}\N{NO-BREAK SPACE}{unit_text(quantity.unit)}"


def interval_text(quantity: Quantity) -> str:
    """Write the 90 % interval by its name; empty where none was estimated."""
    bounds = bounds_text(quantity)
    return f"90 % interval {bounds}" if bounds and quantity.value else bounds


def bounds_text(quantity: Quantity) -> str:
    """Write the ends of the 90 % interval; of nothing, how much may have gone unseen."""
    if quantity.interval is None:
        return ""
    low, high = quantity.interval
    if quantity.value:
        return f"{_rounded(low, quantity.unit)}–{_rounded(high, quantity.unit)}"
    return f"none seen; {_unexcluded(high, quantity.unit)}" if high > 0 else "none seen"


def time_text(created: str) -> str:
    """Write an ISO 8601 time of UTC to the minute."""
    return f"{datetime.fromisoformat(created):%Y-%m-%d %H:%M} UTC"


def center_text(center_mm: Point) -> str:
    """Write a world point by the directions of its coordinates, in mm."""
    return " · ".join(direction_text(value, axis) for axis, value in enumerate(center_mm))


def headline_lesion(findings: Findings) -> Lesion | None:
    """Choose the lesion that stands for the tumor.

    The largest measured one, of the core where it has one; else the largest one at all. A
    resection cavity is no tumor.
    """
    tumor = [lesion for lesion in findings.lesions if lesion.region in HEADLINE_ORDER]
    measured = [lesion for lesion in tumor if lesion.longest is not None]
    for region in HEADLINE_ORDER:
        if group := [lesion for lesion in measured if lesion.region is region]:
            return max(group, key=lambda lesion: lesion.volume.value)
    return max(tumor, key=lambda lesion: lesion.volume.value, default=None)


def lengths_text(lesion: Lesion) -> str:
    """Write the diameters of a lesion without unit (mm); empty where it was not measured."""
    lines = [line for line in (lesion.longest, lesion.perpendicular) if line is not None]
    return " × ".join(number_text(line.length) for line in lines)


def summary_text(findings: Findings) -> str:
    """Say in a few short sentences what was found."""
    volumes = {entry.region: entry.volume for entry in findings.volumes_by_region}
    whole, cavity = volumes.get(Region.WHOLE_TUMOR), volumes.get(Region.RESECTION_CAVITY)
    lesion = headline_lesion(findings)
    whole_is_seen = Region.WHOLE_TUMOR not in findings.unseen_regions
    sentences = []
    if lesion is not None:
        sentences.append(_lesion_sentence(findings, lesion))
        if whole is not None and whole_is_seen:
            sentences.append(f"Whole tumor {_with_interval(whole)}.")
    elif not whole_is_seen:
        sentences.append("Whether there is a tumor could not be assessed.")
    else:
        sentences.append(_absence_sentence(whole))
    if cavity is not None and cavity.value > 0:
        sentences.append(f"Resection cavity {_with_interval(cavity)}.")
    return " ".join(sentences)


def attention(findings: Findings) -> Sequence[Notice]:
    """Collect what the reader must know before the numbers: missing sequences and warnings."""
    if not findings.missing or any(w.code == "missing-sequence" for w in findings.warnings):
        return findings.warnings
    names = ", ".join(SEQUENCE_TERMS[sequence] for sequence in findings.missing)
    text = f"Not in the study: {names}. Everything below rests on the other sequences."
    return (Notice("missing-sequence", text), *findings.warnings)


def course_text(course: Course) -> str:
    """Say how the study lies to surgery and radiotherapy; empty where nothing is known."""
    events = (
        ("surgery", course.days_since_surgery),
        ("the start of radiotherapy", course.days_since_rt_start),
        ("the end of radiotherapy", course.days_since_rt_end),
    )
    return ", ".join(_since(event, days) for event, days in events if days is not None)


def kind_term(kind: str) -> str:
    """Name what a series of DICOM shows."""
    return KIND_TERMS.get(kind, kind)


def probability_text(probability: float) -> str:
    """Write how sure something is, in whole percents; nothing is certain."""
    if probability >= ALMOST_SURE:
        return ">99\N{NO-BREAK SPACE}%"
    return f"{100 * probability:.0f}\N{NO-BREAK SPACE}%"


def plan_text(plan: SeriesPlan) -> str:
    """Say in one line which series was used as what, what it likely shows, and the others."""
    taken = [
        f"{one.number} as {SEQUENCE_TERMS[sequence]} ({_likely(one.kind, one.probability)})"
        for one in plan.read
        for sequence in one.taken_for
    ]
    others = [
        f"{one.number} ({_likely(one.kind, one.probability)})"
        for one in plan.read
        if not one.taken_for
    ]
    rest = f" Not used: {', '.join(others)}." if others else ""
    unread = f" Not read: {'; '.join(plan.left_out)}." if plan.left_out else ""
    return f"Series used: {', '.join(taken)}.{rest}{unread}"


def figure_text(quantity: Quantity | None) -> str:
    """Write a figure of quality to three digits, with its unit; a dash where there is none."""
    return "–" if quantity is None else _measured(quantity.value, quantity.unit)


def limit_text(limit: Limit) -> str:
    """Write what a figure must keep to."""
    if limit.highest is None:
        return "" if limit.lowest is None else f"≥ {_measured(limit.lowest, limit.unit)}"
    if limit.lowest is None:
        return f"≤ {_measured(limit.highest, limit.unit)}"
    return f"{limit.lowest:g}–{_measured(limit.highest, limit.unit)}"


def check_term(code: str) -> str:
    """Name what a check looks at."""
    return CHECK_TERMS[code]


def _since(event: str, days: float) -> str:
    if not days:
        return f"on the day of {event}"
    unit, side = "day" if abs(days) == 1 else "days", "after" if days > 0 else "before"
    return f"{abs(days):g} {unit} {side} {event}"


def _likely(kind: str, probability: float) -> str:
    return f"{kind_term(kind)}, {probability_text(probability)}"


def _measured(value: float, unit: str) -> str:
    if 0 < value < SMALLEST_FIGURE:
        digits = f"<{SMALLEST_FIGURE:g}"
    else:
        digits = f"{value:.0f}" if value >= 10**FIGURE_DIGITS else f"{value:.{FIGURE_DIGITS}g}"
    return f"{digits}\N{NO-BREAK SPACE}{unit_text(unit)}".rstrip()


def _lesion_sentence(findings: Findings, lesion: Lesion) -> str:
    alike = [other for other in findings.lesions if other.region is lesion.region]
    term = REGION_TERMS[lesion.region]
    where = "in the midline" if lesion.side == "midline" else f"on the {lesion.side}"
    count = f"One {term} lesion" if len(alike) == 1 else f"{len(alike)} {term} lesions, the largest"
    if lesion.longest is None:
        return f"{count} {where}, below the size that is measured."
    return f"{count} {where}, measuring {lengths_text(lesion)}\N{NO-BREAK SPACE}mm."


def _absence_sentence(whole: Quantity | None) -> str:
    if whole is None or whole.interval is None or whole.interval[1] <= 0:
        return "No tumor was found."
    return f"No tumor was found; {_unexcluded(whole.interval[1], whole.unit)}."


def _with_interval(quantity: Quantity) -> str:
    interval = interval_text(quantity)
    return f"{quantity_text(quantity)} ({interval})" if interval else quantity_text(quantity)


def _unexcluded(high: float, unit: str) -> str:
    decimals = DECIMALS[unit]
    steps = math.ceil(round(high * 10**decimals, DECIMALS_KEPT))
    most = f"{steps / 10**decimals:.{decimals}f}\N{NO-BREAK SPACE}{unit_text(unit)}"
    return f"up to {most} cannot be excluded"


def _rounded(value: float, unit: str) -> str:
    decimals = DECIMALS[unit]
    if 0 < value < 0.5 * 10**-decimals:
        return f"<{10**-decimals:.{decimals}f}"
    return f"{value:.{decimals}f}"
