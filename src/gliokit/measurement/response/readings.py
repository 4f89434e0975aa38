"""Where a criterion can be read in two ways: each reading by name, its argument beside it.

Readings are facts like any other: the rows of a table name the reading under which they hold.
The defaults are the first members.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction

from gliokit.measurement.response.facts import Facts


class GrowthOnFewerSteroids(StrEnum):
    """Growth beyond the threshold while the dose is lower than at the smallest size.

    The text of RANO 2010 asks for a stable or rising dose (doi:10.3747/co.22.2436, table 1); its
    summary table calls steroids not applicable to progression (doi:10.2217/cns-2018-0007, table
    2), as a table of RANO 2.0 does (doi:10.1007/s11604-025-01821-6, table 3). Stable disease
    excludes growth beyond the threshold, so by the text no category fits; programs that end in
    "else stable" say stable.
    """

    NOT_ASSESSABLE = "not assessable"
    PROGRESSION = "progression"
    STABLE = "stable"


class ResponseOnMoreSteroids(StrEnum):
    """Size of a response while the dose is higher than at the baseline.

    The summary tables of RANO 2010 and 2.0 ask stable disease, too, for a dose that is not raised
    (the reviews named above); stable for whatever is none of the others is unsure memory.
    """

    NOT_ASSESSABLE = "not assessable"
    STABLE = "stable"


class FlairProgression(StrEnum):
    """Whom a significant increase on T2/FLAIR makes progressive in RANO 2010.

    The summary table names no condition; the text speaks of patients on antiangiogenic therapy
    (doi:10.3747/co.22.2436, table 1).
    """

    ALWAYS = "every patient"
    ANTIANGIOGENIC = "patients on an antiangiogenic agent"


class EarlyDecline(StrEnum):
    """Clinical decline within the 12 weeks after radiation.

    RANO 2010 says that decline alone is not enough then (doi:10.3747/co.22.2436, table 1). Of RANO
    2.0 a review says that a second scan is mandatory if the patient is clinically stable
    (doi:10.1007/s11604-025-01821-6); the abstract asks for it without a condition.
    """

    NOT_PROGRESSION = "waits as imaging does"
    PROGRESSION = "progression at once"


class OutsideField(StrEnum):
    """New disease outside the radiation field within the 12 weeks, in RANO 2.0.

    RANO 2010 calls it progression at once. The abstract of RANO 2.0 asks for confirmation without
    an exception; a review calls it optional there (doi:10.1007/s11604-025-01821-6).
    """

    TO_CONFIRM = "to be confirmed as well"
    PROGRESSION = "progression at once"


class ConfirmAgainst(StrEnum):
    """What a second scan must exceed by the threshold to confirm a progression.

    A review of RANO 2.0 says a further 25 % of the area or 40 % of the volume
    (doi:10.1007/s11604-025-01821-6); the other is unsure memory.
    """

    FIRST_PROGRESSION = "the scan of the preliminary progression"
    NADIR = "the smallest size before it"


class NadirAfterPseudoprogression(StrEnum):
    """From which scan on the smallest size is sought once a progression was refuted.

    If the old nadir is kept, a tumor that stays where pseudoprogression took it is called
    progressive again at every visit.
    """

    RESTARTED = "from the scan of the refuted progression"
    KEPT = "from the baseline"


class SmallGrowth(StrEnum):
    """Growth from a nadir that is below measurable size, or zero.

    A ratio to zero does not exist, and one to a few mm² is noise; modified RANO asks that what
    comes back be measurable. Read to the letter, any rise by the threshold counts.
    """

    TO_MEASURABLE = "counts once it is measurable"
    ANY = "counts whatever its size"


class CompleteWithStable(StrEnum):
    """Complete response of one component of a mixed tumor while the other is stable, in RANO 2.0.

    The paper's table, as the program rano2.0-assist quotes it, makes it stable; a review makes it
    a response, and calls stable only what is so in both (doi:10.1007/s11604-025-01821-6).
    """

    STABLE = "stable"
    PARTIAL = "partial response"


@dataclass(frozen=True, slots=True)
class Readings:
    """One reading of each clause that has two.

    Attributes
    ----------
    minor_volume : Fraction
        Decrease of volume from which a minor response of non-enhancing tumor counts: 0.40 after a
        review of RANO 2.0 (doi:10.1007/s11604-025-01821-6, table 3); or 0.35, which is the 25 %
        of the area to the power of 1.5, from unsure memory.
    """

    growth_on_fewer_steroids: GrowthOnFewerSteroids = GrowthOnFewerSteroids.NOT_ASSESSABLE
    response_on_more_steroids: ResponseOnMoreSteroids = ResponseOnMoreSteroids.NOT_ASSESSABLE
    flair_progression: FlairProgression = FlairProgression.ALWAYS
    early_decline: EarlyDecline = EarlyDecline.NOT_PROGRESSION
    outside_field: OutsideField = OutsideField.TO_CONFIRM
    confirm_against: ConfirmAgainst = ConfirmAgainst.FIRST_PROGRESSION
    nadir_after_pseudoprogression: NadirAfterPseudoprogression = (
        NadirAfterPseudoprogression.RESTARTED
    )
    small_growth: SmallGrowth = SmallGrowth.TO_MEASURABLE
    complete_with_stable: CompleteWithStable = CompleteWithStable.STABLE
    minor_volume: Fraction = Fraction(2, 5)

    def as_facts(self) -> Facts:
        """Give the readings as facts that are known."""
        chosen = [getattr(self, field.name) for field in fields(self)]
        return {type(it): frozenset({it}) for it in chosen if isinstance(it, StrEnum)}
