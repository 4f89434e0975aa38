"""Extent of resection: percent removed, residual volume, and the RANO-resect class.

The class of a newly diagnosed glioblastoma follows from the absolute residual volumes on the
scan within 72 hours of surgery, never from the percentage, which was not prognostic; whether
class 1 asks for a share as well is a reading. The terms of 2021, from which the classes were made,
go by both. Residual enhancement is read beside the scan before contrast, since blood is bright on
both; non-enhancing residual is tumor on T2/FLAIR, not edema. For tumors that do not enhance other
classes exist, which are not coded here.

Source: Karschnia et al., Neuro Oncol 2023;25:940-54, doi:10.1093/neuonc/noac193, for the classes;
Eur J Cancer 2021;149:23-33, doi:10.1016/j.ejca.2021.03.002, for the terms. Read in the abstracts:
the four classes, residual non-enhancing tumor of at most 5 mL for class 1, the names of the terms.
At second hand, in notes that quote the full text of 2023: 1 mL and 5 mL of enhancing tumor, 95 %
and 80 %, the 60 %, and which terms make up a class. From memory: the halves A and B, the 72 hours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gliokit.core.errors import CohortError, NotAssessableError

NEAR_TOTAL_ML = 1.0  # enhancing
SUBTOTAL_ML = 5.0  # enhancing
SUPRAMAXIMAL_ML = 5.0  # non-enhancing
SUPRAMAXIMAL_SHARE = 0.60  # of non-enhancing tumor
NEAR_TOTAL_SHARE = 0.95  # of enhancing tumor, in the terms of 2021
SUBTOTAL_SHARE = 0.80
# a choice: below it a residual may be speckle of the mask or a vessel
DOUBTFUL_ML = 0.1
_SAME = 1e-9  # relative: a volume on the limit counts as within it


class ResectionClass(StrEnum):
    """RANO-resect class."""

    SUPRAMAXIMAL = "1"
    COMPLETE = "2A"
    NEAR_TOTAL = "2B"
    SUBTOTAL = "3A"
    PARTIAL = "3B"
    BIOPSY = "4"


CLASS_TERMS: MappingProxyType[ResectionClass, str] = MappingProxyType(
    {
        ResectionClass.SUPRAMAXIMAL: "supramaximal resection of enhancing tumor",
        ResectionClass.COMPLETE: "complete resection of enhancing tumor",
        ResectionClass.NEAR_TOTAL: "near total resection of enhancing tumor",
        ResectionClass.SUBTOTAL: "subtotal resection of enhancing tumor",
        ResectionClass.PARTIAL: "partial resection of enhancing tumor",
        ResectionClass.BIOPSY: "biopsy",
    }
)


class Supramaximal(StrEnum):
    """What class 1 asks of non-enhancing tumor.

    The abstract gives the residual alone, and the paper says that its classes rest on residual
    volume alone; the cutoff that it derives, as quoted, joins a share to it.
    """

    RESIDUAL = "at most 5 mL is left"
    RESIDUAL_AND_SHARE = "at most 5 mL is left and at least 60 % is removed"


@dataclass(frozen=True, slots=True)
class Band:
    """One class by the residual volumes it allows.

    Attributes
    ----------
    enhancing_ml : (2,)
        More than the first, at most the second; (0, 0) is none at all.
    nonenhancing_ml : (2,)
        In the same way; the first of these is -1 where none at all is allowed, too.
    """

    resection_class: ResectionClass
    enhancing_ml: tuple[float, float]
    nonenhancing_ml: tuple[float, float] = (-1.0, math.inf)


BANDS = (
    Band(ResectionClass.SUPRAMAXIMAL, (0, 0), (-1.0, SUPRAMAXIMAL_ML)),
    Band(ResectionClass.COMPLETE, (0, 0), (SUPRAMAXIMAL_ML, math.inf)),
    Band(ResectionClass.NEAR_TOTAL, (0, NEAR_TOTAL_ML)),
    Band(ResectionClass.SUBTOTAL, (NEAR_TOTAL_ML, SUBTOTAL_ML)),
    Band(ResectionClass.PARTIAL, (SUBTOTAL_ML, math.inf)),
)


@dataclass(frozen=True, slots=True)
class Volumes:
    """Tumor on one scan, mL; None where it is unknown."""

    enhancing_ml: float | None
    nonenhancing_ml: float | None = None


@dataclass(frozen=True, slots=True)
class ExtentOfResection:
    """What was removed and what is left.

    Attributes
    ----------
    possible : tuple of ResectionClass
        Classes that the known volumes allow; one where they decide.
    residual : Volumes
        What is left.
    removed_enhancing, removed_nonenhancing : float or None
        Share removed, at most 1; negative where the later scan shows more. None where a volume
        is unknown or there was nothing before.
    reason : str
        One sentence.
    doubtful : bool
        Whether the residual enhancement is so small that the mask may be at fault.
    """

    possible: tuple[ResectionClass, ...]
    residual: Volumes
    removed_enhancing: float | None
    removed_nonenhancing: float | None
    reason: str
    doubtful: bool

    @property
    def resection_class(self) -> ResectionClass | None:
        """The class; None where unknown volumes leave several."""
        return self.possible[0] if len(self.possible) == 1 else None


def extent_of_resection(
    before: Volumes,
    after: Volumes,
    *,
    biopsy_only: bool | None = False,
    supramaximal: Supramaximal = Supramaximal.RESIDUAL,
) -> ExtentOfResection:
    """Measure the extent of resection.

    Parameters
    ----------
    before, after : Volumes
        On the scans before surgery and within 72 hours of it.
    biopsy_only : bool or None
        Whether nothing was resected; None where that is unknown.
    supramaximal : Supramaximal
        How class 1 is read.

    Raises
    ------
    NotAssessableError
        If nothing enhanced before surgery: the classes are those of enhancing tumor.
    CohortError
        If a volume is negative or not finite.
    """
    _check(before, after)
    if before.enhancing_ml == 0:
        raise NotAssessableError(
            "nothing enhanced before surgery; RANO-resect classes are those of enhancing tumor, "
            "report the residual T2/FLAIR volume instead"
        )
    shares = [True]
    if supramaximal is Supramaximal.RESIDUAL_AND_SHARE:
        shares = _share_removed(before.nonenhancing_ml, after.nonenhancing_ml)
    possible = _possible(after, biopsy_only, shares)
    residual = after.enhancing_ml
    return ExtentOfResection(
        possible=possible,
        residual=after,
        removed_enhancing=_removed(before.enhancing_ml, residual),
        removed_nonenhancing=_removed(before.nonenhancing_ml, after.nonenhancing_ml),
        reason=_reason(possible, after),
        doubtful=residual is not None and 0 < residual < DOUBTFUL_ML,
    )


def _check(before: Volumes, after: Volumes) -> None:
    for volume in (
        before.enhancing_ml,
        before.nonenhancing_ml,
        after.enhancing_ml,
        after.nonenhancing_ml,
    ):
        if volume is not None and not (math.isfinite(volume) and volume >= 0):
            raise CohortError(
                f"a volume is {volume} mL; needed 0 or more, or None where it is unknown"
            )


def name_resection(before: Volumes, after: Volumes, *, biopsy_only: bool = False) -> ResectionClass:
    """Give the term of 2021, by the share of enhancing tumor removed and its residual volume.

    The classes of 2023 carry the same terms. Supramaximal is never given: in 2021 it had no cutoff.

    Parameters
    ----------
    before, after : Volumes
        On the scans before surgery and within 72 hours of it; both enhancing volumes are needed.
    biopsy_only : bool
        Whether nothing was resected.

    Raises
    ------
    NotAssessableError
        If an enhancing volume is unknown, or nothing enhanced before surgery.
    CohortError
        If a volume is negative or not finite.
    """
    _check(before, after)
    if biopsy_only:
        return ResectionClass.BIOPSY
    left = after.enhancing_ml
    removed = _removed(before.enhancing_ml, left)
    if removed is None or left is None:
        raise NotAssessableError(
            f"enhancing tumor is {_ml(before.enhancing_ml)} before and {_ml(left)} after surgery; "
            "the terms need both volumes, and some before"
        )
    if left == 0:
        return ResectionClass.COMPLETE
    if _at_least(removed, NEAR_TOTAL_SHARE) and _within(left, (0, NEAR_TOTAL_ML)):
        return ResectionClass.NEAR_TOTAL
    if _at_least(removed, SUBTOTAL_SHARE) and _within(left, (0, SUBTOTAL_ML)):
        return ResectionClass.SUBTOTAL
    return ResectionClass.PARTIAL


def _share_removed(before: float | None, after: float | None) -> list[bool]:
    """Whether enough non-enhancing tumor was removed; both answers where that is unknown."""
    if after == 0:
        return [True]
    removed = _removed(before, after)
    return [True, False] if removed is None else [_at_least(removed, SUPRAMAXIMAL_SHARE)]


def _possible(
    after: Volumes, biopsy_only: bool | None, shares: Sequence[bool]
) -> tuple[ResectionClass, ...]:
    if biopsy_only:
        return (ResectionClass.BIOPSY,)
    resected = {
        ResectionClass.COMPLETE
        if band.resection_class is ResectionClass.SUPRAMAXIMAL and not enough
        else band.resection_class
        for band in BANDS
        for enough in shares
        if _within(after.enhancing_ml, band.enhancing_ml)
        and _within(after.nonenhancing_ml, band.nonenhancing_ml)
    }
    ordered = sorted(resected)
    return (*ordered, ResectionClass.BIOPSY) if biopsy_only is None else tuple(ordered)


def _within(volume: float | None, limits: tuple[float, float]) -> bool:
    """Whether a volume may lie in a band; an unknown one may lie in any."""
    if volume is None:
        return True
    more_than, at_most = (limit * (1 + _SAME) for limit in limits)
    return volume == 0 if at_most == 0 else more_than < volume <= at_most


def _at_least(share: float, limit: float) -> bool:
    return share >= limit * (1 - _SAME)


def _removed(before: float | None, after: float | None) -> float | None:
    return 1 - after / before if before and after is not None else None


def _reason(possible: Sequence[ResectionClass], after: Volumes) -> str:
    left = f"{_ml(after.enhancing_ml)} enhancing and {_ml(after.nonenhancing_ml)} non-enhancing"
    classes = " or ".join(f"class {it}, {CLASS_TERMS[it]}" for it in possible)
    return f"{classes}: {left} tumor is left"


def _ml(volume: float | None) -> str:
    return "an unknown volume of" if volume is None else f"{volume:.3g} mL of"
