"""One study asked and scored: seconds, memory, and scores per region, or the reason."""

from dataclasses import fields, replace
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

from gliokit.analysis.cost import measured
from gliokit.analysis.failure import reason
from gliokit.analysis.reasons import without_paths
from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.core.geometry import spacing_mm
from gliokit.core.image import LabelMap, region_mask
from gliokit.core.system import System
from gliokit.evaluation.segmentation_scores import CaseScores, score_case
from gliokit.io.nifti import write_label_map
from gliokit.reporting.evaluation_record import CaseResult


def answered_case(
    system: System, cohort: Cohort, row: Row, *, fold: int, path: Path | None = None
) -> CaseResult:
    """Ask a system about one study and score the answer; raises nothing.

    Parameters
    ----------
    system : System
        Fitted.
    cohort : Cohort
        That holds the row, with labels.
    row : Row
        The study.
    fold : int
        Whose model it is.
    path : Path or None
        Where the label map is written; None writes none.
    """
    try:
        study = cohort.load(row)
        with measured() as cost:
            labels = system.predict(study).labels
        if labels is None:
            raise NotAssessableError(f"study {row.study_id}: {system.card.name} abstained")
        if path:
            write_label_map(path, labels)
        return replace(
            scored_case(cohort, row, labels, fold=fold),
            seconds=cost.seconds,
            peak_mb=cost.peak_mb,
        )
    except Exception as error:  # whatever it is, the other studies go on
        return failed_case(cohort, row, fold=fold, why=without_paths(reason(error), row))


def scored_case(cohort: Cohort, row: Row, labels: LabelMap, *, fold: int) -> CaseResult:
    """Score a label map against the reference of its study.

    Raises
    ------
    GeometryError
        If they lie on different grids.
    """
    reference = cohort.load_labels(row)
    if difference := reference.grid.difference(labels.grid):
        raise GeometryError(
            f"study {row.study_id}: grids of the reference and the prediction differ: "
            f"{difference}; give predictions on the grid of the reference"
        )
    scores = score_case(reference.array, labels.array, spacing_mm=spacing_mm(reference.affine))
    return CaseResult(row.patient_id, row.study_id, fold, tuple(scores))


def failed_case(cohort: Cohort, row: Row, *, fold: int, why: str) -> CaseResult:
    """Score a study without an answer as one in which nothing was outlined; raises nothing."""
    try:
        reference = cohort.load_labels(row)
        nothing = LabelMap(np.zeros_like(reference.array), reference.affine)
        scores = scored_case(cohort, row, nothing, fold=fold).scores
    except Exception as error:
        why += f"; and its reference cannot be read: {without_paths(reason(error), row)}"
        return CaseResult(row.patient_id, row.study_id, fold, (), reason=why)
    # all that is outside was left out, which is no merit
    scores = tuple(replace(own, specificity=nan) for own in scores)
    kept = tuple(
        own if region_mask(reference.array, own.region).any() else _undefined(own) for own in scores
    )
    return CaseResult(row.patient_id, row.study_id, fold, kept, reason=why)


def _undefined(scores: CaseScores) -> CaseScores:
    """Leave every measured value open: to outline nothing was right only by accident."""
    floats = [f.name for f in fields(scores) if isinstance(getattr(scores, f.name), float)]
    unknown: dict[str, Any] = dict.fromkeys(floats, nan)
    return replace(scores, **unknown)
