"""Before or after surgery, by what people wrote into the headers of a DICOM study.

No element of an image's header is made for it. Descriptions name it now and then: free text,
copied from study to study, so it is weak, and never taken without saying where it stands. "Pre"
and "post" alone are of the contrast agent. Words are quoted only as far as they are known ones:
the rest of a description may hold a name.

Limits: English, and German as far as it sounds alike. The words are assumed. No text says on
which day surgery or radiation was, and the standard's offset from an event (0012,0052) counts
from enrollment or baseline (its defined terms, from memory): days since treatment are the
caller's (`gliokit.core.course`).
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from gliokit.core.findings import Notice
from gliokit.core.vocabulary import Phase
from gliokit.io.dicom_source import Headers
from gliokit.io.dicom_values import text

DESCRIPTIONS: MappingProxyType[str, str] = MappingProxyType(
    {
        "StudyDescription": "study description",
        "RequestedProcedureDescription": "description of the requested procedure",
        "PerformedProcedureStepDescription": "description of the performed procedure step",
        "ReasonForTheRequestedProcedure": "reason for the procedure",
        "AdditionalPatientHistory": "patient's history",
        "SeriesDescription": "description of series {}",
        "ProtocolName": "protocol of series {}",
    }
)
_SURGERY = r"(op|operat\w*|surg(ery|ical)?|rese[ck]t\w*|[ck]raniotom\w*)"
_WORDS = MappingProxyType(
    {
        Phase.PREOPERATIVE: re.compile(rf"(?<![^\W\d_])pr(e|ae|ä)[ _-]*{_SURGERY}(?![^\W\d_])"),
        Phase.POSTOPERATIVE: re.compile(
            rf"(?<![^\W\d_])((status[ _-]+)?post|s/p)[ _-]*{_SURGERY}(?![^\W\d_])"
        ),
    }
)


def described_phase(headers: Mapping[int, Headers]) -> tuple[Phase, tuple[Notice, ...]]:
    """Give the phase that the descriptions of a study name, and say where they do.

    Parameters
    ----------
    headers : mapping of int to tuple of Dataset
        By number of the series.

    Returns
    -------
    tuple
        Unknown where nothing is named, or both; a notice unless nothing is named.
    """
    found = {phase: place for phase, place in _named(headers)}
    if not found:
        return Phase.UNKNOWN, ()
    said = " and ".join(f"{words!r} in the {place}" for words, place in found.values())
    if len(found) > 1:
        told = f"Before or after surgery is not known: {said}. Decide it with --phase."
        return Phase.UNKNOWN, (Notice("phase-contradicted", told),)
    (phase,) = found
    told = f"Taken as {phase}: {said}, which is free text. Decide it with --phase if it is wrong."
    return phase, (Notice("phase-from-description", told),)


def _named(headers: Mapping[int, Headers]) -> Iterator[tuple[Phase, tuple[str, str]]]:
    """Give each phase that is named, with its words and their place, the surest place last."""
    for keyword, place in reversed(tuple(DESCRIPTIONS.items())):
        for number, (header, *_) in headers.items():
            written = text(header, keyword).lower()
            for phase, words in _WORDS.items():
                if match := words.search(written):
                    yield phase, (match[0], place.format(number))
