"""Which series of a study is which: header and pixels weighed together.

Log odds of header, pixels and (little) description add up. A sequence without a series that
is probable enough is left out and said, never guessed. Days and phase are the caller's.

Of several that are about as sure the best is taken, by what comes first in this list: original
rather than derived; the whole head rather than a slab; without clear motion; thin slices; axial;
clearly weaker ghosts; the earlier one. So a thin series whose ghosts are doubtful to
`gliokit.preprocessing.quality.ghosting` loses against a thicker one whose are not, and of one
protocol scanned twice the stiller scan is taken. A series whose motion cannot be judged, for
lack of air, is not taken for a moved one, nor for a still one.

Limits: doubt about what a series is goes before its motion, and motion that spoils one of two T1
changes how much they seem to enhance. Pixels of whole heads tell fluid and enhancement only;
without a header most of these stay unnamed. Enhancement is compared between T1 of one dimension,
2-D or 3-D.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gliokit.core.errors import SettingsError
from gliokit.core.findings import Notice
from gliokit.core.geometry import axis_codes, spacing_mm
from gliokit.core.image import Image
from gliokit.core.series import Series
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.header_evidence import (
    FAIR,
    STRONG,
    WEAK,
    Odds,
    SeriesKind,
    described_kind,
    header_log_odds,
)
from gliokit.preprocessing.pixel_evidence import (
    enhancement,
    fluid_tail,
    head_log_odds,
    stripped_log_odds,
)
from gliokit.preprocessing.quality.ghosting import GHOST, ghosts_of

LEAST_CONFIDENCE = 0.7  # assumed; just above what the fluid of one whole head can reach alone
ABOUT_AS_SURE = 0.1  # assumed; thin slices do not make up for more doubt
FLUID_WEIGHT, FLUID_MIDDLE = 2.0, 0.3  # per unit of tail; between T1 and T2 of looked-at heads
ENHANCEMENT_WEIGHT = 10.0  # per unit of log ratio, assumed; limited to FAIR
FEW_SLICES = 8  # fewer cover no brain: a localizer
SLAB_MM = 100.0  # assumed; what is no thicker shows a part of the brain
CLEARLY_LESS = 0.01  # difference of ghosts, the brain's brightness as 1; assumed
T1_KINDS = (SeriesKind.T1, SeriesKind.T1C)
SEQUENCE_KINDS = frozenset(SeriesKind(sequence) for sequence in MRSequence)


@dataclass(frozen=True, slots=True)
class Choice:
    """The series chosen for a sequence, how sure (0-1) and why, in one sentence."""

    number: int
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Which series is which.

    Attributes
    ----------
    chosen : mapping of MRSequence to Choice
        Sequences that are sure enough, or overridden.
    kinds : mapping of int to (SeriesKind, float)
        Likeliest kind of each series and its probability.
    notices : tuple of Notice
        Doubts, contradictions and overrides.
    """

    chosen: Mapping[MRSequence, Choice]
    kinds: Mapping[int, tuple[SeriesKind, float]]
    notices: tuple[Notice, ...] = field(default=())


def identify(
    series: Sequence[Series], *, overrides: Mapping[MRSequence, int] | None = None
) -> Plan:
    """Choose one series per sequence.

    Raises
    ------
    SettingsError
        If an override names a series that is not there.
    """
    by_number = {one.number: one for one in sorted(series, key=lambda one: one.number)}
    overrides = dict(overrides or {})
    for sequence, number in overrides.items():
        if number not in by_number:
            there = ", ".join(map(str, by_number))
            raise SettingsError(
                f"{sequence}: no series {number}; there are {there}; name one of these"
            )
    shares = {number: _softmax(odds) for number, odds in _weigh(by_number).items()}
    kinds = {number: max(one.items(), key=lambda item: item[1]) for number, one in shares.items()}
    notices = [note for one in by_number.values() for note in _contradiction(one, kinds)]
    chosen: dict[MRSequence, Choice] = {}
    for sequence in MRSequence:
        if sequence in overrides:
            chosen[sequence] = Choice(overrides[sequence], 1.0, "Chosen by the user.")
            text = f"Series {overrides[sequence]} was named {sequence} by the user."
            notices.append(Notice("sequence-overridden", text))
            continue
        free = {n: s for n, s in by_number.items() if n not in overrides.values()}
        best = _best(free, kinds, SeriesKind(sequence))
        if best is None:
            text = f"No series is {sequence} with a probability of {LEAST_CONFIDENCE:g} or more."
            notices.append(Notice("sequence-not-assessable", text))
        else:
            chosen[sequence] = best
    return Plan(chosen, kinds, tuple(notices))


