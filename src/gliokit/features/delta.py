"""How features change between visits of one patient.

Three figures of each feature: the difference (`NAME_change`, in its unit), the difference over the
size of the earlier value (`NAME_relative_change`, 1 is 100 %), and the difference per day
(`NAME_change_per_day`). A change larger than the feature's own repeatability is a change; one that
is smaller is noise: compare with its ICC.

Source: delta-radiomics, here of lung cancer: Sci Rep 2017;7:588, doi:10.1038/s41598-017-00665-z.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.core.errors import CohortError
from gliokit.core.feature_table import FeatureTable


class Change(StrEnum):
    """Which figure; its value ends the feature's name."""

    ABSOLUTE = "change"
    RELATIVE = "relative_change"
    PER_DAY = "change_per_day"


class Reference(StrEnum):
    """What a visit is compared with."""

    PREVIOUS = "previous"
    FIRST = "first"


def change(
    earlier: ArrayLike, later: ArrayLike, *, days: float, figure: Change
) -> NDArray[np.float64]:
    """Compare two visits.

    Parameters
    ----------
    earlier, later : (p,)
        The same features.
    days : float
        Between them, above 0.
    figure : Change
        Which figure.

    Returns
    -------
    (p,)
        `nan` where one of the two is unknown; the relative change also where the earlier is 0.

    Raises
    ------
    CohortError
        If `days` is not above 0.
    """
    before, after = np.asarray(earlier, dtype=np.float64), np.asarray(later, dtype=np.float64)
    if not days > 0:
        raise CohortError(f"the later visit is {days:g} days after the earlier; needed above 0")
    difference = after - before
    if figure is Change.PER_DAY:
        return np.asarray(difference / days)
    if figure is Change.RELATIVE:
        unknown = np.full(difference.shape, math.nan)
        return np.divide(difference, np.abs(before), out=unknown, where=before != 0)
    return np.asarray(difference)


def delta_table(
    table: FeatureTable,
    *,
    figures: Sequence[Change] = tuple(Change),
    reference: Reference = Reference.PREVIOUS,
) -> FeatureTable:
    """Compare every visit but the first of each patient with an earlier one.

    Parameters
    ----------
    table : FeatureTable
        Of all visits, with the fact `day`.
    figures : sequence of Change
        Which figures of each feature, in this order.
    reference : Reference
        What a visit is compared with.

    Returns
    -------
    FeatureTable
        One row per later visit, under its study id and with its facts and `days_between`, patients
        and visits in the order of time within the order of the table.

    Raises
    ------
    CohortError
        If a day is unknown, two visits of a patient are on one day, or no patient has two.
    """
    days = table.numbers("day")
    if (unknown := np.flatnonzero(np.isnan(days))).size:
        raise CohortError(f"study {table.studies[unknown[0]]} has no day; fill the column day")
    pairs = _pairs(table.patients, days, reference)
    if not pairs:
        raise CohortError("no patient has two visits; a change needs them")
    between = [float(days[later] - days[earlier]) for earlier, later in pairs]
    rows = []
    for (earlier, later), apart in zip(pairs, between, strict=True):
        if not apart > 0:
            raise CohortError(
                f"studies {table.studies[earlier]} and {table.studies[later]} are of one patient "
                "and one day; correct the day, or keep one"
            )
        visit = table.values[earlier], table.values[later]
        rows.append(np.concatenate([change(*visit, days=apart, figure=f) for f in figures]))
    kept = [later for _, later in pairs]
    facts = {name: tuple(cells[row] for row in kept) for name, cells in table.facts.items()}
    return replace(
        table,
        studies=tuple(table.studies[row] for row in kept),
        patients=tuple(table.patients[row] for row in kept),
        names=tuple(f"{name}_{figure}" for figure in figures for name in table.names),
        values=np.array(rows),
        facts=facts | {"days_between": tuple(f"{apart:g}" for apart in between)},
        unread=(),
    )


def _pairs(
    patients: Sequence[str], days: NDArray[np.float64], reference: Reference
) -> list[tuple[int, int]]:
    """Give the rows of the earlier and the later visit."""
    visits: dict[str, list[int]] = {}
    for row in np.argsort(days, kind="stable").tolist():
        visits.setdefault(patients[row], []).append(row)
    pairs = []
    for patient in dict.fromkeys(patients):
        rows = visits[patient]
        earlier = rows[:-1] if reference is Reference.PREVIOUS else rows[:1] * (len(rows) - 1)
        pairs += list(zip(earlier, rows[1:], strict=True))
    return pairs
