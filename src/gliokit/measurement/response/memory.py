"""What a course remembers from visit to visit, and the confirmation of responses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gliokit.measurement.response.facts import ResponseSoFar
from gliokit.measurement.response.vocabulary import PRELIMINARY, Response

LEVELS = (Response.COMPLETE, Response.PARTIAL, Response.MINOR)
CONFIRMED = -1


@dataclass(frozen=True, slots=True)
class Memory:
    """State of a course before a visit; visits by their index.

    Attributes
    ----------
    pending : int or None
        Visit of a preliminary progression that awaits confirmation.
    nadir_from : int or None
        Visit from which the nadir is sought; None for the baseline.
    since : tuple of int or None, (3,)
        For complete, partial and minor response: the first of the visits up to now at all of
        which the response was at least as good; `CONFIRMED` once that was long enough ago.
    """

    pending: int | None = None
    nadir_from: int | None = None
    since: tuple[int | None, ...] = (None, None, None)

    @property
    def response(self) -> ResponseSoFar:
        """Whether there is a response so far, and whether it is confirmed at some level."""
        if CONFIRMED in self.since:
            return ResponseSoFar.CONFIRMED
        return (
            ResponseSoFar.PRELIMINARY
            if any(first is not None for first in self.since)
            else ResponseSoFar.NONE
        )

    def without_response(self) -> "Memory":
        """Forget the response so far."""
        return replace(self, since=(None, None, None))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A category after the confirmation of a response was sought.

    Attributes
    ----------
    category, counted_as : Response
        As reported; as it counts until it is confirmed.
    note : str
        For the reader; empty where there is nothing to confirm.
    memory : Memory
        After the visit.
    """

    category: Response
    counted_as: Response
    note: str
    memory: Memory


def confirm_response(
    category: Response, memory: Memory, *, index: int, days: Sequence[int], after_days: int
) -> Confirmation:
    """Hold a response against the visits before.

    Parameters
    ----------
    category : Response
        What this visit shows: a response.
    memory : Memory
        Before this visit.
    index : int
        Of this visit.
    days : sequence of int, (n_visits,)
        Days of all visits.
    after_days : int
        Distance of two visits from which the second confirms the first; 0 asks for none.
    """
    rank = LEVELS.index(category)
    before = memory.since[rank]
    since: list[int | None] = [None] * rank
    for first in memory.since[rank:]:
        start = index if first is None else first
        long_enough = start == CONFIRMED or days[index] - days[start] >= after_days
        since.append(CONFIRMED if long_enough else start)
    memory = replace(memory, since=tuple(since))
    if since[rank] == CONFIRMED:
        seen = before not in (None, CONFIRMED)
        note = f"confirmed, first seen on day {days[before or 0]}" if seen else ""
        return Confirmation(category, category, note, memory)
    confirmed = [level for level, first in zip(LEVELS, since, strict=True) if first == CONFIRMED]
    note = f"preliminary until a visit at least {after_days} days after the first confirms it"
    counted_as = confirmed[0] if confirmed else Response.STABLE
    return Confirmation(PRELIMINARY[category], counted_as, note, memory)
