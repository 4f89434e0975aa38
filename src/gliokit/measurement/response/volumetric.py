"""The criteria with volumes in place of areas.

The thresholds are those of areas for a ball that keeps its shape, to the power of 1.5, rounded:
an increase of 25 % of the area is 39.8 % of the volume, a decrease of 50 % is 64.6 %, one of
25 % is 35.0 %. The rounded ones, 40 % and 65 %, are a little stricter: a ball that grows by
25 % of its area to the letter is stable by volume.

Only modified RANO, RANO 2.0 (with areas first) and, after a review, RANO-LGG 2011 name volumes as
an option; for the others, and where a paper gives no number, the same thresholds are borrowed.

Source: Ellingson et al., Neurotherapeutics 2017;14:307-20, doi:10.1007/s13311-016-0507-6; Wen
et al., J Clin Oncol 2023;41:5187-99, doi:10.1200/JCO.23.01059 (thresholds as in the program
rano2.0-assist, and with that of the minor response in table 3 of a review,
doi:10.1007/s11604-025-01821-6).
"""

from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType

from gliokit.measurement.response.criterion import Criterion, Thresholds
from gliokit.measurement.response.vocabulary import Measure

PROGRESSION = Fraction(2, 5)
PARTIAL = Fraction(13, 20)
MINOR = Fraction(2, 5)  # `Readings.minor_volume` has the other reading
MEASURABLE_ML = 0.52  # a ball of 10 mm


def by_volume(criterion: Criterion) -> Criterion:
    """Give a criterion of areas as one of volumes; its rows stay as they are."""
    card = replace(
        criterion.card,
        title=f"{criterion.card.title}, by volume",
        from_memory=f"{criterion.card.from_memory}; thresholds of volume, those of RANO 2.0",
    )
    return replace(
        criterion,
        name=f"{criterion.name}-volume",
        card=card,
        measure=Measure.VOLUME,
        thresholds=MappingProxyType(
            {
                component: Thresholds(
                    PROGRESSION,
                    PARTIAL,
                    None if areas.minor is None else MINOR,
                    MEASURABLE_ML if areas.measurable else 0.0,
                )
                for component, areas in criterion.thresholds.items()
            }
        ),
    )


def volume_change_of_ball(area_change: float) -> float:
    """Give the change of a ball's volume, as a fraction, from that of its area."""
    return (1 + area_change) ** 1.5 - 1
