"""One-, two- and three-dimensional size in Cox models side by side: Dempsey's study design.

Each size enters alone, and beside the facts that are known of at least half of the patients. Of
each model: hazard ratio with 95 % limits, likelihood-ratio p value of the size, Schoenfeld test of
proportional hazards, C-index with its interval by patient. Sizes are compared by the paired
difference of their C-indices: that one p value is small and another is not shows nothing.

The C-index of a fitted model on the patients that it was fitted on is too good, the more so the
more covariates it has; a size alone has one coefficient, and only its sign is learnt. What holds
for others than these patients is said by `gliokit evaluate`.

All sizes are compared on the same patients: those whose tumor enhances; and once more on those with
a measurable lesion.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.evaluation.bootstrap import interval
from gliokit.evaluation.cox import fit_cox
from gliokit.evaluation.proportional_hazards import check_proportionality
from gliokit.evaluation.survival import harrell_c
from gliokit.measurement.vasari.hazard import hazard_test
from gliokit.prognosis.followed import Followed, follow_up, table_of
from gliokit.prognosis.hazard_table import EVENTS_PER_COVARIATE, usable
from gliokit.prognosis.size import DIMENSIONS, MEASURABLE, Scale, SizeMeasure, scaled
from gliokit.prognosis.system import StudyTable

Numbers = NDArray[np.float64]
RESAMPLES = 2000
COLUMNS = (
    "Size",
    "Patients (deaths)",
    "Hazard ratio (95 %)",
    "p, likelihood ratio",
    "p, proportional hazards",
    "C-index (95 %)",
    "C less that of the volume (95 %)",
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is compared.

    Attributes
    ----------
    days, died : (n,)
        Follow-up.
    sizes : mapping of SizeMeasure to (n,)
        As they enter the model, all finite.
    known : (n, q)
        Other covariates, all finite; q may be 0.
    """

    days: Numbers
    died: NDArray[np.bool_]
    sizes: dict[SizeMeasure, Numbers]
    known: Numbers

    def columns(self, measure: SizeMeasure) -> Numbers:
        """Give the covariates of the model of one size, the size first, (n, 1 + q)."""
        return np.column_stack([self.sizes[measure], self.known])

    def concordance(
        self, risks: Sequence[Numbers], *, seed: int, resamples: int
    ) -> tuple[float, tuple[float, float]]:
        """Give C of the first of risks (n,), less that of the second if there is one; limits."""

        def figure(rows: NDArray[np.intp]) -> float:
            found = [harrell_c(self.days[rows], self.died[rows], risk[rows]) for risk in risks]
            return found[0] - sum(found[1:])

        everybody = np.arange(self.days.size)
        limits = interval(figure, patients=everybody.tolist(), seed=seed, resamples=resamples)
        return figure(everybody), limits


@dataclass(frozen=True, slots=True)
class SizeResult:
    """One size in one model.

    Attributes
    ----------
    measure : SizeMeasure
        The size.
    hazard_ratio : float
        Per doubling, or per unit.
    limits : tuple of float
        95 %, by Wald.
    p_value, p_proportional : float
        Of the size, by likelihood ratio; of its trend with time, by Schoenfeld residuals.
    c_index : float
        Of the whole model on the same patients.
    c_limits : tuple of float
        95 %, by patient.
    c_difference, difference_limits
        Less that of the volume, paired by patient; 0 for the volume itself.
    """

    measure: SizeMeasure
    hazard_ratio: float
    limits: tuple[float, float]
    p_value: float
    p_proportional: float
    c_index: float
    c_limits: tuple[float, float]
    c_difference: float
    difference_limits: tuple[float, float]


def compare_sizes(data: Sizes, *, seed: int, resamples: int = RESAMPLES) -> list[SizeResult]:
    """Fit every size in the same model of the same patients.

    Models are fitted once; resamples of patients say how sure their C-indices are, not how the
    fits would have differed.

    Raises
    ------
    ValueError
        If a model has no best fit, or C cannot be defined.
    """
    fits = {measure: fit_cox(data.days, data.died, data.columns(measure)) for measure in data.sizes}
    risks = {measure: fit.risk(data.columns(measure)) for measure, fit in fits.items()}
    results = []
    for measure, fit in fits.items():
        tested = hazard_test(data.days, data.died, data.sizes[measure][:, None], data.known)
        trends = check_proportionality(
            data.days, data.died, data.columns(measure), fit.coefficients
        )
        c_index, c_limits = data.concordance([risks[measure]], seed=seed, resamples=resamples)
        difference, between = (0.0, (0.0, 0.0))
        if measure is not SizeMeasure.VOLUME:
            difference, between = data.concordance(
                [risks[measure], risks[SizeMeasure.VOLUME]], seed=seed, resamples=resamples
            )
        results.append(
            SizeResult(
                measure,
                hazard_ratio=tested.hazard_ratio,
                limits=tested.interval,
                p_value=tested.p_value,
                p_proportional=float(trends.p_values[0]),
                c_index=c_index,
                c_limits=c_limits,
                c_difference=difference,
                difference_limits=between,
            )
        )
    return results


