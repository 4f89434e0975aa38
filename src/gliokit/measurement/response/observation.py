"""What a visit says, as facts: answers where it is known, all answers where it is not."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.response.criterion import EARLY_AFTER_RADIATION_DAYS, Criterion
from gliokit.measurement.response.facts import (
    AfterRadiation,
    Antiangiogenic,
    Attendance,
    Clinical,
    Enhancement,
    Facts,
    Flair,
    Histology,
    Leptomeningeal,
    NewLesion,
    NonTarget,
    OnImmunotherapy,
    Place,
    ProneAgent,
)
from gliokit.measurement.response.visit import Disease, Treatment, Visit

_Answer = TypeVar("_Answer", bound=StrEnum)


def observe(
    visits: Sequence[Visit], *, treatment: Treatment, criterion: Criterion, decline_lasts_days: int
) -> dict[type[StrEnum], frozenset[StrEnum]]:
    """Give what a visit says about the patient as a whole.

    Parameters
    ----------
    visits : sequence of Visit
        From the baseline up to the visit itself.
    treatment : Treatment
        What was given, and when.
    criterion : Criterion
        For its windows.
    decline_lasts_days : int
        See `gliokit.measurement.response.options.Options`.
    """
    visit = visits[-1]
    return {
        Attendance: frozenset({Attendance.TOO_ILL if visit.too_ill else Attendance.CAME}),
        NewLesion: _known(visit.new_lesion, NewLesion),
        Place: _either(visit.outside_field, Place.OUTSIDE, Place.INSIDE),
        Flair: _known(visit.flair, Flair),
        Enhancement: _enhancement(visit),
        Clinical: _clinical(visits, decline_lasts_days),
        Histology: _either(visit.progression_proven, Histology.TUMOR, Histology.NO_PROOF),
        Leptomeningeal: _either(visit.leptomeningeal, Leptomeningeal.DEFINITE, Leptomeningeal.NONE),
        AfterRadiation: _after_radiation(visit.day, treatment, criterion),
        OnImmunotherapy: _on_immunotherapy(visit.day, treatment, criterion),
        Antiangiogenic: _either(treatment.antiangiogenic, Antiangiogenic.YES, Antiangiogenic.NO),
        ProneAgent: _either(treatment.prone_to_pseudoprogression, ProneAgent.YES, ProneAgent.NO),
    }


def observe_nontarget(disease: Disease) -> Facts:
    """Give what a visit says about the lesions of a component that are not measured."""
    return {NonTarget: _known(disease.nontarget, NonTarget)}


def decline_by_kps(kps: float, baseline: float) -> bool:
    """Whether the Karnofsky status fell as far as RANO 2010 asks of a clinical deterioration.

    From 90 or more to 70 or less, by 20 or more from 80 or less, or to 50 or less from more. That
    it must last, and have no other cause, is asked for elsewhere.

    Source: Wen et al., J Clin Oncol 2010;28:1963-72, doi:10.1200/JCO.2009.26.3541 (from memory).
    """
    if kps <= 50 < baseline:
        return True
    return kps <= 70 if baseline >= 90 else kps <= baseline - 20


def _known(answer: _Answer | None, fact: type[_Answer]) -> frozenset[StrEnum]:
    return frozenset(fact) if answer is None else frozenset({answer})


def _either(answer: bool | None, yes: StrEnum, no: StrEnum) -> frozenset[StrEnum]:
    if answer is None:
        return frozenset({yes, no})
    return frozenset({yes if answer else no})


def _enhancement(visit: Visit) -> frozenset[StrEnum]:
    """Nothing that enhances has not increased, whatever was there before."""
    seen = visit.enhancing
    sizes = [size for size in (seen.product_mm2, seen.volume_ml) if size is not None]
    nothing = sizes and not any(sizes) and seen.nontarget is NonTarget.ABSENT
    if visit.enhancement is None and nothing:
        return frozenset({Enhancement.NOT_INCREASED})
    return _known(visit.enhancement, Enhancement)


def _clinical(visits: Sequence[Visit], lasts_days: int) -> frozenset[StrEnum]:
    visit = visits[-1]
    worse_for = _either(visit.decline_explained, Clinical.WORSE_OTHERWISE, Clinical.WORSE)
    if visit.clinical_change is not None:
        return {
            ClinicalChange.BETTER: frozenset({Clinical.BETTER}),
            ClinicalChange.STABLE: frozenset({Clinical.STABLE}),
            ClinicalChange.WORSE: worse_for,
        }[visit.clinical_change]
    declined = _declined(visit, visits[0])
    if declined is None:
        return worse_for | {Clinical.BETTER, Clinical.STABLE}
    if declined and _lasted_days(visits) >= lasts_days:
        return worse_for
    perhaps = worse_for if declined and visit.decline_days is None else frozenset()
    return perhaps | {Clinical.STABLE}


def _declined(visit: Visit, baseline: Visit) -> bool | None:
    """Tell from the Karnofsky status whether there is a decline; None where one is unknown."""
    if visit.kps is None or baseline.kps is None:
        return None
    return decline_by_kps(visit.kps, baseline.kps)


def _lasted_days(visits: Sequence[Visit]) -> float:
    """Give the days for which a decline at the last visit has lasted at least."""
    *earlier, visit = visits
    first = visit
    for before in reversed(earlier):
        told = before.clinical_change
        worse = _declined(before, visits[0]) if told is None else told is ClinicalChange.WORSE
        if not worse:
            break
        first = before
    return max(visit.day - first.day, visit.decline_days or 0)


def _after_radiation(day: int, treatment: Treatment, criterion: Criterion) -> frozenset[StrEnum]:
    start, end = treatment.radiation_start_day, treatment.radiation_end_day
    if end is not None and day >= end:
        limit = EARLY_AFTER_RADIATION_DAYS + criterion.early_includes_limit
        early = day - end < limit
    elif treatment.irradiated is False or (start is not None and day < start):
        early = False
    elif end is not None and start is not None:
        early = True  # during radiation
    else:
        return frozenset(AfterRadiation)
    return frozenset({AfterRadiation.EARLY if early else AfterRadiation.LATE})


def _on_immunotherapy(day: int, treatment: Treatment, criterion: Criterion) -> frozenset[StrEnum]:
    start = treatment.immunotherapy_start_day
    if start is None:
        never = treatment.immunotherapy is False
        return frozenset({OnImmunotherapy.LATE} if never else OnImmunotherapy)
    early = 0 <= day - start <= criterion.immunotherapy_early_days
    return frozenset({OnImmunotherapy.EARLY if early else OnImmunotherapy.LATE})
