"""A prognosis as JSON, with what it rests on, and back.

`survival` maps days from the scan to the probability to be alive then.
"""

import json
from typing import Any

from gliokit.analysis.record_json import plain
from gliokit.prognosis.system import Part, Prognosis

DISCLAIMER = "For research use only; not a medical device"


def prognosis_text(prognosis: Prognosis) -> str:
    """Write a prognosis as the text of a JSON file."""
    content = {"disclaimer": DISCLAIMER, **plain(prognosis)}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def read_prognosis(text: str) -> Prognosis:
    """Read what `prognosis_text` wrote.

    Raises
    ------
    ValueError, KeyError, TypeError
        If the text is something else.
    """
    held: dict[str, Any] = json.loads(text)
    low, high = held["interval"]
    return Prognosis(
        held["study_id"],
        held["log_hazard"],
        (low, high),
        {float(days): share for days, share in held["survival"].items()},
        tuple(Part(**own) for own in held["parts"]),
        held["unknown"],
        tuple(held["notes"]),
    )
