"""What the header of a series says about its kind, as log odds.

Ranges follow the consensus protocol of brain tumors, widened for older scanners; weights are
assumed. A description adds little: it is free text, often copied from another series.

Source: Ellingson et al., Neuro Oncol 2015;17:1188-98, doi:10.1093/neuonc/nov095
"""

from enum import StrEnum
from types import MappingProxyType

from gliokit.core.series import AcquisitionFacts


class SeriesKind(StrEnum):
    """What a series shows."""

    T1 = "t1"
    T1C = "t1c"
    T2 = "t2"
    FLAIR = "flair"
    ADC = "adc"
    DWI = "dwi"
    DSC = "dsc"
    SWI = "swi"
    LOCALIZER = "localizer"
    OTHER = "other"


STRONG, FAIR, WEAK = 6.0, 3.0, 0.7  # nats, assumed: a coded fact, a typical time, free text
FLAIR_INVERSION_MS = (1500, 3200)  # nulls CSF: TI 2000-2500 in the consensus, 1650 in 3-D
LONG_ECHO_MS, SHORT_ECHO_MS = 60, 30  # T2 80-120; T1 "minimum"
LONG_REPETITION_MS, SHORT_REPETITION_MS = 2000, 1000  # T2 > 2500; T1 400-600, GE states 8
LATE_GRADIENT_ECHO_MS = 12  # assumed: T1 2-10; T2* and SWI 15-40
DSC_VOLUMES = 20  # assumed
SPOKEN = MappingProxyType(  # the first that is found speaks
    {
        SeriesKind.LOCALIZER: ("locali", "scout", "survey"),
        SeriesKind.ADC: ("adc", "apparent diff"),
        SeriesKind.SWI: ("swi", "t2*"),
        SeriesKind.FLAIR: ("flair", "dark-fluid", "dark fluid"),
        SeriesKind.T2: ("t2",),
        SeriesKind.T1: ("t1", "mprage", "bravo"),
    }
)
CONTRAST_WORDS = ("gd", "+c", "post", "km")

Odds = dict[SeriesKind, float]


def header_log_odds(facts: AcquisitionFacts) -> Odds:
    """Weigh what is coded and timed, not what is written; all 0 where the header is silent."""
    odds = dict.fromkeys(SeriesKind, 0.0)
    coded = {part.upper() for part in facts.image_type}
    if "ADC" in coded:
        odds[SeriesKind.ADC] += 2 * STRONG
    if "LOCALIZER" in coded:
        odds[SeriesKind.LOCALIZER] += 2 * STRONG
    if facts.time_points >= DSC_VOLUMES:
        odds[SeriesKind.DSC] += 2 * STRONG
    if any(b > 0 for b in facts.b_values):
        odds[SeriesKind.DWI] += STRONG
    if "EP" in facts.scanning_sequence:  # its long times are no T2's
        odds[SeriesKind.DWI] += STRONG
        odds[SeriesKind.ADC] += STRONG if "DERIVED" in coded else 0.0
    else:
        _weigh_times(odds, facts)
    if facts.contrast_agent:
        odds[SeriesKind.T1C] += FAIR
    elif facts.contrast_agent is False:
        odds[SeriesKind.T1] += WEAK  # agents are often not entered
    return odds


def described_kind(description: str) -> SeriesKind | None:
    """Read the kind that a description names, None where it names none."""
    text = description.lower()
    for kind, words in SPOKEN.items():
        if any(word in text for word in words):
            agent = any(word in text for word in CONTRAST_WORDS)
            return SeriesKind.T1C if kind is SeriesKind.T1 and agent else kind
    return None


def _weigh_times(odds: Odds, facts: AcquisitionFacts) -> None:
    echo, repetition, inversion = facts.echo_ms, facts.repetition_ms, facts.inversion_ms
    coded = facts.scanning_sequence
    if echo is None or repetition is None:
        return
    if echo >= LONG_ECHO_MS and repetition >= LONG_REPETITION_MS:
        odds[SeriesKind.FLAIR if _nulls_fluid(facts) else SeriesKind.T2] += STRONG
    elif echo >= LATE_GRADIENT_ECHO_MS and "GR" in coded and "SE" not in coded:
        odds[SeriesKind.SWI] += STRONG
    elif echo <= SHORT_ECHO_MS and (repetition <= SHORT_REPETITION_MS or inversion):
        for kind in (SeriesKind.T1, SeriesKind.T1C):
            odds[kind] += STRONG


def _nulls_fluid(facts: AcquisitionFacts) -> bool:
    if not facts.inversion_ms:  # may be empty where an inversion is coded
        return "IR" in facts.scanning_sequence
    low, high = FLAIR_INVERSION_MS
    return low <= facts.inversion_ms <= high
