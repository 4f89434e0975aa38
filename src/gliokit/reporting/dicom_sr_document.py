"""The file around a report's measurements: TID 1500 in a Comprehensive 3D SR.

Who measured is a device; nobody has read the report, so that it is preliminary and unverified. It
stands in the study of its first source as a new series, with its patient and dates. Texts are
UTF-8, whatever the source's are. UIDs are hashes of all that it says; the same UID means the same
bytes.

Source: DICOM PS3.3 2024, A.35.13; PS3.16, TID 1500; highdicom, doi:10.1007/s10278-022-00683-y.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import highdicom as hd
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from gliokit.core.errors import GeometryError
from gliokit.io.dicom_encoding import encoded
from gliokit.io.dicom_identity import (
    BLANK_UID,
    MANUFACTURER,
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
from gliokit.reporting.dicom_sr_groups import PRIVATE_SCHEME, Group

CHARACTER_SET = "ISO_IR 192"  # UTF-8
# row 12 of TID 1500; pydicom's dictionary lacks it
QUALITATIVE_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
NOT_ASSESSED = Code("NOT_ASSESSED", PRIVATE_SCHEME, "Not assessed")
CONTAINS = hd.sr.RelationshipTypeValues.CONTAINS
LIBRARY_ELEMENTS = ("SOPClassUID", "SOPInstanceUID", "FrameOfReferenceUID", "Rows", "Columns")


@dataclass(frozen=True, slots=True)
class Kind:
    """Which report this is.

    Attributes
    ----------
    name : str
        UIDs are made of it.
    description : str
        Of its series.
    series_offset : int
        Of the series number; assumed free in a study.
    """

    name: str
    description: str
    series_offset: int


def check_frame(headers: Sequence[Dataset]) -> None:
    """Refuse a source that no point in space can refer to.

    Raises
    ------
    GeometryError
        If the series has no frame of reference.
    """
    if not headers or not headers[0].get("FrameOfReferenceUID"):
        raise GeometryError(
            "source series: no frame of reference; a DICOM SR with points in space needs one; "
            "take the JSON"
        )


def report_content(
    groups: Sequence[Group],
    words: Iterable[tuple[Code, str]],
    library: Sequence[Sequence[Dataset]],
    maker: Maker,
) -> hd.sr.MeasurementReport:
    """Put measurement groups, words and the pictures of the sources together.

    Parameters
    ----------
    groups : sequence of Group
        Measurements.
    words : iterable of (Code, str)
        Texts and what each is.
    library : sequence of sequence of Dataset
        Headers of each source series.
    maker : Maker
        What measured.
    """
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(
            observer_device_context=hd.sr.ObserverContext(codes.DCM.Device, _observer(maker))
        ),
        procedure_reported=codes.LN.BrainMRI,
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    pictures = _container(codes.DCM.ImageLibrary, [_library_group(one) for one in library])
    parts = report[0].ContentSequence
    parts.insert(len(parts) - 1, pictures)  # before the measurements
    texts = (hd.sr.TextContentItem(name, text, relationship_type=CONTAINS) for name, text in words)
    parts.append(_container(QUALITATIVE_EVALUATIONS, texts))
    return report


def write_report(
    path: Path,
    content: hd.sr.MeasurementReport,
    headers: Sequence[Dataset],
    *,
    own: Sequence[Dataset] = (),
    kind: Kind,
    maker: Maker,
) -> Dataset:
    """Write a report into the study of the first of its sources.

    Parameters
    ----------
    content : MeasurementReport
        Of `report_content`.
    headers : sequence of Dataset
        Of all pictures of the sources.
    own : sequence of Dataset
        Objects made of them that the content refers to, such as a SEG.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    report = _document(content, [*headers, *own], kind, maker)
    said = encoded(report)  # all that the file says, its UIDs blank
    sources = [str(header.SOPInstanceUID) for header in headers]
    for keyword in ("SeriesInstanceUID", "SOPInstanceUID"):
        uid = made_uid(f"{kind.name} {keyword}", sources=sources, content=said, maker=maker)
        setattr(report, keyword, uid)
    write_whole_file(path, encoded(report))
    return report


def _observer(maker: Maker) -> hd.sr.DeviceObserverIdentifyingAttributes:
    device = equipment(maker)
    return hd.sr.DeviceObserverIdentifyingAttributes(
        uid=device.DeviceUID,
        name=f"{MANUFACTURER} {device.SoftwareVersions}",
        manufacturer_name=device.Manufacturer,
        model_name=device.ManufacturerModelName,
        serial_number=device.DeviceSerialNumber,
    )


def _library_group(headers: Sequence[Dataset]) -> hd.sr.ContainerContentItem:
    """List the pictures of a source, and once what they share."""
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
    return _container(codes.DCM.ImageLibraryGroup, [*descriptors, *pictures])


def _container(name: Code, items: Iterable[hd.sr.ContentItem]) -> hd.sr.ContainerContentItem:
    container = hd.sr.ContainerContentItem(name, relationship_type=CONTAINS)
    container.ContentSequence = hd.sr.ContentSequence(list(items))
    return container


def _document(
    content: hd.sr.MeasurementReport, evidence: Sequence[Dataset], kind: Kind, maker: Maker
) -> Dataset:
    """Give the file but for its own UIDs."""
    first, device = evidence[0], equipment(maker)
    date, time = source_moment(first)
    report = hd.sr.Comprehensive3DSR(
        evidence=[without_identity(one) for one in evidence],
        content=content,
        series_instance_uid=BLANK_UID,
        series_number=series_number(first, kind.series_offset),
        sop_instance_uid=BLANK_UID,
        instance_number=1,
        is_complete=True,
        manufacturer=device.Manufacturer,
        manufacturer_model_name=device.ManufacturerModelName,
        software_versions=device.SoftwareVersions,
        device_serial_number=device.DeviceSerialNumber,
        series_description=kind.description,
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
