"""Dates moved by whole days, as many for all studies of a patient; times of day stay.

Days between two studies of a patient are kept, and so is the time of day, which identifies
together with other knowledge of a hospital; the profile's option allows it.

Source: DICOM PS3.15, annex E.3.6 (retain longitudinal temporal information, modified dates).
"""

import re
from datetime import date, timedelta

from gliokit.io.deidentification.key import SecretKey

# days into the past, assumed: more than a course lasts, so that no shifted date is another
# true one of the patient; whole weeks would keep the weekday, which identifies
SHIFTS_DAYS = (3653, 10957)

_DICOM = re.compile(r"(\d{4})(\d{2})(\d{2})(.*)", flags=re.DOTALL)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(.*)", flags=re.DOTALL)
_OF_DICOM = re.compile(r"(\d{6}(\.\d{1,6})?|\d{4}|\d{2}|)([+-]\d{4})?")
_OF_ISO = re.compile(r"(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?(Z|[+-]\d{2}:\d{2})?")


def shift_days(patient: str, key: SecretKey) -> int:
    """Give the days that are taken from each date of a patient."""
    low, high = SHIFTS_DAYS
    return low + int.from_bytes(key.digest("date", patient)[:8]) % (high - low)


def shift_dicom(text: str, days: int) -> str:
    """Move a DA or DT value into the past; empty where it is no whole date."""
    return _shift(text.strip(), days, shape=(_DICOM, _OF_DICOM), style="{:%Y%m%d}")


def shift_iso(text: str, days: int) -> str:
    """Move a date, or date and time, of ISO 8601 into the past; empty where it is none."""
    return _shift(text.strip(), days, shape=(_ISO, _OF_ISO), style="{:%Y-%m-%d}")


def _shift(
    text: str, days: int, *, shape: tuple[re.Pattern[str], re.Pattern[str]], style: str
) -> str:
    match = shape[0].fullmatch(text)
    if match is None or shape[1].fullmatch(match[4]) is None:
        return ""
    try:
        day = date(int(match[1]), int(match[2]), int(match[3])) - timedelta(days=days)
    except (ValueError, OverflowError):  # a month 13, or before the year 1
        return ""
    return style.format(day) + match[4]
