"""Measurements of a study as measurement groups of DICOM SR.

One group per region, per label that is no region by itself, and per lesion. A group that is one
whole segment of the SEG is a volumetric ROI (TID 1411) and names that segment; a region of
several labels, or one lesion of many, is a plain group (TID 1501) that names all segments that it
was measured on. Diameters are polylines of two points in the source's frame of reference.

A volume is in cm³, DICOM's unit for it: 1 mL. Its 90 % interval stands as the range above and
below it (TID 310). Of a region that could not be assessed no volume stands, but that it is unknown.

Terms are SNOMED CT, and private ones (99GLIOKIT) where DICOM's dictionaries have none: whole tumor,
tumor core, product of diameters, volume of the enhancing part.

Source: DICOM PS3.16 2024, TID 310, 1411, 1501, 4019; CID 42, 244, 7470.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

import highdicom as hd
import numpy as np
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from gliokit.core.coding import ABNORMAL_STRUCTURE, BRAIN, LABEL_CODES
from gliokit.core.findings import Diameter, Findings, Lesion, Quantity
from gliokit.core.vocabulary import (
    LABEL_TERMS,
    REGION_LABELS,
    REGION_TERMS,
    Label,
    Region,
    Side,
)
from gliokit.io.dicom_encoding import LPS_OF_RAS, code_of
from gliokit.io.dicom_identity import MANUFACTURER, Maker

PRIVATE_SCHEME = "99GLIOKIT"
PRODUCT = Code("PRODUCT_OF_DIAMETERS", PRIVATE_SCHEME, "Product of diameters")
ENHANCING_VOLUME = Code("ENHANCING_VOLUME", PRIVATE_SCHEME, "Volume of the enhancing part")
REGION_FINDINGS: MappingProxyType[Region, Code] = MappingProxyType(
    {
        Region.WHOLE_TUMOR: Code("WHOLE_TUMOR", PRIVATE_SCHEME, "Whole tumor"),
        Region.TUMOR_CORE: Code("TUMOR_CORE", PRIVATE_SCHEME, "Tumor core"),
        Region.ENHANCING_TUMOR: code_of(LABEL_CODES[Label.ENHANCING]),
        Region.RESECTION_CAVITY: code_of(LABEL_CODES[Label.CAVITY]),
    }
)
UNITS: MappingProxyType[str, Code] = MappingProxyType(
    {
        "mL": codes.UCUM.CubicCentimeter,
        "mm": codes.UCUM.Millimeter,
        "mm2": codes.UCUM.SquareMillimeter,
        "1": codes.UCUM.NoUnits,
    }
)
LATERALITIES: MappingProxyType[Side, Code] = MappingProxyType(
    {Side.LEFT: codes.SCT.Left, Side.RIGHT: codes.SCT.Right}
)
UNKNOWN_VOLUME = hd.sr.QualitativeEvaluation(codes.SCT.Volume, codes.DCM.ValueUnknown)

Group: TypeAlias = (
    hd.sr.MeasurementsAndQualitativeEvaluations
    | hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What all groups of a report were measured on, and by what.

    Attributes
    ----------
    header : Dataset
        Of the source series.
    seg : Dataset or None
        The SEG that was written of the labels.
    tracking_uid : callable
        Gives the UID that a name is tracked by.
    """

    header: Dataset = field(repr=False)
    seg: Dataset | None = field(repr=False)
    maker: Maker
    tracking_uid: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Measured:
    """One group to be: what it is, what it was measured on, and its sizes; none if not assessed."""

    name: str
    finding: Code
    labels: frozenset[Label]
    sizes: Sequence[hd.sr.Measurement]
    side: Side | None = None
    is_whole: bool = True  # all voxels of its labels, not one lesion of many


def measurement_groups(findings: Findings, origin: Origin) -> list[Group]:
    """Give the measurement groups of all regions, labels and lesions."""
    numbers = segment_numbers(origin.seg)
    measured = (*_regions(findings), *_labels(findings), *_lesions(findings, origin))
    return [_group(one, origin, numbers) for one in measured]


def _regions(findings: Findings) -> Iterator[_Measured]:
    for entry in findings.volumes_by_region:
        unseen = entry.region in findings.unseen_regions
        yield _Measured(
            REGION_TERMS[entry.region],
            REGION_FINDINGS[entry.region],
            REGION_LABELS[entry.region],
            [] if unseen else [measured_size(codes.SCT.Volume, entry.volume)],
        )


def _labels(findings: Findings) -> Iterator[_Measured]:
    """Give the labels that are there and are no region by themselves."""
    regions = {labels for labels in REGION_LABELS.values() if len(labels) == 1}
    for entry in findings.volumes_by_label:
        if frozenset({entry.label}) in regions or not entry.voxels:
            continue
        unseen = entry.label in findings.unseen_labels
        yield _Measured(
            LABEL_TERMS[entry.label],
            code_of(LABEL_CODES[entry.label]),
            frozenset({entry.label}),
            [] if unseen else [measured_size(codes.SCT.Volume, entry.volume)],
        )


def _lesions(findings: Findings, origin: Origin) -> Iterator[_Measured]:
    frame = str(origin.header.FrameOfReferenceUID)
    for lesion in findings.lesions:
        yield _Measured(
            lesion.name,
            REGION_FINDINGS[lesion.region],
            REGION_LABELS[lesion.region],
            list(_lesion_sizes(lesion, frame)),
            side=lesion.side,
            is_whole=False,
        )


