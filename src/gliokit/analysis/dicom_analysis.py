"""A study out of DICOM files to the folder of its result, with objects that a PACS reads."""

import logging
from pathlib import Path

from gliokit.analysis.analyze import OnStage, Segmenter, analyze_into
from gliokit.analysis.dicom_input import DicomInput
from gliokit.analysis.options import Options
from gliokit.analysis.output import RTSTRUCT, SEG, SEGMENTATION, result_folder
from gliokit.core.findings import Findings
from gliokit.core.image import LabelMap
from gliokit.io.dicom_identity import Maker
from gliokit.io.dicom_rtstruct import write_rtstruct
from gliokit.io.dicom_seg import write_seg
from gliokit.io.nifti import read_label_map

log = logging.getLogger(__name__)

GIVEN = "labels given by a person"  # stands where no model outlined the tumor


def analyze_dicom(
    source: DicomInput,
    out: Path,
    *,
    segmenter: Segmenter,
    options: Options | None = None,
    force: bool = False,
    on_stage: OnStage = log.info,
) -> Findings:
    """Analyze a study, and write its labels as SEG and RTSTRUCT too, where there are any.

    Parameters and errors are those of `gliokit.analysis.analyze.analyze`.
    """
    with result_folder(out, force=force) as folder:
        findings = analyze_into(
            folder,
            source.study,
            segmenter=segmenter,
            options=options,
            notices=source.notices,
            on_stage=on_stage,
        )
        labels = read_label_map(folder / SEGMENTATION)  # as it was written
        if labels.array.any() and source.headers:
            on_stage("writing DICOM objects")
            _write_objects(folder, labels, source, findings)
    return findings


def _write_objects(folder: Path, labels: LabelMap, source: DicomInput, findings: Findings) -> None:
    model = findings.model
    maker = Maker(
        f"{model.name} {model.version}" if model else GIVEN,
        model.sha256 if model else "",
        "; ".join(f"{name}={value}" for name, value in findings.options),
    )
    write_seg(folder / SEG, labels, source.headers, maker=maker)
    write_rtstruct(folder / RTSTRUCT, labels, source.headers, maker=maker)