def comparison_tables(
    patients: Sequence[Followed],
    *,
    covariates: Sequence[str],
    scale: Scale,
    seed: int,
    resamples: int = RESAMPLES,
) -> tuple[StudyTable, ...]:
    """Lay the comparison out: alone and beside facts, of all and of measurable tumors."""
    sized = [
        own
        for own in patients
        if all(scaled(own.description.values, measure, scale) > -np.inf for measure in SizeMeasure)
    ]
    measurable = [own for own in sized if own.description.values.get(MEASURABLE, 0) > 0]
    unsized = len(patients) - len(sized)
    unmeasurable = len(sized) - len(measurable)
    left = (
        f"{unsized} of {len(patients)} patients have no tumor that enhances and are left out. "
        f"{unmeasurable} have no lesion that RANO calls measurable; the first tables hold them. "
        f"Hazard ratios are per {'doubling' if scale is Scale.DOUBLINGS else 'unit'}. C-indices "
        "are of the patients that were fitted, and too good. Facts that tell the order of deaths "
        "without error are left out."
    )
    tables = []
    groups = [("all that enhance", sized)]
    if unmeasurable:
        groups.append(("with a measurable lesion", measurable))
    for group, members in groups:
        names = tuple(name for name in usable(members, covariates) if _fits(members, name))
        for kind in ((), names) if names else ((),):
            beside = f"beside {', '.join(kind)}" if kind else "alone"
            title = f"Size and survival: {beside}, {group}"
            rows = _rows(members, kind, scale=scale, seed=seed, resamples=resamples)
            tables.append(StudyTable(title, left, COLUMNS, tuple(rows)))
    return tuple(tables)


def sizes_of(patients: Sequence[Followed], names: Sequence[str], scale: Scale) -> Sizes:
    """Make what is compared of patients; unknown facts take their mean."""
    days, died = follow_up(patients)
    known = table_of(patients, names)
    if names:
        known = np.where(np.isnan(known), np.nanmean(known, axis=0), known)
    sizes = {
        measure: np.array([scaled(own.description.values, measure, scale) for own in patients])
        for measure in SizeMeasure
    }
    return Sizes(days, died, sizes, known)


def _rows(
    members: Sequence[Followed],
    names: Sequence[str],
    *,
    scale: Scale,
    seed: int,
    resamples: int,
) -> list[tuple[str, ...]]:
    deaths = sum(own.died for own in members)
    count = f"{len(members)} ({deaths})"
    needed = EVENTS_PER_COVARIATE * (1 + len(names))
    why = f"needed {needed} deaths" if deaths < needed else ""
    try:
        if not why:
            data = sizes_of(members, names, scale)
            results = compare_sizes(data, seed=seed, resamples=resamples)
            return [_row(own, count) for own in results]
    except ValueError as error:
        why = str(error)
    return [("–", count, why, *["–"] * 4)]


def _fits(members: Sequence[Followed], name: str) -> bool:
    """Tell whether a fact alone has a best fit, and does not tell the order without error."""
    data = sizes_of(members, (name,), Scale.LINEAR)
    try:
        fit_cox(data.days, data.died, data.known)
    except ValueError:
        return False
    return True


def _row(own: SizeResult, count: str) -> tuple[str, ...]:
    volume = own.measure is SizeMeasure.VOLUME
    return (
        f"{DIMENSIONS[own.measure]}, {own.measure}",
        count,
        f"{own.hazard_ratio:.3g} ({own.limits[0]:.3g} to {own.limits[1]:.3g})",
        _p(own.p_value),
        _p(own.p_proportional),
        f"{own.c_index:.3f} ({own.c_limits[0]:.3f} to {own.c_limits[1]:.3f})",
        "–"
        if volume
        else f"{own.c_difference:+.3f} ({own.difference_limits[0]:+.3f} to "
        f"{own.difference_limits[1]:+.3f})",
    )


def _p(value: float) -> str:
    if np.isnan(value):
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"
