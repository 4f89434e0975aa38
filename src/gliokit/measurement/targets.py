"""Target lesions: chosen at the baseline, measured at every visit, and what else there is.

Chosen are the measurable lesions with the largest products, as many as the criterion allows. At
each visit a target has the size it has then, however small; one that has vanished has none. Of a
target that split, the parts are added; of targets that merged, the part they share is measured
once. Each visit is measured on its own grid and each lesion in its own slice.

The other lesions of the baseline are non-target, and judged by `gliokit.measurement.nontarget`. A
lesion that no earlier visit shows is new, and measurable or not. `VisitSizes` holds what a
response engine needs: plain numbers and answers.

Source: as `gliokit.measurement.measurability`; adding the parts of a lesion that split and
measuring a merged one once are the rules of RECIST 1.1 (Eisenhauer et al., Eur J Cancer
2009;45:228-47, doi:10.1016/j.ejca.2008.10.026, from memory), since RANO states none.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import CohortError, SettingsError
from gliokit.core.geometry import Affine, Grid
from gliokit.measurement.lesion_matching import (
    LesionHistory,
    State,
    match_lesions,
    number_lesions,
    on_common_grid,
)
from gliokit.measurement.lesion_size import LesionSize, Protocol, measure_size
from gliokit.measurement.nontarget import (
    NONTARGET_RULES,
    Followed,
    NonTargetRule,
    in_voxels,
    judge_nontarget,
)
from gliokit.measurement.response.facts import NewLesion, NonTarget
from gliokit.measurement.response.visit import Worse
from gliokit.measurement.response.vocabulary import Measure
from gliokit.measurement.volume import voxels_ml

LEAST_REST_ML = 0.01  # 10 voxels of 1 mm; a choice: what is left of a lesion, however small


@dataclass(frozen=True, slots=True)
class LesionVisit:
    """The numbered lesions of a visit, on its own grid.

    Attributes
    ----------
    day : int
        Day of the scan, from the same origin as that of the other visits.
    numbers : (X, Y, Z)
        Of `gliokit.measurement.lesion_matching.number_lesions`.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    to_visit : (4, 4) or None
        RAS+ mm of the common grid to RAS+ mm of this visit; None if they are the same.
    minimum_ml : float
        Smaller parts are no lesions of their own, only what is left of one seen before.
    """

    day: int
    numbers: NDArray[np.uint8] = field(repr=False)
    affine: Affine
    to_visit: Affine | None = None
    minimum_ml: float = 0.0

    @property
    def specks(self) -> frozenset[int]:
        """Numbers of the parts that are no lesions of their own."""
        sizes = np.bincount(self.numbers.ravel()).tolist()
        return frozenset(
            number
            for number, voxels in enumerate(sizes)
            if number and voxels_ml(voxels, self.affine) < self.minimum_ml
        )


@dataclass(frozen=True, slots=True)
class VisitSizes:
    """Everything about size that a response is judged by, at one visit.

    Attributes
    ----------
    day : int
        Of the scan.
    product_mm2 : float
        Sum of the products of the targets and of the lesions that came since and became measurable,
        with those that were not measurable at the baseline as the criterion says; 0 when all are
        gone.
    target_product_mm2 : float
        The same of the targets alone.
    volume_ml : float
        Of all lesions together.
    nontarget, nontarget_by_volume : NonTarget
        The lesions of the baseline that are no targets, against the baseline, for a criterion that
        measures areas and for one that measures volumes. Stable, not absent, while a lesion is
        seen that came later and is too small to count.
    new_lesion : NewLesion
        Whether a lesion is seen that no earlier visit shows; measurable once more where one that
        came after the baseline has become it.
    lesions : tuple of LesionSize
        All that are there.
    targets : tuple of str
        Names of the targets, as chosen at the baseline.
    states : tuple of (str, State)
        What each named lesion is at this visit.
    worse, worse_by_volume : Worse or None
        Why `nontarget` and `nontarget_by_volume` are worse, where they are.
    """

    day: int
    product_mm2: float
    target_product_mm2: float
    volume_ml: float
    nontarget: NonTarget
    nontarget_by_volume: NonTarget
    new_lesion: NewLesion
    lesions: tuple[LesionSize, ...]
    targets: tuple[str, ...]
    states: tuple[tuple[str, State], ...]
    worse: Worse | None = None
    worse_by_volume: Worse | None = None


def lesion_visit(
    day: int,
    mask: NDArray[np.bool_],
    affine: Affine,
    *,
    minimum_ml: float,
    to_visit: Affine | None = None,
) -> LesionVisit:
    """Give the lesions of a visit numbers, and specks that may be what is left of one.

    Parameters
    ----------
    day : int
        Of the scan.
    mask : (X, Y, Z)
        Of `gliokit.measurement.measurability.measured_mask`.
    affine, to_visit
        As in `LesionVisit`.
    minimum_ml : float
        Least volume of a lesion. Smaller parts count from 0.01 mL on, and only where a lesion was.

    Raises
    ------
    NotAssessableError
        If there are more than 255 lesions.
    """
    numbers = number_lesions(mask, affine, minimum_ml=minimum_ml, speck_ml=LEAST_REST_ML)
    return LesionVisit(day, numbers, affine, to_visit, minimum_ml)


def follow_lesions(
    visits: Sequence[LesionVisit], grid: Grid, protocol: Protocol, *, baseline: int = 0
) -> tuple[VisitSizes, ...]:
    """Match the lesions of all visits, choose targets at the baseline, measure them at each visit.

    Parameters
    ----------
    visits : sequence of LesionVisit
        In the order of time.
    grid : Grid
        On which visits are compared.
    protocol : Protocol
        How lesions are chosen, followed and measured.
    baseline : int
        Visit at which targets are chosen. Before it the sums are of the same lesions, none is
        new, and the state of non-target lesions is that of their comparison with the baseline.

    Raises
    ------
    CohortError
        If the days do not rise.
    SettingsError
        If there is no such baseline.
    """
    _check(visits, baseline)
    carried = [
        on_common_grid(
            visit.numbers,
            visit.affine,
            np.eye(4) if visit.to_visit is None else visit.to_visit,
            grid,
            specks=visit.specks,
        )
        for visit in visits
    ]
    specks = [visit.specks for visit in visits]
    history = match_lesions(carried, grid.affine, matching=protocol.matching, specks=specks)
    sizes = [
        _measure_visit(visit, history.names(index), protocol) for index, visit in enumerate(visits)
    ]
    targets = choose_targets(sizes[baseline], protocol.most_targets)
    rule = NONTARGET_RULES[protocol.rule.name]
    roles = _Roles(history, baseline, targets, rule if protocol.millimeters else in_voxels(rule))
    return tuple(_summarize(visit.day, index, sizes, roles) for index, visit in enumerate(visits))


def choose_targets(lesions: Sequence[LesionSize], most: int) -> tuple[str, ...]:
    """Choose the measurable lesions with the largest products; names in that order.

    A lesion that several have merged into is one target with several names.
    """
    measurable = [lesion for lesion in lesions if lesion.measurability.measurable]
    measurable.sort(key=lambda lesion: (-lesion.product_mm2, lesion.number))
    return tuple(name for lesion in measurable[:most] for name in lesion.name.split("+"))


def _check(visits: Sequence[LesionVisit], baseline: int) -> None:
    if not 0 <= baseline < len(visits):
        raise SettingsError(
            f"baseline is visit {baseline} of {len(visits)}, counted from 0; choose one of them"
        )
    days = [visit.day for visit in visits]
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise CohortError(f"days of the visits are {days}; each must be later than the one before")


def _measure_visit(
    visit: LesionVisit, names: dict[int, str], protocol: Protocol
) -> tuple[LesionSize, ...]:
    return tuple(
        measure_size(visit.numbers == number, visit.affine, protocol, number=number, name=name)
        for number, name in names.items()
    )


@dataclass(frozen=True, slots=True)
class _Roles:
    """What each named lesion is for: target or not, and what it is at each visit."""

    history: LesionHistory
    baseline: int
    targets: tuple[str, ...]
    rule: NonTargetRule

    @property
    def nontarget(self) -> frozenset[str]:
        """Names of the baseline's lesions that are no targets."""
        there = {course.name for course in self.history.courses if course.parts[self.baseline]}
        return frozenset(there - set(self.targets))

    def new(self, first: int, last: int) -> frozenset[str]:
        """Names of the lesions that some of these visits shows first; none up to the baseline."""
        visits = range(max(first, self.baseline + 1), last + 1)
        return frozenset(
            course.name
            for course in self.history.courses
            if any(course.states[visit] is State.NEW for visit in visits)
        )