def _lesion_sizes(lesion: Lesion, frame: str) -> Iterator[hd.sr.Measurement]:
    yield measured_size(codes.SCT.Volume, lesion.volume)
    if lesion.region is not Region.RESECTION_CAVITY:
        yield measured_size(ENHANCING_VOLUME, lesion.enhancing_volume)
    if lesion.longest is not None:
        yield measured_diameter(codes.SCT.LongAxis, lesion.longest, frame)
    if lesion.perpendicular is not None:
        yield measured_diameter(codes.SCT.PerpendicularAxis, lesion.perpendicular, frame)
    if lesion.product is not None:
        yield measured_size(PRODUCT, lesion.product)


def measured_size(name: Code, quantity: Quantity) -> hd.sr.Measurement:
    """Give a size with its interval, if it has one."""
    return hd.sr.Measurement(
        name,
        float(quantity.value),
        UNITS[quantity.unit],
        properties=uncertainty_range(quantity) if quantity.interval else None,
    )


def uncertainty_range(quantity: Quantity) -> hd.sr.MeasurementProperties:
    """Give the interval as ranges in the unit of the value; highdicom gives them none."""
    low, high = quantity.interval or (quantity.value, quantity.value)
    properties = hd.sr.MeasurementProperties()
    for name, width in (
        (codes.SCT.RangeOfUpperMeasurementUncertainty, high - quantity.value),
        (codes.SCT.RangeOfLowerMeasurementUncertainty, quantity.value - low),
    ):
        properties.append(
            hd.sr.NumContentItem(
                name,
                float(width),
                UNITS[quantity.unit],
                relationship_type=hd.sr.RelationshipTypeValues.HAS_PROPERTIES,
            )
        )
    return properties


def measured_diameter(name: Code, diameter: Diameter, frame: str) -> hd.sr.Measurement:
    """Give a diameter with its ends in a frame of reference."""
    line = hd.sr.CoordinatesForMeasurement3D(
        hd.sr.GraphicTypeValues3D.POLYLINE,
        np.array([diameter.start, diameter.end]) * LPS_OF_RAS,
        frame,
    )
    return hd.sr.Measurement(
        name,
        float(diameter.length.value),
        UNITS[diameter.length.unit],
        referenced_coordinates=[line],
    )


def _group(one: _Measured, origin: Origin, numbers: Mapping[Label, int]) -> Group:
    segments = sorted(numbers[label] for label in one.labels if label in numbers)
    if one.is_whole and len(one.labels) == len(segments) == 1:
        build: Callable[..., Group] = partial(
            hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations,
            referenced_segment=_whole_segment(origin, segments[0]),
        )
    else:
        build = partial(
            hd.sr.MeasurementsAndQualitativeEvaluations,
            source_images=parts_of_segments(origin.seg, segments),
        )
    return build(
        tracking_identifier=hd.sr.TrackingIdentifier(origin.tracking_uid(one.name), one.name),
        finding_category=code_of(ABNORMAL_STRUCTURE),
        finding_type=one.finding,
        finding_sites=[_site(one.side)],
        algorithm_id=algorithm_used(origin.maker),
        measurements=one.sizes,
        qualitative_evaluations=None if one.sizes else [UNKNOWN_VOLUME],
    )


def algorithm_used(maker: Maker) -> hd.sr.AlgorithmIdentification | None:
    """Name the model; None where a person gave the labels."""
    if maker.model is None:
        return None
    return hd.sr.AlgorithmIdentification(
        name=maker.name,
        version=maker.version,
        parameters=[maker.options] if maker.options else None,
        family=codes.DCM.ArtificialIntelligence,
        manufacturer=MANUFACTURER,
    )


def _site(side: Side | None) -> hd.sr.FindingSite:
    return hd.sr.FindingSite(
        code_of(BRAIN),
        laterality=LATERALITIES.get(side) if side else None,
        topographical_modifier=codes.SCT.Midline if side is Side.MIDLINE else None,
    )


def segment_numbers(seg: Dataset | None) -> dict[Label, int]:
    """Find the number of each label's segment by its term."""
    if seg is None:
        return {}
    numbers = {
        str(segment.SegmentedPropertyTypeCodeSequence[0].CodeValue): int(segment.SegmentNumber)
        for segment in seg.SegmentSequence
    }
    return {
        label: numbers[term.value] for label, term in LABEL_CODES.items() if term.value in numbers
    }


def _whole_segment(origin: Origin, number: int) -> hd.sr.ReferencedSegment:
    seg = origin.seg
    assert seg is not None  # numbers are its own
    return hd.sr.ReferencedSegment(
        str(seg.SOPClassUID),
        str(seg.SOPInstanceUID),
        number,
        source_series=hd.sr.SourceSeriesForSegmentation(str(origin.header.SeriesInstanceUID)),
    )


def parts_of_segments(
    seg: Dataset | None, segments: Sequence[int]
) -> list[hd.sr.SourceImageForMeasurementGroup] | None:
    """Refer to the segments that a group was measured on; None where there are none."""
    if seg is None or not segments:
        return None
    item = hd.sr.SourceImageForMeasurementGroup(str(seg.SOPClassUID), str(seg.SOPInstanceUID))
    item.ReferencedSOPSequence[0].ReferencedSegmentNumber = list(segments)
    return [item]
