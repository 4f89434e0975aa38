"""The timeline of a patient as JSON; its schema is that of `gliokit.reporting.timeline_schema`.

Every number stands with its unit (UCUM; `voxel` where the millimeters of the files are false), and
what is unknown is null. Numbers are rounded to six decimals and keys stand in one order, so that
the same timeline gives the same bytes.
"""

import json
import math
import re
from collections.abc import Sequence
from importlib.metadata import version

from gliokit.core.findings import DISCLAIMER, DetectionLimit, Diameter, Quantity
from gliokit.measurement.lesion_size import LesionSize
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.comparison import Comparison
from gliokit.measurement.response.visit import Treatment
from gliokit.measurement.response.vocabulary import Measure
from gliokit.measurement.targets import VisitSizes
from gliokit.measurement.timeline import PatientTimeline, Resection, TimelineVisit, Verdicts
from gliokit.measurement.volume_course import ChangeSince
from gliokit.reporting.timeline_schema import SCHEMA, SCHEMA_VERSION, Json
from gliokit.reporting.timeline_wording import VOXELS_PER_ML, Units, units_of

DECIMALS = 6
DAY, DOSE, POINTS, SHARE = "d", "mg/d", "{score}", "1"

# a list of scalars, or a quantity, that json.dumps has spread over several lines
_SPREAD_LIST = re.compile(r"\[\n\s+([^\[\]{}]*?)\n\s+\]")
_SPREAD_QUANTITY = re.compile(r'\{\n\s+("value":[^{}]*?)\n\s+\}')


def timeline_json(timeline: PatientTimeline) -> str:
    """Write a timeline as JSON text that ends in a newline.

    Raises
    ------
    ValueError
        If a number is none.
    """
    text = json.dumps(_record(timeline), indent=2, ensure_ascii=False, allow_nan=False)
    text = _SPREAD_LIST.sub(lambda found: f"[{_on_one_line(found)}]", text)
    return _SPREAD_QUANTITY.sub(lambda found: f"{{{_on_one_line(found)}}}", text) + "\n"


def _record(timeline: PatientTimeline) -> Json:
    writer = _Writer(units_of(timeline))
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "gliokit_version": version("gliokit"),
        "disclaimer": DISCLAIMER,
        "patient_id": timeline.patient_id,
        "simulated": timeline.simulated,
        "voxel_units": timeline.voxel_units,
        "notes": [writer.told(note) for note in timeline.notes],
        "therapy": timeline.therapy or None,
        "treatment": _treatment(timeline.treatment),
        "resection": writer.resection(timeline.resection),
        "visits": [writer.visit(visit) for visit in timeline.visits],
        "verdicts": [writer.verdicts(own) for own in timeline.verdicts],
    }


def _treatment(treatment: Treatment) -> Json:
    return {
        "recurrent": treatment.recurrent,
        "surgery": _number(treatment.surgery_day, DAY),
        "radiation_start": _number(treatment.radiation_start_day, DAY),
        "radiation_end": _number(treatment.radiation_end_day, DAY),
        "treatment_start": _number(treatment.treatment_start_day, DAY),
        "immunotherapy_start": _number(treatment.immunotherapy_start_day, DAY),
        "irradiated": treatment.irradiated,
        "antiangiogenic": treatment.antiangiogenic,
        "prone_to_pseudoprogression": treatment.prone_to_pseudoprogression,
    }