def _summarize(
    day: int, visit: int, sizes: Sequence[tuple[LesionSize, ...]], roles: _Roles
) -> VisitSizes:
    now, first = sizes[visit], sizes[roles.baseline]
    targets = _of(now, roles.targets)
    since = _measurable_since(sizes[roles.baseline : visit + 1])
    joining = since if roles.rule.joins_sum else since - roles.nontarget
    later = [lesion for lesion in _of(now, joining) if lesion not in targets]
    counted = [*targets, *later]
    uncounted = visit > roles.baseline and any(lesion not in counted for lesion in now)
    (by_area, worse), (by_volume, worse_by_volume) = _judge_nontarget(now, first, roles, uncounted)
    ripened = since - _measurable_since(sizes[roles.baseline : visit])
    new = roles.new(visit, visit) | (ripened & roles.new(0, visit))
    return VisitSizes(
        day=day,
        product_mm2=sum((lesion.product_mm2 for lesion in counted), 0.0),
        target_product_mm2=sum((lesion.product_mm2 for lesion in targets), 0.0),
        volume_ml=sum((lesion.volume_ml for lesion in now), 0.0),
        nontarget=by_area,
        nontarget_by_volume=by_volume,
        new_lesion=_judge_new(_of(now, new)),
        lesions=now,
        targets=roles.targets,
        states=tuple((course.name, course.states[visit]) for course in roles.history.courses),
        worse=worse,
        worse_by_volume=worse_by_volume,
    )


