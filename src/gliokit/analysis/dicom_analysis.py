"""A study out of DICOM files to the folder of its result, with objects that a PACS reads."""

import logging
from pathlib import Path

from gliokit.analysis.analyze import Analyzed, Origin, analyze_into
from gliokit.analysis.dicom_input import DicomInput
from gliokit.analysis.options import Options
from gliokit.analysis.outline import OnStage, Segmenter
from gliokit.analysis.output import PDF, RTSTRUCT, SEG, SEGMENTATION, SR, result_folder
from gliokit.core.findings import Findings
from gliokit.io.dicom_identity import Maker
from gliokit.io.dicom_rtstruct import write_rtstruct
from gliokit.io.dicom_seg import write_seg
from gliokit.io.dicom_source import Headers
from gliokit.io.nifti import read_label_map
from gliokit.reporting.dicom_pdf import write_encapsulated_pdf
from gliokit.reporting.dicom_sr import write_sr
from gliokit.reporting.pdf import render_pdf

log = logging.getLogger(__name__)


def analyze_dicom(
    source: DicomInput,
    out: Path,
    *,
    segmenter: Segmenter,
    options: Options | None = None,
    force: bool = False,
    on_stage: OnStage = log.info,
) -> Findings:
    """Analyze a study, and write its result as SR and PDF too, its labels as SEG and RTSTRUCT.

    No object is written where the source has no frame of reference, and none of the labels where
    there are none.

    Parameters and errors are those of `gliokit.analysis.analyze.analyze`.
    """
    with result_folder(out, force=force) as folder:
        analyzed = analyze_into(
            folder,
            source.study,
            segmenter=segmenter,
            options=options,
            origin=Origin(source.notices, source.series),
            on_stage=on_stage,
        )
        if source.headers:
            on_stage("writing DICOM objects")
            _write_objects(folder, analyzed, source.headers)
    return analyzed.findings


def _write_objects(folder: Path, analyzed: Analyzed, headers: Headers) -> None:
    findings, model = analyzed.findings, analyzed.findings.model
    maker = Maker(
        f"{model.name} {model.version}" if model else None,
        model.sha256 if model else "",
        "; ".join(f"{name}={value}" for name, value in findings.options),
    )
    labels = read_label_map(folder / SEGMENTATION)  # as it was written
    seg = None
    if labels.array.any():
        seg = write_seg(folder / SEG, labels, headers, maker=maker)
        write_rtstruct(folder / RTSTRUCT, labels, headers, maker=maker)
    write_sr(folder / SR, findings, headers, maker=maker, seg=seg)
    pdf = render_pdf(findings, analyzed.study, labels)
    write_encapsulated_pdf(folder / PDF, pdf, headers, maker=maker)
