"""Values of a DICOM header that may be missing, empty or malformed.

A malformed value is answered like a missing one: what needs it says so by its name.
"""

import math
import struct
from datetime import date

from pydicom import Dataset
from pydicom.multival import MultiValue

# what pydicom raises, on access, for values that break their representation
MALFORMED = (
    AttributeError,
    KeyError,
    NotImplementedError,
    OverflowError,
    TypeError,
    ValueError,
    struct.error,
)


def texts(header: Dataset, keyword: str | int) -> tuple[str, ...]:
    """Give the values of an element as text, without those that are empty."""
    try:
        value = header[keyword].value if keyword in header else None
    except MALFORMED:
        return ()
    if value is None:
        return ()
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    values = value if isinstance(value, (MultiValue, list, tuple)) else str(value).split("\\")
    return tuple(text for text in (str(one).strip(" \0") for one in values) if text)


def text(header: Dataset, keyword: str) -> str:
    """Give the first value as text; empty where there is none."""
    return next(iter(texts(header, keyword)), "")


def numbers(header: Dataset, keyword: str | int) -> tuple[float, ...]:
    """Give all values as numbers; none at all if one is no finite number."""
    try:
        values = tuple(float(value) for value in texts(header, keyword))
    except ValueError:
        return ()
    return values if all(map(math.isfinite, values)) else ()


def number(header: Dataset, keyword: str | int) -> float | None:
    """Give the first value as a finite number, or None."""
    return next(iter(numbers(header, keyword)), None)


def first_item(header: Dataset, keyword: str) -> Dataset:
    """Give the first item of a sequence, empty where there is none."""
    try:
        items = header.get(keyword) or []
        return items[0] if isinstance(items[0], Dataset) else Dataset()
    except (*MALFORMED, IndexError):
        return Dataset()


def day(header: Dataset, keyword: str) -> date | None:
    """Give the date of a DA or DT element, or None."""
    digits = text(header, keyword).replace(".", "")[:8]
    try:
        return date.fromisoformat(digits) if len(digits) == 8 else None
    except ValueError:
        return None
