"""Pictures of the studies that a system outlined worst."""

import logging
from collections.abc import Callable, Sequence
from math import isnan
from pathlib import Path

from gliokit.core.cohort import Cohort
from gliokit.core.errors import GliokitError
from gliokit.core.vocabulary import Region
from gliokit.io.nifti import read_label_map
from gliokit.reporting.comparison import Comparison, compare
from gliokit.reporting.evaluation_record import CaseResult, SystemResult

PICTURED = 2  # of each system

log = logging.getLogger(__name__)


def picture_worst(
    systems: Sequence[SystemResult],
    cohort: Cohort,
    path_of: Callable[[str, CaseResult], Path],
    *,
    count: int = PICTURED,
) -> list[Comparison]:
    """Picture the answers of each system with the lowest mean Dice over regions.

    Parameters
    ----------
    systems : sequence of SystemResult
        With their cases.
    cohort : Cohort
        Of the tested studies.
    path_of : callable
        System and case to the label map that answered.
    count : int
        Of each system.

    Returns
    -------
    list of Comparison
        A study whose files cannot be read any more is left out, and logged.
    """
    rows = {row.study_id: row for row in cohort.rows}
    pictures = []
    for system in systems:
        for case in worst_cases(system.cases)[:count]:
            row = rows[case.study_id]
            try:
                figures = compare(
                    cohort.load(row),
                    cohort.load_labels(row),
                    read_label_map(path_of(system.name, case)),
                )
            except GliokitError as error:
                log.warning("study %s is not pictured: %s", case.study_id, error)
                continue
            pictures.append(Comparison(system.name, case.study_id, _caption(case), figures))
    return pictures


def worst_cases(cases: Sequence[CaseResult]) -> list[CaseResult]:
    """Order the cases that were answered and scored, the worst first."""
    judged = [case for case in cases if not case.reason and not isnan(case.mean_dice)]
    return sorted(judged, key=lambda case: (case.mean_dice, case.study_id))


def _caption(case: CaseResult) -> str:
    shown = {Region(own.region): own.dice for own in case.scores if not isnan(own.dice)}
    return "Dice " + ", ".join(f"{region} {dice:.2f}" for region, dice in shown.items())