def _of(lesions: Iterable[LesionSize], names: Collection[str]) -> list[LesionSize]:
    """Select the lesions that carry any of the names, each once."""
    return [lesion for lesion in lesions if not _names(lesion).isdisjoint(names)]


def _names(lesion: LesionSize) -> frozenset[str]:
    return frozenset(lesion.name.split("+"))


def _measurable_since(sizes: Sequence[tuple[LesionSize, ...]]) -> frozenset[str]:
    """Name the lesions that were not measurable at the baseline, the first, and have become it."""
    ever = [
        {name for lesion in visit if lesion.measurability.measurable for name in _names(lesion)}
        for visit in sizes
    ]
    return frozenset(set().union(*ever[1:]) - ever[0]) if ever else frozenset()


def _judge_new(lesions: Sequence[LesionSize]) -> NewLesion:
    if not lesions:
        return NewLesion.NONE
    measurable = any(lesion.measurability.measurable for lesion in lesions)
    return NewLesion.MEASURABLE if measurable else NewLesion.NOT_MEASURABLE


def _judge_nontarget(
    now: tuple[LesionSize, ...], first: tuple[LesionSize, ...], roles: _Roles, uncounted: bool
) -> list[tuple[NonTarget, Worse | None]]:
    """Judge the lesions of the baseline that are no targets, by area and by volume.

    Where these are gone but something is seen that no sum counts, not all is gone.
    """
    names = roles.nontarget
    left = _of(now, names)
    if not left:
        return [(NonTarget.STABLE if uncounted else NonTarget.ABSENT, None) for _ in Measure]
    followed = _followed(left, first, roles)
    before_ml = sum(lesion.volume_ml for lesion in _of(first, names))
    return [
        judge_nontarget(followed, before_ml=before_ml, rule=roles.rule, measure=measure)
        for measure in Measure
    ]


def _followed(
    left: Sequence[LesionSize], first: tuple[LesionSize, ...], roles: _Roles
) -> list[Followed]:
    """Put together the parts of what was one lesion at the baseline, and what they merged with."""
    groups: list[Followed] = []
    for lesion in left:
        now: tuple[LesionSize, ...] = (lesion,)
        before = _before(lesion, first, roles)
        for group in [own for own in groups if not set(own.before).isdisjoint(before)]:
            groups.remove(group)
            now, before = (*group.now, *now), tuple(dict.fromkeys((*group.before, *before)))
        groups.append(Followed(now, before))
    return groups


def _before(
    lesion: LesionSize, first: tuple[LesionSize, ...], roles: _Roles
) -> tuple[LesionSize, ...]:
    """Give what a lesion was at the baseline; nothing where it has merged with a target."""
    own = _names(lesion)
    return tuple(_of(first, own & roles.nontarget)) if own.isdisjoint(roles.targets) else ()