def _weigh(series: Mapping[int, Series]) -> dict[int, Odds]:
    weighed = _weigh_headers(series)
    for number, one in series.items():
        odds = weighed[number]
        if one.image.array.shape[2] < FEW_SLICES:
            odds[SeriesKind.LOCALIZER] += 4 * FAIR
            continue
        tail = fluid_tail(one.image)
        if np.isfinite(tail):
            pull = float(np.clip(FLUID_WEIGHT * (tail - FLUID_MIDDLE), -FAIR, FAIR))
            odds[SeriesKind.T2] += pull
        named = described_kind(one.facts.description)
        if named:
            odds[named] += WEAK
    looks = _looks(series, weighed)
    for number, look in looks.items():
        for sequence, value in look.items():
            weighed[number][SeriesKind(sequence)] += value
    if not looks:
        _compare_t1(series, weighed)
    return weighed


def _looks(
    series: Mapping[int, Series], weighed: Mapping[int, Odds]
) -> dict[int, dict[MRSequence, float]]:
    """Judge the images together: stripped ones, else whole heads."""
    stripped = stripped_log_odds({number: one.image for number, one in series.items()})
    return stripped or head_log_odds(_undecided(series, weighed))


def _undecided(series: Mapping[int, Series], weighed: Mapping[int, Odds]) -> dict[int, Image]:
    """Give the images that may be one of the sequences, unless all of them are sure already.

    Whole heads are looked at only then: it takes a second an image.
    """
    shares = {number: _softmax(odds) for number, odds in weighed.items()}
    likeliest = {n: max(share, key=lambda kind: share[kind]) for n, share in shares.items()}
    candidates = [n for n, kind in likeliest.items() if kind in SEQUENCE_KINDS]
    if all(shares[n][likeliest[n]] >= LEAST_CONFIDENCE for n in candidates):
        return {}
    return {number: series[number].image for number in candidates}


def _weigh_headers(series: Mapping[int, Series]) -> dict[int, Odds]:
    weighed = {number: header_log_odds(one.facts) for number, one in series.items()}
    with_agent = [number for number, one in series.items() if one.facts.contrast_agent]
    for number, odds in weighed.items():
        if not with_agent or number in with_agent or odds[SeriesKind.T1] < STRONG:
            continue
        # an agent stays for longer than an examination; who enters one enters them all
        kind = SeriesKind.T1C if number > min(with_agent) else SeriesKind.T1
        odds[kind] += FAIR
    return weighed


def _compare_t1(series: Mapping[int, Series], weighed: Mapping[int, Odds]) -> None:
    """Move odds between T1 and T1C by enhancement against the least enhancing T1."""
    t1 = [n for n, odds in weighed.items() if max(odds, key=lambda k: odds[k]) in T1_KINDS]
    pulls = {
        n: [
            enhancement(series[n].image, series[m].image)
            for m in t1
            # 2-D spin echo and 3-D gradient echo differ without any agent
            if m != n and series[m].facts.acquisition == series[n].facts.acquisition
        ]
        for n in t1
    }
    for number, values in pulls.items():
        finite = [value for value in values if np.isfinite(value)]
        if finite:
            strongest = max(finite, key=abs)
            pull = float(np.clip(ENHANCEMENT_WEIGHT * strongest, -FAIR, FAIR))
            weighed[number][SeriesKind.T1C] += pull / 2
            weighed[number][SeriesKind.T1] -= pull / 2


