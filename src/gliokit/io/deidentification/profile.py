"""What is done with each DICOM attribute.

The table of the standard (here its edition 2026c) is that of the package dicom-anonymizer. Where
it leaves a choice, or names none, rules by value representation decide, always for the
stricter side: what is not known to be harmless goes. Of the options "retain longitudinal
temporal information with modified dates" and "clean descriptors", the lists here are part.

Source: DICOM PS3.15, table E.1-1, as read by dicom-anonymizer (Kitware, BSD-3-Clause).
"""

from enum import StrEnum
from types import MappingProxyType

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom.datadict import dictionary_has_tag
from pydicom.tag import BaseTag


class Action(StrEnum):
    """What becomes of one attribute."""

    KEEP = "keep"
    REMOVE = "remove"
    EMPTY = "empty"
    REPLACE = "replace"  # by a dummy
    UID = "uid"
    DATE = "date"
    CLEAN = "clean"  # text of protocol words is kept
    DESCEND = "descend"  # the items of a sequence are treated
    PATIENT = "patient"  # pseudonym


PATIENT = frozenset({0x00100010, 0x00100020})  # name, ID
BIRTH = frozenset({0x00100030, 0x00100032})  # no part of the course
TEXT = frozenset({"LO", "SH", "LT", "ST", "UT", "UC"})
BULK = frozenset({"OB", "OW", "OF", "OD", "OL", "OV"})
BULK_GROUPS = frozenset({0x0028, 0x7FE0})  # lookup tables, pixels
NUMBERS = frozenset(
    ["AS", "AT", "CS", "DS", "FD", "FL", "IS", "SL", "SS", "SV", "TM", "UL", "US", "UV"]
)
OVERLAYS = 0x6000
CURVES = 0x5000

# of the option "clean descriptors", those that tell how an image was made; other text goes
DESCRIPTORS = frozenset(
    {
        0x00081030,  # study
        0x0008103E,  # series
        0x00082111,  # derivation
        0x00180010,  # contrast agent
        0x00181030,  # protocol
        0x00181400,  # processing
        0x00189424,  # acquisition protocol
        0x00204000,  # image comments
        0x00321060,  # requested procedure
        0x00400007,  # scheduled procedure step
        0x00400254,  # performed procedure step
    }
)
# written by the machine or taken from the standard: text that nobody types in
BY_MACHINE = frozenset(
    {
        0x00080070,  # manufacturer
        0x00080100,  # code: value, scheme, its version, meaning
        0x00080102,
        0x00080103,
        0x00080104,
        0x00081090,  # model
        0x00181020,  # software versions
        0x00209056,  # stack ID
    }
)
_STRICTEST = MappingProxyType(
    {
        # the last line that names an attribute decides
        Action.REPLACE: (*table.D_TAGS, *table.Z_D_TAGS, *table.X_D_TAGS, *table.X_Z_D_TAGS),
        Action.EMPTY: (*table.Z_TAGS, *table.X_Z_TAGS),
        Action.REMOVE: table.X_TAGS,
        Action.UID: table.U_TAGS,
        Action.DESCEND: table.X_Z_U_STAR_TAGS,
    }
)
TABLE: MappingProxyType[int, Action] = MappingProxyType(
    {
        (tag[0] << 16) + tag[1]: action
        for action, tags in _STRICTEST.items()
        for tag in tags
        if len(tag) == 2  # the others are groups of curves and overlays
    }
)


def action_of(tag: BaseTag, vr: str) -> Action:
    """Choose what is done with an attribute.

    Parameters
    ----------
    vr : str
        Value representation, two letters.
    """
    if tag.is_private or tag.group & 0xFF00 in (CURVES, OVERLAYS) or not dictionary_has_tag(tag):
        return Action.REMOVE
    if tag in PATIENT:
        return Action.PATIENT
    named = TABLE.get(int(tag))
    if named is None:
        return _by_representation(tag, vr)
    return _by_option(tag, vr, named)


def without_text(tag: BaseTag) -> Action:
    """Choose what is done with a descriptor of which no text may stay."""
    return TABLE.get(int(tag), Action.REMOVE)


def _by_option(tag: BaseTag, vr: str, named: Action) -> Action:
    """Choose what the options of the profile, or a sequence, make of an action of the table."""
    if tag in DESCRIPTORS:
        return Action.CLEAN
    if vr in {"DA", "DT", "TM"} and tag not in BIRTH:
        return Action.KEEP if vr == "TM" else Action.DATE
    return Action.DESCEND if vr == "SQ" and named is Action.REPLACE else named


def _by_representation(tag: BaseTag, vr: str) -> Action:
    if vr in TEXT:
        return Action.KEEP if tag in BY_MACHINE else Action.CLEAN
    if vr in BULK:
        return Action.KEEP if tag.group in BULK_GROUPS else Action.REMOVE
    if vr in NUMBERS:
        return Action.KEEP
    by_kind = {
        "SQ": Action.DESCEND,
        "UI": Action.UID,
        "DA": Action.DATE,
        "DT": Action.DATE,
        "PN": Action.EMPTY,
    }
    return by_kind.get(vr, Action.REMOVE)  # AE, UN, UR
