"""The treatment of a patient, from the rows of the visits.

What the rows do not tell stays unknown.
"""

import re
from collections.abc import Sequence

from gliokit.analysis.response_settings import ResponseRun
from gliokit.core.cohort import Row
from gliokit.core.errors import CohortError
from gliokit.measurement.response.visit import Treatment

# in the name of a therapy, in lower case; agents that close vessels, and immunotherapies
ANTIANGIOGENIC = ("bev", "avastin", "cediranib", "aflibercept", "regorafenib")
PRONE = ("immun", "vaccin", "nivolumab", "pembrolizumab", "ipilimumab", "car-t", "dcvax")
# that are neither; any other word leaves it unknown
NEITHER = frozenset(
    {
        "rt",
        "tmz",
        "radiation",
        "radiotherapy",
        "temozolomide",
        "stupp",
        "ccnu",
        "lomustine",
        "pcv",
        "procarbazine",
        "vincristine",
        "carmustine",
        "surgery",
        "resection",
        "observation",
        "none",
    }
)


def treatment_of(rows: Sequence[Row], run: ResponseRun) -> Treatment:
    """Read the treatment from the rows.

    Raises
    ------
    CohortError
        If rows name different days, or no whole one.
    """

    def day(column: str) -> int | None:
        known = sorted({row.number_of(column) for row in rows if column in row.cells})
        if len(known) > 1 or not all(value.is_integer() for value in known):
            raise CohortError(
                f"column {column} says {', '.join(f'{value:g}' for value in known)}; needed one "
                "whole day at all visits: that of the treatment which is judged"
            )
        return int(known[0]) if known else None

    therapy = therapy_of(rows).lower()
    words = [word for word in re.split(r"[^a-z0-9]+", therapy) if word]
    harmless = bool(words) and all(word in NEITHER for word in words)
    return Treatment(
        recurrent=run.recurrent,
        treatment_start_day=run.treatment_start_day,
        immunotherapy_start_day=run.immunotherapy_start_day,
        immunotherapy=_no_if(harmless),
        surgery_day=day("surgery_day"),
        radiation_start_day=day("rt_start_day"),
        radiation_end_day=day("rt_end_day"),
        antiangiogenic=True if _names(therapy, ANTIANGIOGENIC) else _no_if(harmless),
        prone_to_pseudoprogression=True if _names(therapy, PRONE) else _no_if(harmless),
    )


def therapy_of(rows: Sequence[Row]) -> str:
    """Name all that was given at any visit."""
    return " + ".join(dict.fromkeys(row.cells["therapy"] for row in rows if "therapy" in row.cells))


def _names(therapy: str, agents: Sequence[str]) -> bool:
    return any(agent in therapy for agent in agents)


def _no_if(known: bool) -> bool | None:
    """Say no where all that is named is known; else it is unknown."""
    return False if known else None
