"""What the true sizes of lesions say at each visit: the truth of the benchmark of response courses.

Written apart from `gliokit.measurement.targets`: targets are the largest of the lesions with both
diameters of 10 mm at the first visit; the sum of products is of these and of all that have become
measurable, in RANO 2.0 only those that came later; the others are judged by the figures of RANO
2010 or 2.0. A lesion that is there at all is there, however small. The tables of the criteria are
the program's own: they have an oracle of their own in
`tests/measurement/response/test_rano2_truth_table.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, log

from benchmarks.response_bodies import Bitten, Body, Size, true_size
from gliokit.measurement.measurability import SIZE_RULES, SizeRule
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.course import classify_course
from gliokit.measurement.response.criterion import Baseline, Thresholds
from gliokit.measurement.response.facts import Enhancement, NewLesion, NonTarget
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.visit import Disease, Treatment, Visit
from gliokit.measurement.response.vocabulary import Component

RULES = tuple(SIZE_RULES)
RANO_2 = "rano2_2023"
FILLED = ("macdonald1990", "rano_lgg2011")  # the inside of a ring counts, or is T2/FLAIR disease
OPTIONS = Options(baseline=Baseline.FIRST)
NOTHING = Size(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of the lesions of a visit.

    Attributes
    ----------
    targets : int
        How many lesions were measurable at the first visit, and chosen.
    """

    product_mm2: float
    volume_ml: float
    nontarget: NonTarget
    nontarget_by_volume: NonTarget
    new_lesion: NewLesion
    targets: int


def true_courses(visits: Sequence[Sequence[Body | None]]) -> dict[str, list[Told]]:
    """Tell the true lesions of every visit, as each criterion asks for them."""
    sizes = [[NOTHING if body is None else true_size(body) for body in visit] for visit in visits]
    filled = [
        [
            true_size(body, filled=True) if is_ring(body) else size
            for body, size in zip(*both, strict=True)
        ]
        for both in zip(visits, sizes, strict=True)
    ]
    return {rule: told_of(filled if rule in FILLED else sizes, SIZE_RULES[rule]) for rule in RULES}


def is_ring(body: Body | None) -> bool:
    """Whether something is enclosed that a criterion may count."""
    return isinstance(body, Bitten) and body.concentric


def told_of(sizes: Sequence[Sequence[Size]], rule: SizeRule) -> list[Told]:
    """Tell lesions of known size: visits of the same lesions, a size of 0 where one is not."""
    first = sizes[0]
    order = sorted(range(len(first)), key=lambda k: -first[k].product_mm2)
    targets = [k for k in order if measurable(first[k], rule)][: rule.targets]
    others = [k for k in order if first[k].volume_ml and k not in targets]
    later: set[int] = set()
    seen = {k for k in order if first[k].volume_ml}
    told = []
    for now in sizes:
        before = set(later)
        later |= {k for k in order if measurable(now[k], rule) and not measurable(first[k], rule)}
        if rule.name == RANO_2:
            later -= set(others)
        new = [now[k] for k in order if now[k].volume_ml and k not in seen]
        new += [now[k] for k in later - before if not first[k].volume_ml and k in seen]
        seen |= {k for k in order if now[k].volume_ml}
        told.append(
            Told(
                product_mm2=sum(now[k].product_mm2 for k in {*targets, *later}),
                volume_ml=sum(size.volume_ml for size in now),
                nontarget=judge([(now[k], first[k]) for k in others], rule, volume=False),
                nontarget_by_volume=judge([(now[k], first[k]) for k in others], rule, volume=True),
                new_lesion=new_of([measurable(size, rule) for size in new]),
                targets=len(targets),
            )
        )
    return told


def measurable(size: Size, rule: SizeRule) -> bool:
    """Whether it is there, and both diameters are large enough."""
    return size.volume_ml > 0 and size.shorter_mm >= rule.minimum_mm


