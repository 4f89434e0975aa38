"""Findings as a DICOM structured report: TID 1500 in a Comprehensive 3D SR.

Measurements stand as groups (`gliokit.reporting.dicom_sr_groups`); what was found in words, what
is doubtful, what could not be assessed, and that it is for research only, stand as text under
Qualitative Evaluations. The report is complete, preliminary and unverified: nobody has read it.

It stands in the study of its source as a new series, with its patient and dates, and refers to
the pictures of the source and to the SEG. Texts are UTF-8, whatever the source's are.

UIDs are hashes of all that it says; the same UID means the same bytes.

Source: DICOM PS3.3 2024, A.35.13; PS3.16, TID 1500; highdicom, doi:10.1007/s10278-022-00683-y.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import highdicom as hd
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from gliokit.core.errors import GeometryError
from gliokit.core.findings import Findings
from gliokit.io.dicom_encoding import encoded
from gliokit.io.dicom_identity import (
    BLANK_UID,
    MANUFACTURER,
    RESEARCH_USE,
    Maker,
    equipment,
    forget_clock,
    made_uid,
    series_number,
    shared_identity,
    source_moment,
    without_identity,
)
from gliokit.io.whole_file import write_whole_file
from gliokit.reporting.dicom_sr_groups import PRIVATE_SCHEME, Origin, measurement_groups
from gliokit.reporting.wording import INTERVAL_MEANING, attention, summary_text

SERIES_OFFSET = 9000  # of the series number; assumed free in a study
CHARACTER_SET = "ISO_IR 192"  # UTF-8
# row 12 of TID 1500; pydicom's dictionary lacks it
QUALITATIVE_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
NOT_ASSESSED = Code("NOT_ASSESSED", PRIVATE_SCHEME, "Not assessed")
CONTAINS = hd.sr.RelationshipTypeValues.CONTAINS
LIBRARY_ELEMENTS = ("SOPClassUID", "SOPInstanceUID", "FrameOfReferenceUID", "Rows", "Columns")


def write_sr(
    path: Path,
    findings: Findings,
    headers: Sequence[Dataset],
    *,
    maker: Maker,
    seg: Dataset | None = None,
) -> Dataset:
    """Write findings as DICOM SR.

    Parameters
    ----------
    findings : Findings
        Coordinates in RAS+ mm of the series' frame of reference.
    headers : sequence of Dataset
        Of the series that was measured, without pixels.
    maker : Maker
        What made the labels; it stands in the file and in its UIDs.
    seg : Dataset or None
        The SEG of the labels as written; None where there are no labels.

    Returns
    -------
    Dataset
        As written.

    Raises
    ------
    GeometryError
        If the series has no frame of reference.
    OutputError
        If the file cannot be written.
    """
    if not headers or not headers[0].get("FrameOfReferenceUID"):
        raise GeometryError(
            "source series: no frame of reference; a DICOM SR with points in space needs one; "
            "take findings.json"
        )
    sources = [str(header.SOPInstanceUID) for header in headers]
    sizes = repr((findings.volumes_by_region, findings.volumes_by_label, findings.lesions)).encode()

    def tracking_uid(name: str) -> str:
        return made_uid(f"tracking {name}", sources=sources, content=sizes, maker=maker)

    origin = Origin(headers[0], seg, maker, tracking_uid)
    report = _document(_content(findings, headers, origin), headers, origin)
    content = encoded(report)  # all that the file says, its UIDs blank
    for keyword in ("SeriesInstanceUID", "SOPInstanceUID"):
        uid = made_uid(f"sr {keyword}", sources=sources, content=content, maker=maker)
        setattr(report, keyword, uid)
    write_whole_file(path, encoded(report))
    return report


def _content(
    findings: Findings, headers: Sequence[Dataset], origin: Origin
) -> hd.sr.MeasurementReport:
    device = equipment(origin.maker)
    observer = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=device.DeviceUID,
        name=f"{MANUFACTURER} {device.SoftwareVersions}",
        manufacturer_name=device.Manufacturer,
        model_name=device.ManufacturerModelName,
        serial_number=device.DeviceSerialNumber,
    )
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(
            observer_device_context=hd.sr.ObserverContext(codes.DCM.Device, observer)
        ),
        procedure_reported=codes.LN.BrainMRI,
        imaging_measurements=measurement_groups(findings, origin),
        title=codes.DCM.ImagingMeasurementReport,
    )
    parts = report[0].ContentSequence
    parts.insert(len(parts) - 1, _image_library(headers))  # before the measurements
    parts.append(_in_words(findings))
    return report


def _image_library(headers: Sequence[Dataset]) -> hd.sr.ContainerContentItem:
    """List the pictures of the source, and once what they share."""
    shared = Dataset()
    for keyword in LIBRARY_ELEMENTS:
        shared.add(headers[0][keyword])
    shared.Modality = ""  # else highdicom asks where it lies, which each picture says itself
    descriptors = hd.sr.ImageLibraryEntryDescriptors(shared)
    pictures = (
        hd.sr.ImageContentItem(
            codes.SCT.Source,
            header.SOPClassUID,
            header.SOPInstanceUID,
            relationship_type=CONTAINS,
        )
        for header in headers
    )
    group = _container(codes.DCM.ImageLibraryGroup, [*descriptors, *pictures])
    return _container(codes.DCM.ImageLibrary, [group])


def _in_words(findings: Findings) -> hd.sr.ContainerContentItem:
    texts = (
        hd.sr.TextContentItem(name, text, relationship_type=CONTAINS)
        for name, text in _texts(findings)
    )
    return _container(QUALITATIVE_EVALUATIONS, texts)


def _container(name: Code, items: Iterable[hd.sr.ContentItem]) -> hd.sr.ContainerContentItem:
    container = hd.sr.ContainerContentItem(name, relationship_type=CONTAINS)
    container.ContentSequence = hd.sr.ContentSequence(list(items))
    return container


def _texts(findings: Findings) -> Iterator[tuple[Code, str]]:
    yield codes.DCM.Comment, findings.disclaimer
    yield codes.DCM.Finding, summary_text(findings)
    for notice in attention(findings):
        yield codes.DCM.Comment, notice.text
    for notice in findings.not_assessed:
        yield NOT_ASSESSED, notice.text
    if any(entry.volume.interval for entry in findings.volumes_by_region):
        yield codes.DCM.Comment, INTERVAL_MEANING


def _document(
    content: hd.sr.MeasurementReport, headers: Sequence[Dataset], origin: Origin
) -> Dataset:
    """Give the file but for its own UIDs."""
    first, device = headers[0], equipment(origin.maker)
    date, time = source_moment(first)
    evidence = [without_identity(header) for header in headers]
    report = hd.sr.Comprehensive3DSR(
        evidence=[*evidence, *([] if origin.seg is None else [origin.seg])],
        content=content,
        series_instance_uid=BLANK_UID,
        series_number=series_number(first, SERIES_OFFSET),
        sop_instance_uid=BLANK_UID,
        instance_number=1,
        is_complete=True,
        manufacturer=device.Manufacturer,
        manufacturer_model_name=device.ManufacturerModelName,
        software_versions=device.SoftwareVersions,
        device_serial_number=device.DeviceSerialNumber,
        series_description=f"Tumor measurements, {RESEARCH_USE.lower()}",
        content_date=date,
        content_time=time,
        series_date=date,
        series_time=time,
    )
    forget_clock(report)
    report.update(shared_identity(first))
    report.SpecificCharacterSet = CHARACTER_SET
    report.DeviceUID = device.DeviceUID
    report.CodingSchemeIdentificationSequence = [_private_scheme()]
    return report


def _private_scheme() -> Dataset:
    scheme = Dataset()
    scheme.CodingSchemeDesignator = PRIVATE_SCHEME
    scheme.CodingSchemeName = f"Private terms of {MANUFACTURER}"
    return scheme
