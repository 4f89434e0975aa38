"""Volumes of one visit, with what the analysis of its images knows of them beside the label map.

Intervals and the detection limit are those of `findings.json` beside the labels, if that is of the
same study and its volumes are those of the map. Where it is not, or cannot be read, that is said;
labels of a person have none beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gliokit.analysis.output import FINDINGS
from gliokit.analysis.patient_visits import PatientVisit
from gliokit.core.errors import FindingsError
from gliokit.core.findings import DetectionLimit, Findings, Quantity
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.measurement.response.vocabulary import Component
from gliokit.measurement.volume import volumes_by_region
from gliokit.reporting.findings_json import read_findings

SAME_ML = 0.05  # volumes of findings and labels that are of one map
_APART = f"no intervals: the {FINDINGS} beside the labels is of another study or map"
# what the other regions need is T2 or FLAIR
NEED_CONTRAST = (Region.ENHANCING_TUMOR, Region.TUMOR_CORE)


@dataclass(frozen=True, slots=True)
class VisitVolumes:
    """Volumes of one visit.

    Attributes
    ----------
    volumes : mapping of Region to Quantity
        mL, of what the images show; with the interval where one is known.
    detection_limit : DetectionLimit or None
        Of enhancing tumor; None where the analysis gave none.
    notes : tuple of str
        Why there is no interval, where one could be expected.
    """

    volumes: Mapping[Region, Quantity]
    detection_limit: DetectionLimit | None = None
    notes: tuple[str, ...] = ()


def measure_volumes(visit: PatientVisit, *, millimeters: bool = True) -> VisitVolumes:
    """Measure the volumes of what the images show.

    Parameters
    ----------
    visit : PatientVisit
        With its labels.
    millimeters : bool
        False if those of the files are false: the detection limit was told in them, and is none.
    """
    volumes = {
        part.region: part.volume
        for part in volumes_by_region(visit.labels)
        if shows(visit, _component(part.region))
    }
    findings, note = _findings(visit, volumes)
    if findings is None:
        if note == _APART and not millimeters:
            note += ", or in the millimeters that are false"
        return VisitVolumes(volumes, notes=(note,) if note else ())
    intervals = {part.region: part.volume.interval for part in findings.volumes_by_region}
    known = {
        region: replace(volume, interval=_holding(volume.value, intervals[region]))
        for region, volume in volumes.items()
    }
    return VisitVolumes(known, findings.detection_limit if millimeters else None)


def shows(visit: PatientVisit, component: Component) -> bool:
    """Whether a visit has the images that show a part of the tumor."""
    images = visit.study.images
    if component is Component.ENHANCING:
        return MRSequence.T1C in images
    return MRSequence.FLAIR in images or MRSequence.T2 in images


def _component(region: Region) -> Component:
    return Component.ENHANCING if region in NEED_CONTRAST else Component.NONENHANCING


def _findings(
    visit: PatientVisit, volumes: Mapping[Region, Quantity]
) -> tuple[Findings | None, str]:
    """Read the findings beside the label map if they are of it; else say why not."""
    if "labels" not in visit.row.cells:
        return None, ""
    path = Path(visit.row.cells["labels"]).with_name(FINDINGS)
    try:
        findings = read_findings(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, ""
    except (OSError, UnicodeDecodeError, FindingsError) as error:
        # a path may hold a name
        told = error.strerror if isinstance(error, OSError) else error
        return None, f"no intervals: the {FINDINGS} beside the labels cannot be read ({told})"
    beside = {part.region: part.volume for part in findings.volumes_by_region}
    alike = findings.study_id == visit.row.study_id and all(
        region in beside and abs(beside[region].value - volume.value) <= SAME_ML
        for region, volume in volumes.items()
    )
    if not alike:
        return None, _APART
    return findings, ""


def _holding(value: float, interval: tuple[float, float] | None) -> tuple[float, float] | None:
    """Widen an interval to a value beside it: findings are rounded, and may differ by `SAME_ML`."""
    return interval and (min(interval[0], value), max(interval[1], value))
