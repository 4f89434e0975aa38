"""The report of an evaluation as a single HTML file: tables, charts, and the worst cases.

It needs no script and no network, and shows study ids and nothing else by which a patient could be
known. What was published stands beside what was found here only with its cohort, level and caveat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from math import isfinite

from jinja2 import Template
from markupsafe import Markup

from gliokit.core.system import PublishedFigure
from gliokit.core.vocabulary import REGION_TERMS, Region
from gliokit.evaluation.segmentation_scores import CaseScores, MetricSummary
from gliokit.reporting.charts import Line, Path2D, curve_chart, dot_chart
from gliokit.reporting.comparison import Comparison
from gliokit.reporting.evaluation_record import (
    CaseResult,
    Compared,
    Costs,
    Evaluation,
    SystemResult,
    system_costs,
)
from gliokit.reporting.page import page_environment

DISCLAIMER = "For research use only; not a medical device"
FEW_PATIENTS = 20  # below, percentile intervals tend to be too narrow
METRIC_TERMS = {
    "dice": "Dice",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "positive predictive value",
    "hd95_mm": "95 % Hausdorff distance (mm)",
    "surface_dice": "surface Dice",
    "volume_error_ml": "volume error (mL)",
    "absolute_volume_error_ml": "absolute volume error (mL)",
    "relative_volume_error": "relative volume error",
    "lesion_wise_dice": "lesion-wise Dice",
    "lesion_wise_hd95_mm": "lesion-wise 95 % Hausdorff distance (mm)",
}
MAIN_METRIC = "dice"


@dataclass(frozen=True, slots=True)
class _SystemRow:
    """A system in the main table: the regions' Dice and what it costs."""

    system: SystemResult
    dice: tuple[MetricSummary, ...]
    hd95: tuple[MetricSummary, ...]
    costs: Costs


@dataclass(frozen=True, slots=True)
class _Published:
    """A published figure, and ours of the same quantity where there is one."""

    system: str
    figure: PublishedFigure
    own: MetricSummary | None


def render_evaluation(evaluation: Evaluation, worst: Sequence[Comparison] = ()) -> str:
    """Write the report of an evaluation.

    Parameters
    ----------
    evaluation : Evaluation
        What was found.
    worst : sequence of Comparison
        Pictures of the worst cases.

    Returns
    -------
    str
        HTML; the same input gives the same text.
    """
    regions = _regions(evaluation)
    return _template().render(
        evaluation=evaluation,
        disclaimer=DISCLAIMER,
        attention=_attention(evaluation),
        regions=regions,
        rows=[_row(system) for system in evaluation.systems],
        survival_chart=_survival_chart(evaluation),
        dice_charts=[(region, _dice_chart(evaluation, region)) for region in regions],
        difference_charts=[
            (region, chart)
            for region in regions
            if (chart := _difference_chart(evaluation.compared, region))
        ],
        published=_published(evaluation),
        curves=[(own.name, *_curves(own)) for own in evaluation.systems if own.curves],
        worst=worst,
    )


def _regions(evaluation: Evaluation) -> list[Region]:
    found = (own.region for system in evaluation.systems for own in system.summaries)
    return list(dict.fromkeys(found))


def _attention(evaluation: Evaluation) -> list[str]:
    """Say what a reader must know before any figure."""
    said = []
    if evaluation.simulated:
        said.append("Simulated patients: every figure here is one of simulated images.")
    if evaluation.undone:
        said.append(f"Not finished: {evaluation.undone} trainings are not done.")
    if evaluation.patients < FEW_PATIENTS:
        said.append(
            f"Only {evaluation.patients} patients: intervals are rough, and tend to be too narrow."
        )
    for system in evaluation.systems:
        if system.failures:
            numbers = ", ".join(map(str, system.failures))
            why = next(iter(system.failures.values()))
            said.append(f"{system.name} could not be trained in fold {numbers}: {why}.")
        if system.failed:
            said.append(
                f"{system.name} gave no answer for {len(system.failed)} of {len(system.cases)} "
                f"studies: {_counted(system)}."
            )
        unscored = sum(not case.scores for case in system.cases)
        if unscored and not system.survival:
            said.append(f"{system.name}: {unscored} studies have no reference that can be read.")
    return said


