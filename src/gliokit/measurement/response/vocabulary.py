"""The words of response criteria: categories, what is measured, and where a clause was read."""

from enum import StrEnum
from types import MappingProxyType


class Response(StrEnum):
    """Category of one visit.

    A preliminary response is one that a later visit must confirm; until then it counts as
    stable. A preliminary progression counts as none until it is confirmed.
    """

    NOT_APPLICABLE = "before the baseline"
    BASELINE = "baseline"
    COMPLETE = "CR"
    PARTIAL = "PR"
    MINOR = "MR"
    STABLE = "SD"
    PROGRESSIVE = "PD"
    PRELIMINARY_COMPLETE = "preliminary CR"
    PRELIMINARY_PARTIAL = "preliminary PR"
    PRELIMINARY_MINOR = "preliminary MR"
    PRELIMINARY_PROGRESSIVE = "preliminary PD"
    NOT_ASSESSABLE = "not assessable"


PRELIMINARY: MappingProxyType[Response, Response] = MappingProxyType(
    {
        Response.COMPLETE: Response.PRELIMINARY_COMPLETE,
        Response.PARTIAL: Response.PRELIMINARY_PARTIAL,
        Response.MINOR: Response.PRELIMINARY_MINOR,
    }
)


class Component(StrEnum):
    """The part of the tumor that is followed."""

    ENHANCING = "enhancing"  # on T1 after contrast
    NONENHANCING = "non-enhancing"  # on T2 or FLAIR
    MIXED = "mixed"  # both, each judged apart


class Measure(StrEnum):
    """What the size of a component is."""

    AREA = "mm²"  # sum over the targets of the products of two diameters
    VOLUME = "mL"


class Pseudo(StrEnum):
    """What an earlier visit turns out not to have been."""

    PROGRESSION = "pseudoprogression"
    RESPONSE = "pseudoresponse"


class Evidence(StrEnum):
    """Where a clause was read; the papers themselves could not be opened in full.

    The card of each criterion names the reviews and the program.
    """

    ABSTRACT = "the paper's abstract"
    REVIEW = "a review"
    PROGRAM = "a program that implements the criterion and quotes it"
    MEMORY = "memory of the paper"
    UNSURE = "unsure memory of the paper"
    REASONED = "this program's own policy"
