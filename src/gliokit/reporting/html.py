"""The report of one study as a single HTML file.

The file holds its pictures and style, needs no script and no network, and prints to A4. It
shows the study id and nothing else by which a patient could be known.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

from jinja2 import Template

from gliokit.core.findings import Findings, Lesion, QualityCheck, RegionVolume, Verdict
from gliokit.core.geometry import axial_tilt_degrees
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import LABEL_TERMS, Phase, Region
from gliokit.measurement.diameters import RIGHT_ANGLE_TOLERANCE_DEGREES
from gliokit.reporting import wording
from gliokit.reporting.figures import Figure, lesion_figure, three_planes
from gliokit.reporting.page import page_environment
from gliokit.reporting.stage import Stage, focus, set_stage
from gliokit.reporting.views import Plane

COLUMNS = len(Plane)
LESIONS_SHOWN = 9  # further ones are folded away
SMALL_LESIONS_SHOWN = 6
TILT_WORTH_SAYING = 1.0  # degrees
REGIONS = tuple(Region)
KEY_REGIONS = (Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR)


@dataclass(frozen=True, slots=True)
class _Pictured:
    """A lesion and its figure."""

    lesion: Lesion
    figure: Figure


@dataclass(frozen=True, slots=True)
class _Lesions:
    """Lesions as the report groups them.

    Attributes
    ----------
    shown, folded : sequence of _Pictured
        Measured lesions: the largest of each region first, then the second ones, and so on.
    small : sequence of Lesion
        Lesions below the size that is measured.
    headline, headline_group : Lesion or None, sequence of Lesion
        The lesion that stands for the tumor, and all lesions of its region.
    """

    shown: Sequence[_Pictured]
    folded: Sequence[_Pictured]
    small: Sequence[Lesion]
    headline: Lesion | None
    headline_group: Sequence[Lesion]


@dataclass(frozen=True, slots=True)
class _Checks:
    """Checks of the input: those that are not fine, and the others, folded away."""

    shown: Sequence[QualityCheck]
    folded: Sequence[QualityCheck]


def render_report(findings: Findings, study: Study, labels: LabelMap) -> str:
    """Write the report of one study.

    Parameters
    ----------
    findings : Findings
        What was measured on `labels`.
    study : Study
        Its images, on one grid.
    labels : LabelMap
        On the grid of the images.

    Returns
    -------
    str
        HTML; the same input gives the same text.

    Raises
    ------
    GeometryError
        If the images and the labels do not lie on one grid.
    """
    stage = set_stage(study, labels)
    lesions = _group_lesions(findings, stage)
    overview = _overview(stage, lesions.headline)
    return report_template().render(
        findings=findings,
        phase=study.phase,
        attention=wording.attention(findings),
        key_volumes=_key_volumes(findings, study.phase),
        intervals=any(entry.volume.interval for entry in findings.volumes_by_region),
        overview=overview,
        columns=_columns(stage),
        outlined=sorted({r for f in overview for r, _ in f.outlines}, key=REGIONS.index),
        lesions=lesions,
        quality=_group_checks(findings),
        tilt=_tilt(labels),
    )


def _group_lesions(findings: Findings, stage: Stage) -> _Lesions:
    pictured = [_Pictured(lesion, lesion_figure(stage, lesion)) for lesion in _by_rank(findings)]
    headline = wording.headline_lesion(findings)
    return _Lesions(
        shown=pictured[:LESIONS_SHOWN],
        folded=pictured[LESIONS_SHOWN:],
        small=[lesion for lesion in findings.lesions if lesion.longest is None],
        headline=headline,
        headline_group=[
            lesion for lesion in findings.lesions if headline and lesion.region is headline.region
        ],
    )


def _by_rank(findings: Findings) -> list[Lesion]:
    measured = [lesion for lesion in findings.lesions if lesion.longest is not None]
    by_size = sorted(measured, key=lambda lesion: -lesion.volume.value)
    seen: Counter[Region] = Counter()
    ranks = {}
    for lesion in by_size:
        ranks[lesion.name] = seen[lesion.region]
        seen[lesion.region] += 1
    return sorted(measured, key=lambda lesion: (ranks[lesion.name], REGIONS.index(lesion.region)))


def _overview(stage: Stage, headline: Lesion | None) -> list[Figure]:
    voxel = focus(stage, headline.center_mm if headline else None)
    rows = [three_planes(stage, sequence, voxel) for sequence in stage.images]
    return list(chain(*(rows if len(rows) < COLUMNS else zip(*rows, strict=True))))


def _columns(stage: Stage) -> int:
    # with few sequences a row is a sequence; with many it is a plane, to compare them in it
    return max(len(stage.images), COLUMNS)


def _key_volumes(findings: Findings, phase: Phase) -> list[RegionVolume]:
    cavity = Region.RESECTION_CAVITY
    operated = phase is Phase.POSTOPERATIVE
    return [
        entry
        for entry in findings.volumes_by_region
        if entry.region in KEY_REGIONS or (entry.region is cavity and (entry.voxels or operated))
    ]


def _group_checks(findings: Findings) -> _Checks:
    return _Checks(
        shown=[check for check in findings.quality if _worth_showing(check)],
        folded=[check for check in findings.quality if not _worth_showing(check)],
    )


def _worth_showing(check: QualityCheck) -> bool:
    """Whether the figure breaks the limit; what was not to be checked is folded away."""
    return check.verdict is not Verdict.FINE and check.figure is not None


def _tilt(labels: LabelMap) -> float | None:
    tilt = axial_tilt_degrees(labels.affine)
    return tilt if tilt >= TILT_WORTH_SAYING else None


@cache
def report_template() -> Template:
    """Compile the template of `render_report`, once: that takes 0.2 s."""
    environment = page_environment()
    environment.globals |= {
        "right_angle_tolerance": RIGHT_ANGLE_TOLERANCE_DEGREES,
        "label_terms": LABEL_TERMS,
        "small_lesions_shown": SMALL_LESIONS_SHOWN,
        "summary": wording.summary_text,
        "interval_meaning": wording.INTERVAL_MEANING,
    }
    environment.filters |= {
        "number": wording.number_text,
        "quantity": wording.quantity_text,
        "bounds": wording.bounds_text,
        "center": wording.center_text,
        "lengths": wording.lengths_text,
        "check_term": wording.check_term,
        "figure": wording.figure_text,
        "limit": wording.limit_text,
        "time": wording.time_text,
        "course": wording.course_text,
        "kind": wording.kind_term,
        "probability": wording.probability_text,
    }
    return environment.get_template("report.html.j2")
