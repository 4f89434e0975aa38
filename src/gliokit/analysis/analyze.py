"""One study to the folder of its result.

A segmenter is anything that has a `model` (its record, or None) and turns a study into
a segmentation; `gliokit.segmentation.default` and `gliokit.analysis.given_labels` are two.
"""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from threadpoolctl import threadpool_limits

from gliokit.analysis.assess import assess, describe_inputs, with_quality
from gliokit.analysis.detection import enhancement_limit
from gliokit.analysis.options import Options
from gliokit.analysis.outline import OnStage, Outlined, Segmenter, outline
from gliokit.analysis.output import (
    FINDINGS,
    NATIVE,
    PROBABILITIES,
    REPORT,
    SEGMENTATION,
    result_folder,
)
from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Findings, Notice, SeriesPlan
from gliokit.core.study import Study
from gliokit.io.nifti import write_label_map, write_probability_map
from gliokit.preprocessing.quality.checks import check_study, check_usable
from gliokit.reporting.findings_json import findings_json
from gliokit.reporting.html import render_report, report_template
from gliokit.segmentation.default import Segmentation
from gliokit.segmentation.probabilities import Probabilities

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of where a study comes from, as its findings say it.

    Attributes
    ----------
    notices : tuple of Notice
        Said first among the warnings.
    series : SeriesPlan or None
        Which series of DICOM is which.
    """

    notices: tuple[Notice, ...] = ()
    series: SeriesPlan | None = None


@dataclass(frozen=True, slots=True)
class Analyzed:
    """What was found in a study, and its images on the grid that was measured on."""

    findings: Findings
    study: Study


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
    NotAssessableError
        If the images show no brain, or nothing but noise, or probabilities are asked of a
        segmenter that has none.
    OutputError
        If the result cannot be written there.
    """
    with result_folder(out, force=force) as folder:
        return analyze_into(
            folder, study, segmenter=segmenter, options=options, on_stage=on_stage
        ).findings


def analyze_into(
    folder: Path,
    study: Study,
    *,
    segmenter: Segmenter,
    options: Options | None = None,
    origin: Origin = Origin(),
    on_stage: OnStage = log.info,
) -> Analyzed:
    """Analyze a study and write the result's files into an existing folder.

    Parameters
    ----------
    origin : Origin
        What is known of where it comes from.
    """
    options = options or Options()
    outlined = outline(
        study,
        segmenter,
        probabilities=options.probabilities,
        on_stage=on_stage,
        bias_field=options.bias_field,
    )
    shown, segmentation = outlined.study, outlined.segmentation
    probabilities = _asked_for(segmentation, study) if options.probabilities else None
    on_stage("measuring")
    noted = replace(segmentation, notices=(*origin.notices, *segmentation.notices))
    findings = _measured(study, replace(outlined, segmentation=noted), segmenter, options)
    findings = replace(findings, series=origin.series)
    on_stage("writing the report")
    write_label_map(folder / SEGMENTATION, segmentation.labels)
    if probabilities:
        _write_probabilities(folder, probabilities)
    _write_native(folder, outlined)
    report = render_report(findings, shown, segmentation.labels)
    (folder / REPORT).write_text(report, encoding="utf-8")
    (folder / FINDINGS).write_text(findings_json(findings), encoding="utf-8")
    return Analyzed(findings, shown)


def _measured(study: Study, outlined: Outlined, segmenter: Segmenter, options: Options) -> Findings:
    """Check the images, and beside that measure what was outlined and prepare the report."""
    shown, found = outlined.study, outlined.segmentation
    with (
        threadpool_limits(1, user_api="blas"),  # products are thin: more threads only wait
        ThreadPoolExecutor(segmenter.threads or os.cpu_count()) as pool,
    ):
        pool.submit(report_template)
        measuring = pool.submit(
            assess,
            shown,
            found,
            model=segmenter.model,
            options=options,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        quality = check_study(shown, found.brain, found.labels, raw=outlined.scanned, pool=pool)
        if segmenter.model:  # labels that a person drew do not rest on what we see
            check_usable(quality, study_id=study.study_id)
        findings = measuring.result()
    return replace(
        findings,
        inputs=describe_inputs(study),
        warnings=with_quality(findings.warnings, quality),
        quality=quality,
        detection_limit=enhancement_limit(study, quality, segmenter),
    )


def _write_native(folder: Path, outlined: Outlined) -> None:
    for sequence, labels in outlined.native.items():
        path = folder / NATIVE[sequence]
        path.parent.mkdir(exist_ok=True)
        write_label_map(path, labels)


def _asked_for(segmentation: Segmentation, study: Study) -> Probabilities:
    if segmentation.probabilities is None:
        raise NotAssessableError(
            f"study {study.study_id} was outlined without probabilities, as labels given by a "
            "person are; leave them out, or let a model outline it"
        )
    return segmentation.probabilities


def _write_probabilities(folder: Path, probabilities: Probabilities) -> None:
    for region, name in PROBABILITIES.items():  # one at a time: each is as large as an image
        note = f"gliokit probability of {region}"
        write_probability_map(
            folder / name, probabilities.of(region), probabilities.affine, note=note
        )