class _Writer:
    """Turns parts of a timeline into what JSON knows, in the units of its patient."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._length = "voxel" if units.voxels else "mm"
        self._area = "voxel2" if units.voxels else "mm2"

    def told(self, sentence: str) -> Json:
        """Write a sentence."""
        return self._units.told(sentence)

    def visit(self, visit: TimelineVisit) -> Json:
        """Write a visit."""
        change = visit.clinical_change
        return {
            "study_id": visit.study_id,
            "day": _number(visit.day, DAY),
            "enhancing": self._sizes(visit.enhancing),
            "whole": self._sizes(visit.whole),
            "volumes": {str(region): self._volume(own) for region, own in visit.volumes.items()},
            "changes": [self._change(own) for own in visit.changes],
            "detection_limit": self._detection_limit(visit.detection_limit),
            "dexamethasone": _number(visit.dexamethasone_mg_per_day, DOSE),
            "kps": _number(visit.kps, POINTS),
            "clinical_change": None if change is None else str(change),
            "notes": [self._units.told(note) for note in visit.notes],
        }

    def resection(self, own: Resection | None) -> Json:
        """Write what surgery removed."""
        if own is None:
            return None
        extent = own.extent
        return {
            "before": _number(own.before_day, DAY),
            "after": _number(own.after_day, DAY),
            "removed_enhancing": _number(extent.removed_enhancing, SHARE) if extent else None,
            "residual_enhancing": self._volume_ml(extent.residual.enhancing_ml) if extent else None,
            "classes": _words(extent.possible) if extent else [],
            "doubtful": extent.doubtful if extent else None,
            "reason": own.reason or None,
        }

    def verdicts(self, verdicts: Verdicts) -> Json:
        """Write what a criterion says."""
        return {
            "criterion": verdicts.criterion,
            "reason_not_used": self._units.told(verdicts.reason) or None,
            "assessments": [self._assessment(own) for own in verdicts.assessments],
        }

    def _assessment(self, own: Assessment) -> Json:
        return {
            "day": _number(own.day, DAY),
            "category": str(own.category),
            "possible": _words(own.possible),
            "counted_as": _words(own.counted_as),
            "reason": self._units.told(own.reason),
            "clauses": _words(own.clauses),
            "unknown": _words(own.unknown),
            "sizes": [self._comparison(sizes) for sizes in own.sizes],
            "pseudo": None if own.pseudo is None else str(own.pseudo),
            "progression": _number(own.progression_day, DAY),
        }

    def _comparison(self, own: Comparison) -> Json:
        area = own.measure is Measure.AREA
        size, baseline, nadir = (
            _number(value, self._area) if area else self._volume_ml(value)
            for value in (own.size, own.baseline, own.nadir)
        )
        return {
            "component": str(own.component),
            "size": size,
            "baseline": baseline,
            "baseline_day": _number(own.baseline_day, DAY),
            "nadir": nadir,
            "nadir_day": _number(own.nadir_day, DAY),
            "change_from_baseline": _number(own.change_from_baseline, SHARE),
            "change_from_nadir": _number(own.change_from_nadir, SHARE),
        }

    def _change(self, own: ChangeSince) -> Json:
        relative = own.relative
        return {
            "region": str(own.region),
            "since": str(own.since),
            "day": _number(own.day, DAY),
            "relative": None if relative is None else _quantity(relative, 1.0, SHARE),
            "absolute": self._volume(own.absolute),
            "certainties": [
                {
                    "share": _rounded(it.share),
                    "probability": None if it.probability is None else _rounded(it.probability),
                }
                for it in own.certainties
            ],
            "reason_no_interval": self._units.told(own.reason) or None,
        }

    def _detection_limit(self, own: DetectionLimit | None) -> Json:
        if own is None:
            return None
        volumes = {
            "volume": own.volume,
            "images": own.images,
            "model": own.model,
            "blank": own.blank,
        }
        return {
            "region": str(own.region),
            **{name: None if it is None else self._volume(it) for name, it in volumes.items()},
            "text": own.text,
        }

    def _sizes(self, sizes: VisitSizes | None) -> Json:
        if sizes is None:
            return None
        return {
            "product": _number(sizes.product_mm2, self._area),
            "target_product": _number(sizes.target_product_mm2, self._area),
            "volume": self._volume_ml(sizes.volume_ml),
            "nontarget": str(sizes.nontarget),
            "nontarget_by_volume": str(sizes.nontarget_by_volume),
            "new_lesion": str(sizes.new_lesion),
            "targets": _words(sizes.targets),
            "states": {name: str(state) for name, state in sizes.states},
            "lesions": [self._lesion(lesion, sizes.targets) for lesion in sizes.lesions],
        }

    def _lesion(self, lesion: LesionSize, targets: Sequence[str]) -> Json:
        return {
            "name": lesion.name,
            "target": not set(lesion.name.split("+")).isdisjoint(targets),
            "longest": self._diameter(lesion.longest),
            "perpendicular": self._diameter(lesion.perpendicular),
            "product": _number(lesion.product_mm2, self._area),
            "volume": self._volume_ml(lesion.volume_ml),
            "measurable": lesion.measurability.measurable,
            "measurable_reason": self._units.told(lesion.measurability.reason),
            "measured_on": self._units.told(lesion.measured_on),
        }

    def _diameter(self, diameter: Diameter) -> Json:
        return {
            "length": _number(diameter.length.value, self._length),
            "start": self._point(diameter.start),
            "end": self._point(diameter.end),
        }

    def _point(self, point: Sequence[float]) -> Json:
        return {"value": [_rounded(part) for part in point], "unit": self._length}

    def _volume_ml(self, value: float | None) -> Json:
        return None if value is None else self._volume(Quantity(value, "mL"))

    def _volume(self, volume: Quantity) -> Json:
        factor, unit = (VOXELS_PER_ML, "voxel") if self._units.voxels else (1.0, volume.unit)
        return _quantity(volume, factor, unit)


def _quantity(own: Quantity, factor: float, unit: str) -> Json:
    """Write a quantity with its interval, of which an open end is null."""
    ends: Json = None
    if own.interval is not None:
        ends = [None if math.isinf(end) else _rounded(end * factor) for end in own.interval]
    return {"value": _rounded(own.value * factor), "unit": unit, "interval": ends}


def _number(value: float | None, unit: str) -> Json:
    if value is None:
        return None
    return {"value": value if isinstance(value, int) else _rounded(value), "unit": unit}


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS) + 0.0  # + 0.0 makes -0.0 plain


def _words(words: Sequence[str]) -> Json:
    return [str(word) for word in words]


def _on_one_line(spread: re.Match[str]) -> str:
    return re.sub(r"\n\s+", " ", spread[1])
