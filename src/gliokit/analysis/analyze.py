"""One study to the folder of its result.

A segmenter is anything that has a `model` (its record, or None) and turns a study into
a segmentation; `gliokit.segmentation.default` and `gliokit.analysis.given_labels` are two.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from gliokit.analysis.assess import assess
from gliokit.analysis.options import Options
from gliokit.analysis.output import FINDINGS, REPORT, SEGMENTATION, result_folder
from gliokit.core.findings import Findings, Model, Notice
from gliokit.core.image import LabelMap
from gliokit.core.study import Study, shared_grid
from gliokit.io.nifti import write_label_map
from gliokit.reporting.findings_json import findings_json
from gliokit.reporting.html import render_report
from gliokit.segmentation.default import Segmentation

log = logging.getLogger(__name__)

OnStage = Callable[[str], None]


class Segmenter(Protocol):
    """Outlines the tumor of a study."""

    @property
    def model(self) -> Model | None:
        """What made the labels; None where nothing of ours did."""

    def predict(self, study: Study) -> Segmentation:
        """Give labels and brain on the grid of `study.reference`."""


def analyze(
    study: Study,
    out: Path,
    *,
    segmenter: Segmenter,
    options: Options | None = None,
    force: bool = False,
    on_stage: OnStage = log.info,
) -> Findings:
    """Outline the tumor, measure it, and write report, labels and findings to `out`.

    Parameters
    ----------
    out : Path
        Folder of the result: complete when this returns, untouched when it raises.
    segmenter : Segmenter
        Outlines the tumor.
    force : bool
        Replace a result that stands in `out`.
    on_stage : callable
        Told the name of each stage as it begins.

    Raises
    ------
    GeometryError
        If the images lie on different grids.
    NotAssessableError
        If the images show no brain.
    OutputError
        If the result cannot be written there.
    """
    with result_folder(out, force=force) as folder:
        return analyze_into(folder, study, segmenter=segmenter, options=options, on_stage=on_stage)


def analyze_into(
    folder: Path,
    study: Study,
    *,
    segmenter: Segmenter,
    options: Options | None = None,
    notices: tuple[Notice, ...] = (),
    on_stage: OnStage = log.info,
) -> Findings:
    """Analyze a study and write the result's files into an existing folder.

    Parameters
    ----------
    notices : tuple of Notice
        Said first among the warnings.
    """
    shared_grid(study)
    on_stage("outlining the tumor")
    segmentation = segmenter.predict(study)
    on_stage("measuring")
    findings = assess(
        study,
        replace(segmentation, notices=(*notices, *segmentation.notices)),
        model=segmenter.model,
        options=options or Options(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    on_stage("writing the report")
    _write(folder, findings, study=study, labels=segmentation.labels)
    return findings


def _write(folder: Path, findings: Findings, *, study: Study, labels: LabelMap) -> None:
    write_label_map(folder / SEGMENTATION, labels)
    report = render_report(findings, study, labels)
    (folder / REPORT).write_text(report, encoding="utf-8")
    (folder / FINDINGS).write_text(findings_json(findings), encoding="utf-8")