def _counted(system: SystemResult) -> str:
    """Say what becomes of studies without an answer."""
    if not system.survival:
        return "they count as if nothing had been outlined"
    if any(own.answered for own in system.survival.cases):
        return "they count as average"
    return "so it has no figure"


def _row(system: SystemResult) -> _SystemRow:
    by_metric = {
        metric: tuple(own for own in system.summaries if own.metric == metric)
        for metric in (MAIN_METRIC, "hd95_mm")
    }
    return _SystemRow(system, by_metric[MAIN_METRIC], by_metric["hd95_mm"], system_costs(system))


def _dice_chart(evaluation: Evaluation, region: Region) -> Markup:
    lines = [
        Line(
            system.name,
            own.mean,
            *own.mean_interval,
            f"{own.mean:.3f}{_interval(own.mean_interval)}",
            [getattr(s, MAIN_METRIC) for s in _scores(system.cases, region)],
        )
        for system in evaluation.systems
        for own in system.summaries
        if own.region is region and own.metric == MAIN_METRIC
    ]
    return dot_chart(lines, title=f"Dice, {REGION_TERMS[region]}", limits=(0, 1))


def _survival_chart(evaluation: Evaluation) -> Markup | None:
    """Draw the C-index of every system, and of the bars beside the first."""
    found = [(own.name, own.survival) for own in evaluation.systems if own.survival]
    if not found:
        return None
    figures = [(name, own.c_index, own.limits) for name, own in found]
    figures += [(bar.name, bar.c_index, bar.limits) for bar in found[0][1].bars]
    lines = [
        Line(name, value, *limits, f"{_figure(value)}{_interval(limits)}", [])
        for name, value, limits in figures
    ]
    return dot_chart(lines, title="C-index", limits=(0, 1))


def _difference_chart(compared: Sequence[Compared], region: Region) -> Markup | None:
    lines = [
        Line(
            own.system,
            own.difference.mean,
            *own.difference.mean_interval,
            f"{own.difference.mean:+.3f}{_interval(own.difference.mean_interval)}",
        )
        for own in compared
        if own.difference.region is region and own.difference.metric == MAIN_METRIC
    ]
    title = f"Dice less that of {compared[0].against}, {REGION_TERMS[region]}" if lines else ""
    return dot_chart(lines, title=title) if lines else None


def _published(evaluation: Evaluation) -> list[_Published]:
    return [
        _Published(system.name, figure, _same_quantity(system, figure.quantity))
        for system in evaluation.systems
        if system.card
        for figure in system.card.figures
    ]


def _same_quantity(system: SystemResult, quantity: str) -> MetricSummary | None:
    """Find our Dice of the region that the published quantity names."""
    words = quantity.lower()
    if "dice" not in words:
        return None
    named = [region for region in Region if REGION_TERMS[region] in words]
    if "complete tumor" in words:
        named.append(Region.WHOLE_TUMOR)
    return next(
        (
            own
            for own in system.summaries
            if own.metric == MAIN_METRIC and named[:1] == [own.region]
        ),
        None,
    )


def _curves(system: SystemResult) -> tuple[Markup, Markup]:
    """Draw loss and validation score of every part, a curve per fold."""
    loss = [Path2D(own.part, own.steps, own.loss) for own in system.curves]
    score = [Path2D(own.part, own.scored, own.score) for own in system.curves if own.scored]
    return (
        curve_chart(loss, title="loss of the training"),
        curve_chart(score, title="score of the validation patients"),
    )


def _scores(cases: Sequence[CaseResult], region: Region) -> list[CaseScores]:
    return [own for case in cases for own in case.scores if own.region is region]


def _interval(limits: tuple[float, float]) -> str:
    low, high = limits
    return f" ({low:.2f} to {high:.2f})" if isfinite(low) and isfinite(high) else ""


def _figure(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if isfinite(value) else "–"


def _range(limits: tuple[float, float], digits: int = 3) -> str:
    low, high = limits
    return f"{low:.{digits}f} to {high:.{digits}f}" if isfinite(low) and isfinite(high) else "–"


def _setting(value: object) -> str:
    """Write the value of a setting as a user would type it."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_setting(own)}" for name, own in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(_setting, value)) or "none"
    return str(value)


@cache
def _template() -> Template:
    environment = page_environment()
    environment.globals |= {"metric_terms": METRIC_TERMS}
    environment.filters |= {"figure": _figure, "range": _range, "setting": _setting}
    return environment.get_template("evaluation.html.j2")
