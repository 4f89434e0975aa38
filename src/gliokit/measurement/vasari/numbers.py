"""Scores of several studies as numbers, for statistics.

Not applicable, no image, indeterminate and unscored are missing. Of an ordered feature the number
is the place of the answer in the lexicon's order, so that steps mean nothing but order; of a length
it is mm; of the others it is a name for the answer, and of features with several answers a name for
the set of them.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gliokit.measurement.vasari.lexicon import FEATURES, FeatureId, Kind
from gliokit.measurement.vasari.scores import Score

Scores: TypeAlias = Mapping[FeatureId, Score]


def number_of(score: Score | None) -> float:
    """Give the number of a score; `nan` where it is missing."""
    if score is None or score.value is None:
        return math.nan
    feature = FEATURES[score.feature]
    value = score.value
    if isinstance(value, float):
        return value
    if isinstance(value, tuple):
        known = [feature.compared.index(one) for one in value if one in feature.compared]
        return float(sum(2**place for place in known)) if len(known) == len(value) else math.nan
    return float(feature.compared.index(value)) if value in feature.compared else math.nan


def numbers(studies: Sequence[Scores], feature: FeatureId) -> list[float]:
    """Give the numbers of one feature over studies; `nan` where it is missing."""
    return [number_of(scores.get(feature)) for scores in studies]


def categories(feature: FeatureId) -> list[float]:
    """List the numbers a feature may have, in order; empty for a length."""
    entry = FEATURES[feature]
    if entry.kind is Kind.LENGTH:
        return []
    count = len(entry.compared)
    return [float(n) for n in (range(1, 2**count) if entry.kind is Kind.SEVERAL else range(count))]
