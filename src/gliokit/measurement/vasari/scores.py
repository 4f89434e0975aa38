"""The score of one feature: an answer with how it was found, or the reason why there is none.

A confidence is a judgment, not a probability: from 0 to 1, how far the rule that gave the answer
can be trusted on this input. It starts from what the rule rests on (`Basis`) and is halved where
the measured figure lies on a limit of the rule. All its numbers are assumed and uncalibrated;
compare them within one feature only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from gliokit.measurement.vasari.lexicon import FEATURES, Feature, FeatureId, Kind

Value: TypeAlias = StrEnum | tuple[StrEnum, ...] | float


class Basis(StrEnum):
    """What a rule rests on."""

    MASKS = "masks"
    ANATOMY = "anatomy"
    IMAGES = "images"
    WEAK = "a weak sign"


TRUST: MappingProxyType[Basis, float] = MappingProxyType(  # assumed
    {Basis.MASKS: 0.9, Basis.ANATOMY: 0.6, Basis.IMAGES: 0.5, Basis.WEAK: 0.3}
)
ON_THE_LIMIT = 0.5  # of the trust is left (assumed)


@dataclass(frozen=True, slots=True)
class Score:
    """What was answered to one feature.

    Attributes
    ----------
    feature : FeatureId
        The feature.
    value : answer, tuple of answers, float or None
        As the feature's kind says, lengths in mm; None where nobody can tell.
    how : str
        How it was decided, with the figures; empty where there is no value.
    confidence : float or None
        0-1, see the module; None where there is no value, or a reader gave none.
    reason : str
        Why there is no value; empty where there is one.

    Raises
    ------
    ValueError
        If the value is none of the feature's answers, or value and reason do not go together.
    """

    feature: FeatureId
    value: Value | None
    how: str = ""
    confidence: float | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.reason):
            raise ValueError(f"{self.feature}: needed a value, or else a reason why there is none")
        if self.value is not None and (problem := misfit(FEATURES[self.feature], self.value)):
            raise ValueError(f"{self.feature}: {problem}")
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError(f"{self.feature}: confidence {self.confidence:g}; needed 0 to 1")


def unscored(features: Iterable[FeatureId], reason: str) -> list[Score]:
    """Give no value to some features, all for one reason."""
    return [Score(feature, None, reason=reason) for feature in features]


def trust(basis: Basis, *, figure: float = 0.0, limits: Iterable[float] = (), span: float) -> float:
    """Say how far to trust a rule.

    Parameters
    ----------
    basis : Basis
        What it rests on.
    figure, limits : float
        What was measured, and the limits it was held against, in one unit.
    span : float
        At this distance from every limit, in the same unit, the limit has no say any more.

    Returns
    -------
    float
        0-1.
    """
    away = min((abs(figure - limit) / span for limit in limits), default=1.0)
    return TRUST[basis] * (ON_THE_LIMIT + (1 - ON_THE_LIMIT) * min(away, 1.0))


def misfit(feature: Feature, value: object) -> str:
    """Say why a value is no answer to a feature; empty if it is one."""
    if feature.kind is Kind.LENGTH:
        fits = isinstance(value, float) and 0 < value < float("inf")
        return "" if fits else f"{value!r} is no length; needed mm above 0"
    assert feature.answers is not None
    several = feature.kind is Kind.SEVERAL
    if several != isinstance(value, tuple):
        return f"{value!r} is not {feature.kind}"
    chosen = value if isinstance(value, tuple) else (value,)
    known = ", ".join(feature.answers)
    if strangers := [answer for answer in chosen if not isinstance(answer, feature.answers)]:
        return f"{strangers[0]!r} is none of {known}"
    if not chosen or len(set(chosen)) < len(chosen):
        return "needed one answer or more, each once"
    alone = [answer for answer in chosen if answer.name in ("NONE", "INDETERMINATE")]
    if alone and len(chosen) > 1:
        return f"{alone[0]!r} excludes every other answer"
    return ""
