"""Identifiers planted in simulated DICOM studies, so that their removal can be tested.

Every person, place and number is invented, from the short lists below. `draw_identity` draws
a patient once; all studies of the patient share it, and their dates follow the days of the
visits from one invented first date. Identifiers stand in standard tags, nested sequences,
private blocks, free text and, on request, in the pixels; each is listed with what to look for.

Limits: UIDs, ages, times of day and the face in a whole-head image identify too; they are not
in the list. Lines of burned-in text are at most as long as these names.

Source: kinds after DICOM PS3.15 2024, annex E (confidentiality profiles); private blocks after
the vendors' conformance statements, the meaning of their elements assumed.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gliokit.core.errors import SimulationError
from gliokit.io.dicom_writer import Element
from gliokit.phantom.scan.scanner import Vendor

# all invented; Latin-1, none longer than a narrow image can show
FAMILIES = ("Quillory", "Brambeck", "Östervane", "Tumbrook", "Vexholm", "Marrowin", "Fennigan")
GIVEN = {"F": ("Odalie", "Mirabet", "Séraphe", "Tansy"), "M": ("Corvin", "Jorund", "Alaric")}
STAFF = ("Wendlebury", "Orphington", "Castellow", "Drummerhay", "Ystrand", "Pellinor")
STREETS = ("Lantern Row", "Heron Quay", "Saltmarsh Lane", "Thimble Street")
TOWNS = ("Eastmere", "Pollardton", "Grenwick Vale", "Nethercombe")
HOSPITALS = ("Eastmere General", "Nethercombe Clinic", "Saint Ombra Hospital")

FIRST_DATES = (date(2011, 1, 3), date(2019, 12, 20))  # assumed
DAYS_PER_YEAR = 365.25
PIXEL_DATA = 0x7FE00010
SLICE_SHARES = (0.25, 0.5, 0.75)  # where in the volume text is burned in
MARGIN_PIXELS = 2
LONGEST_DESCRIPTION = 64  # of a value representation LO

# private blocks: creator, and the element that holds name, number and place
PRIVATE: dict[Vendor, tuple[tuple[str, tuple[int, int, int]], ...]] = {
    Vendor.SIEMENS: (
        ("SIEMENS MEDCOM HEADER2", (0x00291160, 0x00291161, 0x00291162)),
        ("SIEMENS MR HEADER", (0x001910E0, 0x001910E1, 0x001910E2)),
    ),
    Vendor.GE: (("GEMS_PARM_01", (0x004310E1, 0x00431062, 0x004310E2)),),
    Vendor.PHILIPS: (("Philips MR Imaging DD 001", (0x200510E0, 0x200510E1, 0x200510E2)),),
}


class Kind(StrEnum):
    """What an identifier tells."""

    NAME = "name"
    PATIENT_ID = "patient id"
    BIRTH_DATE = "birth date"
    ADDRESS = "address"
    PHONE = "phone"
    ACCESSION = "accession number"
    INSTITUTION = "institution"
    STAFF = "staff"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Identity:
    """An invented patient and those who examine the patient.

    Attributes
    ----------
    sex : str
        "F" or "M".
    accession : int
        First of the accession numbers.
    first_date : date
        Day of the diagnostic scan, day 0 of the course.
    """

    family: str
    given: str
    sex: str
    birth_date: date
    patient_id: str
    address: str
    phone: str
    institution: str
    referrer: str
    radiologist: str
    operator: str
    accession: int
    first_date: date

    def date_of(self, day: int) -> date:
        """Give the date of a day of the course."""
        return self.first_date + timedelta(days=day)

    def accession_of(self, day: int) -> str:
        """Give the accession number of the study on a day."""
        return f"ACC{self.accession + day}"


@dataclass(frozen=True, slots=True)
class PlantedIdentifier:
    """One identifier and where it stands, as it is listed in the truth.

    Attributes
    ----------
    value : str
        Text that must not be found there any more; of a free text only the identifier.
    path : str
        Of the tag.
    creator : str
        Private creator; empty for standard tags.
    series : int or None
        Number of the series; None if it stands in every file of the study.
    sop_instance_uid, frame : str, int
        The file and the frame (from 1) of text in pixels; else empty and 0.
    box : tuple of int or None
        First column, first row, last column + 1, last row + 1 of text in pixels.
    """

    kind: Kind
    value: str
    path: str
    creator: str = ""
    series: int | None = None
    sop_instance_uid: str = ""
    frame: int = 0
    box: tuple[int, int, int, int] | None = None


Planted = tuple[Kind, str, Element]


def draw_identity(rng: np.random.Generator, *, age: float, sex: str) -> Identity:
    """Invent a person of an age in years ("F" or "M") at the first scan."""
    staff = rng.permutation(STAFF)
    days = (FIRST_DATES[1] - FIRST_DATES[0]).days
    first_date = FIRST_DATES[0] + timedelta(days=int(rng.integers(days)))
    return Identity(
        family=str(rng.choice(FAMILIES)),
        given=str(rng.choice(GIVEN[sex])),
        sex=sex,
        birth_date=first_date - timedelta(days=round(age * DAYS_PER_YEAR)),
        patient_id=f"{rng.integers(10, 99)}-{rng.integers(1_000_000, 9_999_999)}",
        address=f"{rng.integers(1, 200)} {rng.choice(STREETS)}, {rng.choice(TOWNS)}",
        phone=f"+00 555 {rng.integers(1_000_000, 9_999_999)}",  # no country has 00
        institution=str(rng.choice(HOSPITALS)),
        referrer=str(staff[0]),
        radiologist=str(staff[1]),
        operator=str(staff[2]),
        accession=int(rng.integers(1_000_000, 9_000_000)),
        first_date=first_date,
    )


def study_identifiers(
    identity: Identity, *, day: int, vendor: Vendor
) -> tuple[tuple[Element, ...], tuple[PlantedIdentifier, ...]]:
    """Give the elements to write in every file of a study, and the list of what they tell.

    The list also has the dates that the writer itself sets from the start of the study.

    Parameters
    ----------
    day : int
        Of the visit, since the diagnostic scan.
    vendor : Vendor
        Whose private blocks are used.
    """
    planted = [
        *_of_patient(identity),
        *_of_study(identity, day),
        *_nested(identity, day),
        *_private(identity, vendor),
        *_free_text(identity),
    ]
    elements = {element.path: element for _, _, element in planted}
    listed = [_listed(*one) for one in planted]
    listed += [_listed(*one) for one in _dates(identity, day)]
    return (*elements.values(), *_harmless(identity, day)), tuple(listed)


def series_identifiers(
    identity: Identity, description: str, *, series: int
) -> tuple[tuple[Element, ...], tuple[PlantedIdentifier, ...]]:
    """Give the elements and the list for a series whose free text names the patient."""
    room = LONGEST_DESCRIPTION - len(identity.family) - 1
    texts = (
        (identity.family, Element(0x0008103E, "LO", f"{description[:room]} {identity.family}")),
        (identity.given, Element(0x00204000, "LT", f"{identity.given} moved, repeated once")),
    )
    listed = tuple(_listed(Kind.NAME, value, element, series) for value, element in texts)
    return tuple(element for _, element in texts), listed


def burned_in_lines(identity: Identity) -> tuple[tuple[Kind, str], ...]:
    """Give what is burned into pixels, line by line."""
    return (
        (Kind.NAME, identity.family.upper()),
        (Kind.PATIENT_ID, identity.patient_id),
        (Kind.BIRTH_DATE, f"{identity.birth_date:%d.%m.%Y}"),
    )


def burned_in_slices(n: int) -> tuple[int, ...]:
    """Give the slices of `n` that carry text, in ascending order."""
    return tuple(sorted({int(share * n) for share in SLICE_SHARES}))


def burn_in(
    picture: NDArray[np.float32], lines: tuple[str, ...], *, level: float
) -> tuple[NDArray[np.float32], tuple[tuple[int, int, int, int], ...]]:
    """Write lines of text into the upper left corner of a picture.

    Parameters
    ----------
    picture : (X, Y)
        One slice, columns first.
    lines : tuple of str
        Latin-1.
    level : float
        Value of the letters.

    Returns
    -------
    picture : (X, Y)
        A copy with the text.
    boxes : tuple of box
        Per line: first column, first row, last column + 1, last row + 1. No pixel changes
        outside.

    Raises
    ------
    SimulationError
        If the picture is too small for the text.
    """
    font = ImageFont.load_default_imagefont()  # Pillow's bitmap: the same on every machine
    picture, boxes, top = picture.copy(), [], MARGIN_PIXELS
    for line in lines:
        left, _, right, height = (int(edge) for edge in font.getbbox(line))
        box = (MARGIN_PIXELS, top, MARGIN_PIXELS + right - left, top + height)
        if box[2] > picture.shape[0] or box[3] > picture.shape[1]:
            raise SimulationError(
                f"text {line!r} ends at column {box[2]}, row {box[3]} of a picture of "
                f"{picture.shape[0]}×{picture.shape[1]} pixels; needed a larger one; leave the "
                "text out"
            )
        canvas = Image.new("1", (right - left, height))
        ImageDraw.Draw(canvas).text((-left, 0), line, fill=1, font=font)
        part = picture[box[0] : box[2], box[1] : box[3]]
        part[np.asarray(canvas).T] = level  # Pillow's arrays are rows first
        boxes.append(box)
        top = box[3] + MARGIN_PIXELS
    return picture, tuple(boxes)


def listed_in_pixels(
    line: tuple[Kind, str],
    box: tuple[int, int, int, int],
    *,
    series: int,
    sop_instance_uid: str,
    frame: int,
) -> PlantedIdentifier:
    """List one line of text in the pixels of one instance."""
    kind, value = line
    path = Element(PIXEL_DATA, "OW", b"").path
    return PlantedIdentifier(kind, value, path, "", series, sop_instance_uid, frame, box)


def _listed(
    kind: Kind, value: str, element: Element, series: int | None = None
) -> PlantedIdentifier:
    return PlantedIdentifier(kind, value, element.path, element.creator, series)


def _text(day: date) -> str:
    return f"{day:%Y%m%d}"


def _of_patient(identity: Identity) -> list[Planted]:
    name = f"{identity.family}^{identity.given}"
    born = _text(identity.birth_date)
    return [
        (Kind.NAME, identity.family, Element(0x00100010, "PN", name)),
        (Kind.NAME, identity.given, Element(0x00100010, "PN", name)),
        (Kind.PATIENT_ID, identity.patient_id, Element(0x00100020, "LO", identity.patient_id)),
        (Kind.BIRTH_DATE, born, Element(0x00100030, "DA", born)),
        (Kind.NAME, identity.family, Element(0x00101001, "PN", name)),  # other names
        (Kind.NAME, identity.given, Element(0x00101001, "PN", name)),
        (Kind.ADDRESS, identity.address, Element(0x00101040, "LO", identity.address)),
        (Kind.PHONE, identity.phone, Element(0x00102154, "SH", identity.phone)),
    ]


def _of_study(identity: Identity, day: int) -> list[Planted]:
    accession, place = identity.accession_of(day), identity.institution
    scanned = _text(identity.date_of(day))
    return [
        (Kind.ACCESSION, accession, Element(0x00080050, "SH", accession)),
        (Kind.INSTITUTION, place, Element(0x00080080, "LO", place)),
        (Kind.INSTITUTION, place, Element(0x00080081, "ST", f"{place}, Radiology, Ground floor")),
        (Kind.STAFF, identity.referrer, Element(0x00080090, "PN", f"{identity.referrer}^A")),
        (Kind.STAFF, identity.radiologist, Element(0x00081050, "PN", f"{identity.radiologist}^B")),
        (Kind.STAFF, identity.operator, Element(0x00081070, "PN", identity.operator)),
        (Kind.STAFF, identity.referrer, Element(0x00321032, "PN", f"{identity.referrer}^A")),
        (Kind.DATE, scanned, Element(0x00400244, "DA", scanned)),  # of the procedure step
        (Kind.ACCESSION, accession, Element(0x00200010, "SH", accession)),  # study id
    ]


def _nested(identity: Identity, day: int) -> list[Planted]:
    request, referrer = (0x00400275,), (0x00080096,)
    accession, number = identity.accession_of(day), identity.patient_id
    call = f"Known glioma, please compare. Call {identity.phone}"
    described = f"MR head {identity.family}"
    doctor, place = f"Dr {identity.referrer}", identity.institution
    return [
        (Kind.ACCESSION, accession, Element(0x00400009, "SH", accession, request)),
        (Kind.PHONE, identity.phone, Element(0x00401002, "LO", call, request)),
        (Kind.NAME, identity.family, Element(0x00400007, "LO", described, request)),
        (Kind.PATIENT_ID, number, Element(0x00100020, "LO", number, (0x00101002,))),
        (Kind.INSTITUTION, place, Element(0x00080080, "LO", place, referrer)),
        (Kind.STAFF, identity.referrer, Element(0x00080104, "LO", doctor, (*referrer, 0x00401101))),
    ]


def _harmless(identity: Identity, day: int) -> tuple[Element, ...]:
    """Give what need not go: sex, age, and what the standard asks for beside the planted."""
    years = int((identity.date_of(day) - identity.birth_date).days / DAYS_PER_YEAR)
    code = (0x00080096, 0x00401101)
    return (
        Element(0x00100040, "CS", identity.sex),
        Element(0x00101010, "AS", f"{years:03}Y"),
        Element(0x00100022, "CS", "TEXT", (0x00101002,)),  # type of the patient's other id
        Element(0x00080100, "SH", "REFERRER", code),
        Element(0x00080102, "SH", "99LOCAL", code),
    )


def _private(identity: Identity, vendor: Vendor) -> list[Planted]:
    values = (
        (Kind.NAME, identity.family, f"{identity.given} {identity.family}"),
        (Kind.PATIENT_ID, identity.patient_id, identity.patient_id),
        (Kind.INSTITUTION, identity.institution, f"{identity.institution} MR1"),
    )
    planted = [
        (kind, value, Element(tag, "LO", text, creator=creator))
        for creator, tags in PRIVATE[vendor]
        for tag, (kind, value, text) in zip(tags, values, strict=True)
    ]
    # the name's element holds the given name, too
    named = [(kind, identity.given, element) for kind, _, element in planted if kind is Kind.NAME]
    return planted + named


def _free_text(identity: Identity) -> list[Planted]:
    title = "Mrs." if identity.sex == "F" else "Mr."
    comment = f"{title} {identity.family} is claustrophobic, needs company"
    seen = f"{identity.first_date:%d.%m.%Y}"  # as people write it, not as DICOM does
    return [
        (Kind.NAME, identity.family, Element(0x00081030, "LO", f"MR head, {identity.family}")),
        (Kind.NAME, identity.family, Element(0x00104000, "LT", comment)),
        (Kind.DATE, seen, Element(0x001021B0, "LT", f"Glioma, first seen {seen}")),
    ]


def _dates(identity: Identity, day: int) -> list[Planted]:
    """Give the dates of the study, acquisition and content, which the writer sets."""
    value = _text(identity.date_of(day))
    tags = (0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002A)
    return [(Kind.DATE, value, Element(tag, "DA", value)) for tag in tags]
