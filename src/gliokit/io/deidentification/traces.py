"""Identifying values of the input, and the search for them in what was written.

The second look knows nothing of attributes and actions: it takes the names, numbers and places
that the input held and looks for each in every text of the output and in its raw bytes.

Limits: values of fewer than 3 letters or digits and values made of protocol words are not
looked for, a bare number of fewer than 6 digits only as a whole text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from gliokit.io.deidentification.descriptors import clean_text
from gliokit.io.deidentification.dicom import DUMMY, UNREADABLE, texts_of
from gliokit.io.deidentification.uids import OF_THE_STANDARD

SHORTEST = 3
SHORTEST_NUMBER = 6
IDENTIFYING = frozenset(
    {
        0x00080050,  # accession number
        0x00080080,  # institution and its address
        0x00080081,
        0x00081040,  # department
        0x00100020,  # patient ID, and others
        0x00101000,
        0x00101040,  # address, phone
        0x00102154,
        0x00181000,  # serial number of the device
        0x00200010,  # study ID
        0x00380010,  # admission, placer's and filler's orders
        0x00402016,
        0x00402017,
    }
)
_NAME_PARTS = re.compile(r"[\^=\s,]+")
_TEXT = frozenset(["AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"])
_DATE = re.compile(r"\d{8}")
_STYLES = ("%Y%m%d", "%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y")


@dataclass
class Traces:
    """What the input held, by what is looked for.

    Attributes
    ----------
    words : set of str
        Case-folded names, numbers, places; of all patients.
    dates : mapping of patient to set of date
    uids : set of str
        Not those of the standard.
    """

    words: set[str] = field(default_factory=set)
    dates: dict[str, set[date]] = field(default_factory=dict)
    uids: set[str] = field(default_factory=set)

    def add(self, dataset: Dataset, *, patient: str) -> None:
        """Note the identifying values of a data set, and of the sequences within."""
        dates = self.dates.setdefault(patient, set())
        for element in _elements(dataset):
            for text in _texts(element.value):
                if element.VR in {"DA", "DT"}:
                    dates.update(_dates(text))
                elif element.VR == "UI" and not text.startswith(OF_THE_STANDARD):
                    self.uids.add(text)
                elif element.VR == "PN":
                    self.add_words(_NAME_PARTS.split(text))
                elif element.tag in IDENTIFYING:
                    self.add_words([text])
        self.uids.discard("")

    def add_words(self, texts: Iterable[str]) -> None:
        """Note names or numbers, but for those that are too short or protocol words."""
        for text in texts:
            word = text.strip(" .").casefold()
            if len(word) >= SHORTEST and word != DUMMY.casefold() and not clean_text(word):
                self.words.add(word)

    def searcher(self) -> "Searcher":
        """Make what searches for all that was noted."""
        words = sorted(self.words, key=len, reverse=True)
        written = sorted(word for word in words if not _is_short_number(word))
        return Searcher(_any_of(words), _any_of(written), self)


@dataclass(frozen=True)
class Searcher:
    """Looks for identifying values.

    Attributes
    ----------
    in_text, in_bytes : pattern
        Of words, in one text and in raw bytes.
    """

    in_text: re.Pattern[str]
    in_bytes: re.Pattern[str]
    traces: Traces

    def find_in_text(self, text: str) -> bool:
        """Tell whether a text holds an identifying word."""
        return self.in_text.search(text.casefold()) is not None

    def find_in_bytes(self, raw: bytes) -> bool:
        """Tell whether bytes hold an identifying word, in Latin-1 or UTF-8."""
        return any(
            self.in_bytes.search(raw.decode(encoding, errors="replace").casefold())
            for encoding in ("latin-1", "utf-8")
        )

    def find_in_dataset(self, dataset: Dataset, *, patient: str, days: int) -> str:
        """Give the tag of the first attribute that still identifies, else an empty text.

        Parameters
        ----------
        days : int
            By which the patient's dates were moved: such a date is no trace.
        """
        days_seen = self.traces.dates.get(patient, set())
        shifted = {day - timedelta(days=days) for day in days_seen if day.year > days // 365 + 1}
        forbidden = days_seen - shifted
        styled = {day.strftime(style) for day in forbidden for style in _STYLES}
        for element in _elements(dataset):
            for text in _texts(element.value):
                if element.VR in {"DA", "DT"}:
                    found = bool(forbidden.intersection(_dates(text)))
                elif element.VR == "UI":
                    found = text in self.traces.uids
                else:
                    found = element.VR in _TEXT and (
                        self.find_in_text(text) or any(day in text for day in styled)
                    )
                if found:
                    return str(element.tag)
        return ""


def _elements(dataset: Dataset) -> Iterator[DataElement]:
    """Give all elements that can be read, sequences opened."""
    for tag in dataset.keys():  # noqa: SIM118 - iterating a Dataset reads the values
        try:
            element = dataset[tag]
        except UNREADABLE:
            continue  # it will be removed
        if element.VR == "SQ":
            for item in element.value or ():
                yield from _elements(item)
        else:
            yield element


def _texts(value: object) -> list[str]:
    return [] if isinstance(value, bytes) else texts_of(value)  # bytes are searched raw


def _dates(text: str) -> list[date]:
    match = _DATE.match(text)
    try:
        return [date(int(text[:4]), int(text[4:6]), int(text[6:8]))] if match else []
    except ValueError:
        return []


def _is_short_number(word: str) -> bool:
    return word.isdigit() and len(word) < SHORTEST_NUMBER


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Match any of some words where it is no part of a longer word or number."""
    choice = "|".join(map(re.escape, words)) or r"(?!)"
    return re.compile(rf"(?<![\w.])(?:{choice})(?!\w)")
