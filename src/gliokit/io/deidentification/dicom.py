"""A DICOM data set without what identifies the patient.

Sequences are treated at every depth, private attributes, overlays and curves go, UIDs are
mapped by key, dates are moved by the patient's days, text of protocol words alone stays.
Pixel data are not touched: not decoded, not encoded again.

Limits: sex, age, size and weight go too (the options that keep them are not offered); text in
pixels is judged by `burned_in`, and `faces` removes the face of a whole head.

Source: DICOM PS3.15, annex E (basic application level confidentiality profile).
"""

from collections.abc import Callable
from dataclasses import dataclass

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.multival import MultiValue

from gliokit.io.deidentification.dates import shift_days, shift_dicom
from gliokit.io.deidentification.descriptors import clean_text
from gliokit.io.deidentification.key import SecretKey
from gliokit.io.deidentification.profile import Action, action_of, without_text
from gliokit.io.deidentification.uids import map_uid

DUMMY = "REMOVED"
METHODS = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113105", "Clean Descriptors Option"),
)
FACE_REMOVED = ("113102", "Clean Recognizable Visual Features Option")
LOCAL_SCHEME = "99"  # how designators of coding schemes of one's own begin
CODE_TEXT = frozenset({0x00080100, 0x00080102, 0x00080104})  # value, scheme, meaning
PREAMBLE = bytes(128)
_DUMMIES = {"DA": "19000101", "DT": "19000101", "TM": "000000", "AS": "000Y"}
_TEXT_LIKE = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_DIGITS = frozenset({"DS", "IS"})
# what pydicom raises for an attribute that cannot be understood, and so goes
UNREADABLE = (ValueError, KeyError, TypeError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Disguise:
    """What replaces the identity of one patient.

    Attributes
    ----------
    days : int
        Taken from each date.
    """

    key: SecretKey
    pseudonym: str
    days: int


def disguise(patient: str, key: SecretKey) -> Disguise:
    """Make the disguise of a patient, who is named by the hospital's number."""
    return Disguise(key, key.pseudonym(patient), shift_days(patient, key))


def deidentify_file(dataset: FileDataset, shown: Disguise, *, face_removed: bool = False) -> None:
    """Remove from a data set, in place, what identifies; file meta information is made anew.

    Parameters
    ----------
    face_removed : bool
        Whether the data set is to say that its pixels show no face.
    """
    deidentify_dataset(dataset, shown)
    methods = (*METHODS, FACE_REMOVED) if face_removed else METHODS
    if face_removed:
        dataset.RecognizableVisualFeatures = "NO"
    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    dataset.DeidentificationMethod = [f"DICOM PS3.15 E: {code}" for code, _ in methods]
    dataset.DeidentificationMethodCodeSequence = [_coded(*method) for method in methods]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    dataset.file_meta = meta
    dataset.preamble = PREAMBLE


def deidentify_dataset(dataset: Dataset, shown: Disguise) -> None:
    """Treat each attribute of a data set, in place, and of the sequences within."""
    local = str(dataset.get("CodingSchemeDesignator", "")).startswith(LOCAL_SCHEME)
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
            action = action_of(tag, element.VR)
        except UNREADABLE:
            action = Action.REMOVE
        if action is Action.KEEP and local and tag in CODE_TEXT:
            action = Action.REPLACE
        if action is Action.REMOVE:
            del dataset[tag]
        elif action is not Action.KEEP:
            _change(dataset, element, action, shown)


def _change(dataset: Dataset, element: DataElement, action: Action, shown: Disguise) -> None:
    """Do what an action says to one attribute of a data set."""
    if action is Action.DESCEND:
        for item in element.value or () if element.VR == "SQ" else ():
            deidentify_dataset(item, shown)
    elif action is Action.PATIENT:
        element.value = shown.pseudonym
    elif action is Action.UID:
        element.value = _each(element, lambda uid: map_uid(uid, shown.key))
    elif action is Action.DATE:
        element.value = _each(element, lambda text: shift_dicom(text, shown.days))
    elif action is Action.CLEAN:
        _clean(dataset, element)
    else:
        _blank(dataset, element, action)


def _clean(dataset: Dataset, element: DataElement) -> None:
    """Keep the text if all its values are clean."""
    texts = texts_of(element.value)
    if not all(text == "" or clean_text(text) for text in texts):
        _blank(dataset, element, without_text(element.tag))


def _blank(dataset: Dataset, element: DataElement, action: Action) -> None:
    """Remove an attribute, or its value, or put a dummy for it."""
    if action is Action.REPLACE and (dummy := _dummy(element)) is not None:
        element.value = dummy
    elif action is Action.EMPTY:
        element.value = [] if element.VR == "SQ" else None
    else:
        del dataset[element.tag]


def _dummy(element: DataElement) -> str | int | None:
    if element.VR in _TEXT_LIKE:
        return DUMMY
    if element.VR in _DUMMIES:
        return _DUMMIES[element.VR]
    return 0 if element.VR in _DIGITS | {"FD", "FL", "SL", "SS", "UL", "US"} else None


def _each(element: DataElement, change: Callable[[str], str]) -> str | list[str]:
    texts = [change(text) for text in texts_of(element.value)]
    return texts if len(texts) > 1 else "".join(texts)


def texts_of(value: object) -> list[str]:
    """Give each value of an attribute as text; none for an empty one."""
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, MultiValue | list) else [str(value)]


def _coded(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code