def new_of(measurable_ones: Sequence[bool]) -> NewLesion:
    """Tell whether something is new, and can be measured."""
    if not measurable_ones:
        return NewLesion.NONE
    return NewLesion.MEASURABLE if any(measurable_ones) else NewLesion.NOT_MEASURABLE


def judge(pairs: Sequence[tuple[Size, Size]], rule: SizeRule, *, volume: bool) -> NonTarget:
    """Judge lesions that are no targets: now and at the first visit."""
    left = [(now, first) for now, first in pairs if now.volume_ml]
    if not left:
        return NonTarget.ABSENT
    for now, first in left:
        if measurable(now, rule) and has_grown(now, first, rule, volume=volume):
            return NonTarget.WORSE
    before = sum(first.volume_ml for _, first in pairs)
    halved = sum(now.volume_ml for now, _ in left) <= before / 2
    return NonTarget.BETTER if halved else NonTarget.STABLE


def has_grown(now: Size, first: Size, rule: SizeRule, *, volume: bool) -> bool:
    """Tell whether a lesion that is measurable now grew enough to be unequivocally worse."""
    share = (
        now.volume_ml >= 1.4 * first.volume_ml
        if volume
        else now.product_mm2 >= 1.25 * first.product_mm2
    )
    if rule.name != RANO_2:
        return share or now.longest_mm > first.longest_mm + 5
    if measurable(first, rule):
        return share
    both = min(now.longest_mm - first.longest_mm, now.shorter_mm - first.shorter_mm) >= 5
    return both and now.shorter_mm > 10


def assessed(
    told: Sequence[Told | None], facts: Sequence[Visit], treatment: Treatment, criterion: str
) -> list[Assessment]:
    """Classify the visits; None where a scan shows nothing for lack of contrast."""
    low_grade = criterion.startswith("rano_lgg2011")
    if criterion.endswith("-volume"):
        told = [own and replace(own, nontarget=own.nontarget_by_volume) for own in told]
    visits = [_visit(own, fact, low_grade=low_grade) for own, fact in zip(told, facts, strict=True)]
    return list(classify_course(visits, criterion, treatment=treatment, options=OPTIONS))


def _visit(told: Told | None, fact: Visit, *, low_grade: bool) -> Visit:
    if told is None:
        return fact
    disease = Disease(told.product_mm2, told.volume_ml, told.nontarget)
    if low_grade:
        return replace(
            fact,
            nonenhancing=disease,
            new_lesion=told.new_lesion,
            enhancement=Enhancement.NOT_INCREASED,
        )
    return replace(fact, enhancing=disease, new_lesion=told.new_lesion)


def margin(answer: Assessment, criterion: str) -> float:
    """Give how far the size is from the nearest threshold, as a logarithm; infinite for none."""
    if not answer.sizes:
        return inf
    sizes = answer.sizes[0]
    if not sizes.size or sizes.baseline is None or sizes.nadir is None:
        return inf
    limits = limits_of(thresholds_of(criterion), baseline=sizes.baseline, nadir=sizes.nadir)
    return min(abs(log(sizes.size / limit)) for limit in limits if limit)


def thresholds_of(criterion: str) -> Thresholds:
    """Give the thresholds of the component that is followed here."""
    low_grade = criterion.startswith("rano_lgg2011")
    component = Component.NONENHANCING if low_grade else Component.ENHANCING
    return CRITERIA[criterion].thresholds[component]


def limits_of(thresholds: Thresholds, *, baseline: float, nadir: float) -> list[float]:
    """Give the sizes at which a category changes."""
    least = thresholds.measurable if nadir < thresholds.measurable else 0.0
    limits = [
        max(nadir * float(1 + thresholds.progression), least),
        baseline * float(1 - thresholds.partial),
    ]
    if thresholds.minor is not None:
        limits.append(baseline * float(1 - thresholds.minor))
    return limits
