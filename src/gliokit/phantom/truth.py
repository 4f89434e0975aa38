"""The truth about a simulated study as JSON: what was drawn, and what came of it."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version

import numpy as np
from pydantic_core import to_json

from gliokit.core.image import region_mask
from gliokit.core.vocabulary import Region
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.cohort import CohortSettings, SimulatedVisit

STATEMENT = "This patient is simulated: all in this record was computed, nothing was observed."


def truth_json(
    simulated: SimulatedVisit, settings: CohortSettings, *, beside: Mapping[str, object]
) -> str:
    """Give every parameter of a study, and what was measured on its true labels, as JSON.

    What is infinite or unknown is null.

    Parameters
    ----------
    beside : mapping of str to records
        What was made beyond images: planted identifiers, biopsies.
    """
    person, look = simulated.person, simulated.look
    grown = person.grown
    truth = {
        "simulated": STATEMENT,
        "gliokit_version": version("gliokit"),
        "study_id": simulated.study.study_id,
        "settings": _settings(settings),
        "biology": person.biology,
        "anatomy": {
            "label_map": "MNI152" if person.anatomy is None else person.anatomy,
            "matrix": person.deformation.matrix,
            "mirrored": person.deformation.mirrored,
        },
        "patient": person.patient,
        "visit": look.visit,
        "tumor": {
            "grown": grown.parameters,
            "grown_for_days": grown.days,
            "started_at_mm": grown.first_mm,
            "margin_mm": grown.parameters.margin_mm,
            "speed_mm_per_day": grown.parameters.speed_mm_per_day,
            "core_ml": grown.core.sum() * grown.voxel_ml,
        },
        "volumes_ml": _volumes(simulated),
        "signature": person.signature,
        "scanner": person.scanner.name,
        "session": simulated.session,
        "tissues": [tissue.name.lower() for tissue in Tissue],
        "maps": {kind: volume.facts for kind, volume in simulated.maps.items()},
        **beside,
    }
    return as_json(truth)


def as_json(value: object) -> str:
    """Lay out records, enums and arrays as indented JSON with a line break at the end."""
    return to_json(value, indent=1, inf_nan_mode="null", fallback=_unpacked).decode() + "\n"


def _settings(settings: CohortSettings) -> dict[str, object]:
    """State what made this study: not how many patients there are, nor names of files."""
    stated = asdict(settings)
    del stated["patients"]
    return {**stated, "anatomies": len(settings.anatomies)}


def _unpacked(value: object) -> object:
    """Give pydantic what it does not know: read-only mappings, and NumPy's values."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"no plain form of {type(value).__name__}")


def _volumes(simulated: SimulatedVisit) -> dict[str, float]:
    labels = simulated.labels.array
    voxel_ml = simulated.look.body.spacing_mm**3 / 1000
    return {
        region.name.lower(): float(region_mask(labels, region).sum() * voxel_ml)
        for region in Region
    }
