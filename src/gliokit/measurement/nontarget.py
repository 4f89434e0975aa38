"""Lesions of the baseline that are no targets: gone, better, stable, or unequivocally worse.

What is unequivocally worse is a reader's judgment, for which two criteria give figures. They are
rows of `NONTARGET_RULES`, each clause marked with where it was read; the other criteria give none
and borrow those of RANO 2010. Lengths are compared with a tolerance of a millionth of a
millimeter: 5 mm more is at least 5 mm.

Limits: lesions are held against the baseline, not against their smallest size since. "5 mm by
5 mm" is read as 5 mm of each diameter, and "more than 10 mm by 10 mm" as more than 10 mm in each.
No criterion says what is better.

Source: Wen et al., J Clin Oncol 2010;28:1963-72, doi:10.1200/JCO.2009.26.3541 (from memory); Wen et
al., J Clin Oncol 2023;41:5187-99, doi:10.1200/JCO.23.01059, as a review gives it,
doi:10.1007/s11604-025-01821-6.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from gliokit.measurement.lesion_size import LesionSize
from gliokit.measurement.measurability import SIZE_RULES, Clause
from gliokit.measurement.response.facts import NonTarget
from gliokit.measurement.response.vocabulary import Evidence, Measure

BETTER_BY_SHARE = 0.50  # of the volume; a choice, no criterion states any
SHARES: MappingProxyType[Measure, Fraction] = MappingProxyType(
    {Measure.AREA: Fraction(1, 4), Measure.VOLUME: Fraction(2, 5)}
)
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Worsening:
    """Growth of a lesion, measurable by now, that is unequivocal: by any of the figures given.

    Attributes
    ----------
    clause : Clause
        What it says, and where that was read.
    longest_more_than_mm : float or None
        Growth of the longest diameter, which must be more.
    both_at_least_mm : float or None
        Growth of each diameter, which must be as much; each must then be longer than
        `both_beyond_mm`.
    by_share : bool
        Whether `SHARES` count: growth of the product, or of the volume where that is the measure.
    """

    clause: Clause
    longest_more_than_mm: float | None = None
    both_at_least_mm: float | None = None
    both_beyond_mm: float = 0.0
    by_share: bool = True


@dataclass(frozen=True, slots=True)
class NonTargetRule:
    """What a criterion asks of lesions that are not measured.

    Attributes
    ----------
    became : Worsening
        Of a lesion that was not measurable.
    grew : Worsening
        Of one that was, and is no target.
    joins_sum : bool
        Whether a lesion that was not measurable is added to the sum of products once it is. Where
        the criterion says by how much such a lesion must grow it is not (this program's policy):
        the sum would call it progression at any growth.
    """

    became: Worsening
    grew: Worsening
    joins_sum: bool = True


_RANO_2010 = Worsening(
    Clause(
        "non-measurable lesion",
        "it has become measurable, ideally with more than 5 mm more of its longest diameter or "
        "25 % more of its product (by volume, 40 %)",
        (Evidence.MEMORY,),
    ),
    longest_more_than_mm=5.0,
)
_BORROWED = replace(
    _RANO_2010, clause=replace(_RANO_2010.clause, evidence=(Evidence.REASONED,))
)  # no figure is stated
_RANO_2 = NonTargetRule(
    became=Worsening(
        Clause(
            "non-measurable lesion",
            "both diameters have grown by 5 mm or more, to more than 10 mm each",
            (Evidence.REVIEW,),
        ),
        both_at_least_mm=5.0,
        both_beyond_mm=10.0,
        by_share=False,
    ),
    grew=Worsening(
        Clause(
            "measurable lesion that is no target",
            "25 % or more increase of its area (40 % of its volume)",
            (Evidence.REVIEW,),
        )
    ),
    joins_sum=False,
)
NONTARGET_RULES: MappingProxyType[str, NonTargetRule] = MappingProxyType(
    {
        **dict.fromkeys(SIZE_RULES, NonTargetRule(_BORROWED, _BORROWED)),
        "rano_hgg2010": NonTargetRule(_RANO_2010, _BORROWED),
        "rano2_2023": _RANO_2,
    }
)


def is_worse(
    lesion: LesionSize, before: Sequence[LesionSize], rule: NonTargetRule, measure: Measure
) -> bool:
    """Whether a lesion is unequivocally worse than the lesions that it was at the baseline.

    Parameters
    ----------
    lesion : LesionSize
        Now.
    before : sequence of LesionSize
        At the baseline; several if they have merged since, at least one.
    rule : NonTargetRule
        The criterion's.
    measure : Measure
        By what the criterion measures.
    """
    if not lesion.measurability.measurable:
        return False
    was_measurable = any(earlier.measurability.measurable for earlier in before)
    asked = rule.grew if was_measurable else rule.became
    longest, shorter = _growth_mm(lesion, before)
    if asked.longest_more_than_mm is not None and longest > asked.longest_more_than_mm + _ROUNDING:
        return True
    if asked.both_at_least_mm is not None:
        grown = min(longest, shorter) >= asked.both_at_least_mm - _ROUNDING
        thinnest = min(lesion.longest.length.value, lesion.perpendicular.length.value)
        if grown and thinnest > asked.both_beyond_mm + _ROUNDING:
            return True
    return asked.by_share and _grew_by_share(lesion, before, measure)


def judge_nontarget(
    left: Sequence[tuple[LesionSize, Sequence[LesionSize]]],
    *,
    before_ml: float,
    rule: NonTargetRule,
    measure: Measure,
) -> NonTarget:
    """Judge the lesions that are no targets, as far as they are left; at least one.

    Parameters
    ----------
    left : sequence of tuple
        Each lesion now, with what it was at the baseline; nothing where it has merged with a
        target, whose size tells its growth.
    before_ml : float
        Volume of all of them at the baseline.
    rule : NonTargetRule
        The criterion's.
    measure : Measure
        By what the criterion measures.
    """
    if any(before and is_worse(lesion, before, rule, measure) for lesion, before in left):
        return NonTarget.WORSE
    volume = sum(lesion.volume_ml for lesion, _ in left)
    halved = volume <= before_ml * BETTER_BY_SHARE + _ROUNDING
    return NonTarget.BETTER if halved else NonTarget.STABLE


def _growth_mm(lesion: LesionSize, before: Sequence[LesionSize]) -> tuple[float, float]:
    """Give the growth of the longest and of the perpendicular diameter."""
    longest = max(earlier.longest.length.value for earlier in before)
    shorter = max(earlier.perpendicular.length.value for earlier in before)
    return lesion.longest.length.value - longest, lesion.perpendicular.length.value - shorter


def _grew_by_share(lesion: LesionSize, before: Sequence[LesionSize], measure: Measure) -> bool:
    if measure is Measure.VOLUME:
        now, then = lesion.volume_ml, sum(earlier.volume_ml for earlier in before)
    else:
        now, then = lesion.product_mm2, sum(earlier.product_mm2 for earlier in before)
    return now >= then * float(1 + SHARES[measure]) - _ROUNDING
