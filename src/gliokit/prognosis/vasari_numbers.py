"""VASARI of a study as numbers by name, and back as scores."""

from collections.abc import Iterator, Mapping
from math import isnan
from types import MappingProxyType

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.evaluation.agreement import Level
from gliokit.measurement.vasari.anatomy import anatomy_of
from gliokit.measurement.vasari.evidence import Evidence
from gliokit.measurement.vasari.lexicon import FEATURES, FeatureId, Kind
from gliokit.measurement.vasari.numbers import Scores, number_of
from gliokit.measurement.vasari.score import score_vasari
from gliokit.measurement.vasari.scores import Score, Value
from gliokit.preprocessing.brain import stripped_brain
from gliokit.preprocessing.prepare import is_prepared
from gliokit.preprocessing.tissue import find_tissues
from gliokit.prognosis.followed import Description

NAMES: MappingProxyType[FeatureId, str] = MappingProxyType(
    {feature: f"{feature} {FEATURES[feature].title}" for feature in FeatureId}
)


def describe_vasari(study: Study, labels: LabelMap, *, tissues: bool) -> Description:
    """Score a study.

    Parameters
    ----------
    study : Study
        Co-registered and stripped; of any other the outline alone is looked at.
    labels : LabelMap
        On the grid of the reference image.
    tissues : bool
        Whether ventricles, halves and lobes are looked for, which takes seconds to minutes.

    Raises
    ------
    NotAssessableError
        If the outline is empty.
    """
    if not labels.array.any():
        raise NotAssessableError(
            f"study {study.study_id}: the outline is empty; needed is one of a tumor"
        )
    unknown: dict[str, str] = {}
    scores = score_vasari(_evidence(study, labels, tissues, unknown))
    values = {NAMES[own]: number_of(score) for own, score in scores.items()}
    unknown |= {NAMES[own]: score.reason for own, score in scores.items() if score.reason}
    return Description({n: value for n, value in values.items() if not isnan(value)}, unknown)


def scores_of(values: Mapping[str, float]) -> Scores:
    """Turn named numbers back into scores; what has none is absent."""
    return {
        feature: Score(feature, _value(feature, values[name]))
        for feature, name in NAMES.items()
        if name in values
    }


def single_column_features() -> Iterator[FeatureId]:
    """Give the features that are one number each: ordered, a length, or of two answers."""
    for feature, entry in FEATURES.items():
        two = entry.kind is Kind.ONE and len(entry.compared) == 2
        if two or entry.level is not Level.NOMINAL:
            yield feature


def _evidence(study: Study, labels: LabelMap, tissues: bool, unknown: dict[str, str]) -> Evidence:
    """Gather what can be looked at; say in `unknown` what cannot."""
    if not is_prepared(study):
        unknown["images"] = (
            "they are not co-registered and stripped, so the outline alone was looked at"
        )
        return Evidence(labels)
    brain = stripped_brain([image.array for image in study.images.values()]) | (labels.array > 0)
    anatomy = None
    if tissues:
        try:
            anatomy = anatomy_of(find_tissues(study, brain=brain, tumor=labels.array > 0))
        except (NotAssessableError, ImageError) as error:
            unknown["anatomy"] = str(error)
    return Evidence(labels, study.images, brain, anatomy)


def _value(feature: FeatureId, number: float) -> Value:
    entry = FEATURES[feature]
    if entry.kind is Kind.LENGTH:
        return number
    if entry.kind is Kind.SEVERAL:
        return tuple(own for place, own in enumerate(entry.compared) if int(number) >> place & 1)
    return entry.compared[int(number)]
