"""How well two or more sets of scores agree, feature by feature.

Sets may be readers', or a reader's and the program's. Krippendorff's alpha takes any number of sets
and missing scores; Cohen's kappa two sets and the studies that both scored, with linear weights
where answers are ordered. Where nearly all studies have one answer, both can be low or undefined
while readers agree: look at the share of equal answers too.

Source: see `gliokit.evaluation.agreement`; alpha in Gutman et al., Radiology 2013;267:560-9,
doi:10.1148/radiol.13120118 (abstract read).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gliokit.evaluation.agreement import Level, Weighting, cohen_kappa, krippendorff_alpha
from gliokit.measurement.vasari.lexicon import FEATURES, FeatureId
from gliokit.measurement.vasari.numbers import Scores, categories, numbers


@dataclass(frozen=True, slots=True)
class FeatureAgreement:
    """Agreement on one feature.

    Attributes
    ----------
    feature : FeatureId
        The feature.
    studies : int
        That two or more sets scored.
    alpha : float
        Krippendorff's, at the level of the feature; `nan` if all answers are the same, or none.
    kappa : float
        Cohen's, weighted where answers are ordered; `nan` for lengths, for more than two sets,
        and where alpha is.
    equal : float
        Share of the studies in which all that scored gave one answer; `nan` without studies.
    """

    feature: FeatureId
    studies: int
    alpha: float
    kappa: float
    equal: float


def compare_readings(
    readings: Sequence[Mapping[str, Scores]],
) -> dict[FeatureId, FeatureAgreement]:
    """Compare sets of scores.

    Parameters
    ----------
    readings : sequence of mapping
        Each set's scores by study.

    Raises
    ------
    ValueError
        If there are fewer than two sets.
    """
    if len(readings) < 2:
        raise ValueError(f"{len(readings)} set of scores; needed two or more to compare")
    studies = sorted(set().union(*readings))
    return {feature: _compare(feature, readings, studies) for feature in FeatureId}


def _compare(
    feature: FeatureId, readings: Sequence[Mapping[str, Scores]], studies: Sequence[str]
) -> FeatureAgreement:
    columns = [numbers([one.get(study, {}) for study in studies], feature) for one in readings]
    table = np.array(columns, dtype=np.float64).T.reshape(len(studies), len(readings))
    paired = table[(~np.isnan(table)).sum(axis=1) >= 2]
    if not len(paired):
        return FeatureAgreement(feature, 0, np.nan, np.nan, np.nan)
    alpha = krippendorff_alpha(paired, level=FEATURES[feature].level)
    equal = float(np.mean(np.nanmax(paired, axis=1) == np.nanmin(paired, axis=1)))
    return FeatureAgreement(feature, len(paired), alpha, _kappa(feature, paired), equal)


def _kappa(feature: FeatureId, paired: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
    level = FEATURES[feature].level
    if paired.shape[1] != 2 or level is Level.INTERVAL:
        return np.nan
    weighting = Weighting.LINEAR if level is Level.ORDINAL else Weighting.NONE
    first, second = paired.T.tolist()
    return cohen_kappa(first, second, categories=categories(feature), weighting=weighting)
