"""A simulated study as DICOM: plan, pixels and planted identifiers put together.

The pixels come from a function that is given, so that this file knows no simulator. All
series of a study lie in one folder, under names that tell nothing, as exports leave them.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import MRSequence
from gliokit.io.dicom_writer import (
    Element,
    SeriesFacts,
    StudyFacts,
    instance_uid,
    slice_order,
    write_series,
)
from gliokit.phantom.dicom.identifiers import (
    Identity,
    PlantedIdentifier,
    burn_in,
    burned_in_lines,
    burned_in_slices,
    listed_in_pixels,
    series_identifiers,
    study_identifiers,
)
from gliokit.phantom.dicom.series import Role, SeriesPlan, StudyPlan, scale_to_peak

SIMULATED = Element(0x00082111, "ST", "simulated by gliokit; no patient")  # how it was derived
Render = Callable[[SeriesPlan], NDArray[np.float32]]


def write_study(
    folder: Path,
    plan: StudyPlan,
    *,
    render: Render,
    identity: Identity,
    day: int,
    burn_text: bool = False,
) -> tuple[PlantedIdentifier, ...]:
    """Write all series of one study.

    Parameters
    ----------
    render : function of SeriesPlan to (X, Y, Z)
        Gives the pixels on the plan's grid: images in any unit, ADC in 1e-6 mm²/s.
    day : int
        Of the visit, since the diagnostic scan.
    burn_text : bool
        Burn name, number and birth date into some slices of T2 and of the map.

    Returns
    -------
    tuple of PlantedIdentifier
        All that was planted.
    """
    study, planted = _study_facts(plan, identity, day)
    listed = list(planted)
    for series in plan.series:
        facts = series.facts
        if facts.number == plan.named_series:
            elements, named = series_identifiers(identity, facts.description, series=facts.number)
            facts = replace(facts, elements=(*facts.elements, *elements))
            listed += named
        pixels = scale_to_peak(render(series), series)
        if burn_text and (series.role is Role.DERIVED or series.sequence is MRSequence.T2):
            listed += _burn(pixels, identity, facts=facts, study=study, enhanced=plan.enhanced)
        write_series(
            folder,
            pixels,
            affine=series.grid.affine,
            study=study,
            series=facts,
            enhanced=plan.enhanced,
        )
    return tuple(listed)


def _study_facts(
    plan: StudyPlan, identity: Identity, day: int
) -> tuple[StudyFacts, tuple[PlantedIdentifier, ...]]:
    elements, planted = study_identifiers(identity, day=day, vendor=plan.vendor)
    midnight = datetime.combine(identity.date_of(day), time())
    facts = StudyFacts(
        key=f"{plan.made_by}/{identity.patient_id}/{identity.accession}/{day}",
        started=midnight + timedelta(minutes=plan.start_minute),
        manufacturer=plan.vendor,
        model=plan.model,
        software=plan.software,
        field_t=plan.field_t,
        elements=(*elements, SIMULATED),
    )
    return facts, planted


def _burn(
    pixels: NDArray[np.float32],
    identity: Identity,
    *,
    facts: SeriesFacts,
    study: StudyFacts,
    enhanced: bool,
) -> list[PlantedIdentifier]:
    """Write text into some slices of `pixels` (X, Y, Z), in place, and list it."""
    lines, level = burned_in_lines(identity), float(pixels.max())
    order = slice_order(pixels.shape[2], facts.order)
    listed = []
    for k in burned_in_slices(pixels.shape[2]):
        texts = tuple(text for _, text in lines)
        pixels[:, :, k], boxes = burn_in(pixels[:, :, k], texts, level=level)
        place = order.index(k)
        first = facts.first_instance + (0 if enhanced else place)
        uid, frame = instance_uid(study.key, facts.number, first), place + 1 if enhanced else 1
        listed += [
            listed_in_pixels(line, box, series=facts.number, sop_instance_uid=uid, frame=frame)
            for line, box in zip(lines, boxes, strict=True)
        ]
    return listed