def _softmax(odds: Odds) -> Odds:
    weights = np.exp(np.array(list(odds.values())) - max(odds.values()))
    return dict(zip(odds, (weights / weights.sum()).tolist(), strict=True))


def _best(
    series: Mapping[int, Series],
    kinds: Mapping[int, tuple[SeriesKind, float]],
    kind: SeriesKind,
) -> Choice | None:
    """Give the best of the surest of a kind; motion is looked at only where several fit."""
    fitting = [n for n in series if kinds[n][0] is kind and kinds[n][1] >= LEAST_CONFIDENCE]
    if not fitting:
        return None
    surest = max(kinds[n][1] for n in fitting)
    fitting = [n for n in fitting if kinds[n][1] >= surest - ABOUT_AS_SURE]
    number, more = fitting[0], ""
    if len(fitting) > 1:
        ghosts = {n: ghosts_of(series[n].image) for n in fitting}
        number = _stillest({n: _preference(series[n], ghosts[n]) for n in fitting}, ghosts)
        otherwise = min(fitting, key=lambda n: (*_preference(series[n], float("nan")), n))
        more = f", best of {len(fitting)}"
        if number != otherwise:
            more += f": {_why_not_the_other(otherwise, ghosts[otherwise], ghosts[number])}"
    return Choice(number, kinds[number][1], f"Header and pixels make series {number} {kind}{more}.")


def _preference(one: Series, ghost: float) -> tuple[bool, bool, bool, float, bool]:
    """Rank a series, the best lowest; `ghost` is nan where motion is not judged."""
    derived = "DERIVED" in one.facts.image_type
    spacing = spacing_mm(one.image.affine)
    slab = float(spacing[2]) * one.image.array.shape[2] < SLAB_MM
    moved = not np.isnan(ghost) and not GHOST.limit.holds(ghost)
    thickest = round(float(spacing.max()), 1)
    return derived, slab, moved, thickest, axis_codes(one.image.affine)[2] not in "IS"


def _stillest(
    ranks: Mapping[int, tuple[bool, bool, bool, float, bool]], ghosts: Mapping[int, float]
) -> int:
    """Give the first of the best that has no clearly stronger ghosts than the rest of these."""
    best = min(ranks.values())
    level = {n: ghosts[n] for n, rank in ranks.items() if rank == best}
    judged = [ghost for ghost in level.values() if not np.isnan(ghost)]
    most = min(judged, default=0.0) + CLEARLY_LESS
    return min(n for n, ghost in level.items() if not judged or ghost <= most)


def _why_not_the_other(other: int, its_ghost: float, ghost: float) -> str:
    """Say why the series that motion aside is better was not taken; nan is not judged."""
    if np.isnan(its_ghost):
        return f"whether the head moved in series {other} cannot be told"
    brightness = "of the brain's brightness"
    if np.isnan(ghost):
        return (
            f"the head moved in series {other} (ghosts in the air of {its_ghost:.3f} {brightness})"
        )
    return (
        f"less motion than in series {other} (ghosts in the air of {ghost:.3f} {brightness} "
        f"against {its_ghost:.3f})"
    )


def _contradiction(
    one: Series, kinds: Mapping[int, tuple[SeriesKind, float]]
) -> tuple[Notice, ...]:
    named, (kind, share) = described_kind(one.facts.description), kinds[one.number]
    if named is None or named is kind or share < LEAST_CONFIDENCE:
        return ()
    text = f"The description of series {one.number} says {named}, header and pixels say {kind}."
    return (Notice("description-contradicted", text),)
