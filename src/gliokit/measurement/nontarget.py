"""Lesions of the baseline that are no targets: gone, better, stable, or unequivocally worse.

What is unequivocally worse is a reader's judgment, for which two criteria give figures. They are
rows of `NONTARGET_RULES`, each clause marked with where it was read; the other criteria give none
and borrow those of RANO 2010. Lengths are compared with a tolerance of a millionth of a
millimeter: 5 mm more is at least 5 mm.

Of a lesion that split, the products and volumes of the parts are added, as those of a target are;
a diameter is that of one part. Where millimeters are false only shares count: no length is asked.

Limits: lesions are held against the baseline, not against their smallest size since. "5 mm by
5 mm" is read as 5 mm of each diameter, and "more than 10 mm by 10 mm" as more than 10 mm in each.
No criterion says what is better, and none what counts of a lesion that split.

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
from gliokit.measurement.response.visit import Worse
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
    lengths : bool
        Whether lengths are known; else every lesion counts as measurable, and that is said.
    """

    became: Worsening
    grew: Worsening
    joins_sum: bool = True
    lengths: bool = True


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
_BORROWED_OF_MEASURABLE = replace(
    _RANO_2010,
    clause=Clause(
        "measurable lesion that is no target",
        "more than 5 mm more of its longest diameter or 25 % more of its product (by volume, "
        "40 %), as of one that was not measurable",
        (Evidence.REASONED,),
    ),
)
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
        **dict.fromkeys(SIZE_RULES, NonTargetRule(_BORROWED, _BORROWED_OF_MEASURABLE)),
        "rano_hgg2010": NonTargetRule(_RANO_2010, _BORROWED_OF_MEASURABLE),
        "rano2_2023": _RANO_2,
    }
)


@dataclass(frozen=True, slots=True)
class Followed:
    """Lesions of the baseline that are no targets, and what they are now.

    Attributes
    ----------
    now : tuple of LesionSize
        At least one; several where it split.
    before : tuple of LesionSize
        At the baseline; several where they merged since, none where they merged with a target,
        whose size tells their growth.
    """

    now: tuple[LesionSize, ...]
    before: tuple[LesionSize, ...]


def in_voxels(rule: NonTargetRule) -> NonTargetRule:
    """Give a rule for lesions in voxels: all are measurable, and only shares count."""
    grew = replace(rule.grew, longest_more_than_mm=None, both_at_least_mm=None)
    return replace(rule, became=grew, grew=grew, lengths=False)


def find_worsening(own: Followed, rule: NonTargetRule, measure: Measure) -> Worse | None:
    """Tell whether lesions are unequivocally worse than at the baseline, by what, and how much.

    Parameters
    ----------
    own : Followed
        With the lesions that they were.
    rule : NonTargetRule
        The criterion's.
    measure : Measure
        By what the criterion measures.
    """
    measurable = [part for part in own.now if part.measurability.measurable]
    if not (measurable and own.before):
        return None
    was_measurable = any(earlier.measurability.measurable for earlier in own.before)
    asked = rule.grew if was_measurable else rule.became
    growths = [_in_length(part, own.before, asked) for part in measurable]
    growths += [_by_share(own, measure)] if asked.by_share else []
    if not (found := next(filter(None, growths), "")):
        return None
    name = " and ".join(dict.fromkeys(part.name for part in own.now))
    taken = "" if rule.lengths else ", measurable or not, which lengths in voxels do not tell"
    return Worse((asked.clause.name,), f"{name} ({asked.clause.name}), {found}{taken}")


def judge_nontarget(
    left: Sequence[Followed], *, before_ml: float, rule: NonTargetRule, measure: Measure
) -> tuple[NonTarget, Worse | None]:
    """Judge the lesions that are no targets, as far as they are left; at least one.

    Parameters
    ----------
    left : sequence of Followed
        Those of which anything is seen.
    before_ml : float
        Volume of all of them at the baseline.
    rule : NonTargetRule
        The criterion's.
    measure : Measure
        By what the criterion measures.

    Returns
    -------
    tuple
        The answer, and where it is worse, why.
    """
    if worse := [found for own in left if (found := find_worsening(own, rule, measure))]:
        clauses = dict.fromkeys(clause for own in worse for clause in own.clauses)
        return NonTarget.WORSE, Worse(tuple(clauses), "; ".join(own.reason for own in worse))
    volume = sum(lesion.volume_ml for own in left for lesion in own.now)
    halved = volume <= before_ml * BETTER_BY_SHARE + _ROUNDING
    return (NonTarget.BETTER if halved else NonTarget.STABLE), None


def _in_length(part: LesionSize, before: Sequence[LesionSize], asked: Worsening) -> str:
    """Say by how much a lesion grew in length, if that is enough; else nothing."""
    longest, shorter = _lengths(part)
    longest_before = max(_lengths(earlier)[0] for earlier in before)
    shorter_before = max(_lengths(earlier)[1] for earlier in before)
    more, least = asked.longest_more_than_mm, asked.both_at_least_mm
    if more is not None and longest > longest_before + more + _ROUNDING:
        return f"longest diameter {longest_before:.1f} mm at the baseline, {longest:.1f} mm now"
    if least is None:
        return ""
    grown = min(longest - longest_before, shorter - shorter_before) >= least - _ROUNDING
    if not (grown and min(longest, shorter) > asked.both_beyond_mm + _ROUNDING):
        return ""
    return (
        f"{longest_before:.1f} by {shorter_before:.1f} mm at the baseline, "
        f"{longest:.1f} by {shorter:.1f} mm now"
    )


def _lengths(lesion: LesionSize) -> tuple[float, float]:
    return lesion.longest.length.value, lesion.perpendicular.length.value


def _by_share(own: Followed, measure: Measure) -> str:
    """Say by how much lesions grew by the measure, if that is enough; else nothing."""
    now, then = (
        sum(part.volume_ml if measure is Measure.VOLUME else part.product_mm2 for part in parts)
        for parts in (own.now, own.before)
    )
    if now < then * float(1 + SHARES[measure]) - _ROUNDING:
        return ""
    together = f" in {len(own.now)} parts" if len(own.now) > 1 else ""
    return f"{then:.4g} {measure} at the baseline, {now:.4g} {measure} now{together}"
