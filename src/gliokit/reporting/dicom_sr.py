"""Findings as a DICOM structured report: TID 1500 in a Comprehensive 3D SR.

Measurements stand as groups (`gliokit.reporting.dicom_sr_groups`); what was found in words, what
is doubtful, what could not be assessed, from which volume on enhancing tumor would be found, and
that it is for research only, stand as text under Qualitative Evaluations. The report is complete,
preliminary and unverified: nobody has read it.

It stands in the study of its source, and refers to the pictures of the source and to the SEG
(`gliokit.reporting.dicom_sr_document`).

Source: DICOM PS3.3 2024, A.35.13; PS3.16, TID 1500; highdicom, doi:10.1007/s10278-022-00683-y.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from gliokit.core.findings import Findings
from gliokit.io.dicom_identity import RESEARCH_USE, Maker, made_uid
from gliokit.reporting.dicom_sr_document import (
    NOT_ASSESSED,
    Kind,
    check_frame,
    report_content,
    write_report,
)
from gliokit.reporting.dicom_sr_groups import Origin, measurement_groups
from gliokit.reporting.wording import INTERVAL_MEANING, attention, summary_text

KIND = Kind("sr", f"Tumor measurements, {RESEARCH_USE.lower()}", series_offset=9000)


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
    check_frame(headers)
    sources = [str(header.SOPInstanceUID) for header in headers]
    sizes = repr((findings.volumes_by_region, findings.volumes_by_label, findings.lesions)).encode()

    def tracking_uid(name: str) -> str:
        return made_uid(f"tracking {name}", sources=sources, content=sizes, maker=maker)

    groups = measurement_groups(findings, Origin(headers[0], seg, maker, tracking_uid))
    content = report_content(groups, _texts(findings), [headers], maker)
    own = [] if seg is None else [seg]
    return write_report(path, content, headers, own=own, kind=KIND, maker=maker)


def _texts(findings: Findings) -> Iterator[tuple[Code, str]]:
    yield codes.DCM.Comment, findings.disclaimer
    yield codes.DCM.Finding, summary_text(findings)
    for notice in attention(findings):
        yield codes.DCM.Comment, notice.text
    for notice in findings.not_assessed:
        yield NOT_ASSESSED, notice.text
    if findings.detection_limit:
        yield codes.DCM.Comment, f"Detection limit: {findings.detection_limit.text}"
    if any(entry.volume.interval for entry in findings.volumes_by_region):
        yield codes.DCM.Comment, INTERVAL_MEANING
