"""What an object that we derive shares with its source, and the UIDs of its own.

UIDs are hashes of all that the object is made of, and dates are the source's, never the clock's:
the same UID means the same bytes, and another model makes another UID.
"""

import hashlib
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from importlib.metadata import version as installed_version

from pydicom import Dataset
from pydicom.uid import UID

from gliokit.io.dicom_encoding import uid_of_digest

MANUFACTURER = "gliokit"
GIVEN = "labels given by a person"  # stands where no model outlined the tumor
RESEARCH_USE = "Research use only"
BLANK_UID = UID("2.25.0")  # stands while the UIDs of an object are not known
# type 2: there even when empty
NEEDED = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
SHARED = (
    "SpecificCharacterSet",
    "StudyInstanceUID",
    "StudyDescription",
    "IssuerOfPatientID",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "LongitudinalTemporalInformationModified",
)
MOMENTS = ("Content", "Acquisition", "Series", "Study")
NO_DATE = "19000101"  # assumed: a date must stand there, and the source has none


@dataclass(frozen=True, slots=True)
class Maker:
    """What made an object.

    Attributes
    ----------
    model : str or None
        Name and version of the model; None where a person gave the labels.
    bundle_sha256 : str
        Hash of its bundle.
    options : str
        All choices that shape the result, in a fixed order.
    """

    model: str | None
    bundle_sha256: str = ""
    options: str = ""

    @property
    def name(self) -> str:
        """The model, or that there was none."""
        return self.model or GIVEN

    @property
    def software(self) -> str:
        """Version of this package."""
        return installed_version("gliokit")

    @property
    def version(self) -> str:
        """Of this package and of the model: what an algorithm goes by."""
        return f"{self.software} {self.bundle_sha256[:16]}".strip()


def derived_uid(
    kind: str, *, sources: Iterable[str], content: bytes, model: str, version: str, options: str
) -> str:
    """Make a UID of what an object is made of.

    Parameters
    ----------
    kind : str
        What the UID names, such as "seg instance": two of one object differ by it.
    sources : iterable of str
        SOP Instance UIDs of the source; their order does not count.
    content : bytes
        The result.
    model, version, options : str
        Name and hash of the model, version of this package, choices.

    Returns
    -------
    str
        Under 2.25, a UUID as one number (PS3.5 B.2).
    """
    digest = hashlib.sha256()
    for part in (kind, *sorted(sources), model, version, options):
        digest.update(f"{len(part)}:{part}".encode())  # the length keeps neighbors apart
    digest.update(content)
    return uid_of_digest(digest.digest())


def made_uid(kind: str, *, sources: Iterable[str], content: bytes, maker: Maker) -> str:
    """Make a UID with what is known of the maker."""
    return derived_uid(
        kind,
        sources=sources,
        content=content,
        model=f"{maker.name} {maker.bundle_sha256}",
        version=maker.software,
        options=maker.options,
    )


def shared_identity(header: Dataset) -> Dataset:
    """Copy what is true of the patient and the study."""
    identity = Dataset()
    for keyword in NEEDED:
        setattr(identity, keyword, "")
    for keyword in (*NEEDED, *SHARED):
        if keyword in header:
            identity.add(deepcopy(header[keyword]))
    return identity


def without_identity(header: Dataset) -> Dataset:
    """Give a header without identity: highdicom refuses what hospitals do write there."""
    bare = Dataset()
    bare.update(header)
    for element in shared_identity(Dataset()):
        bare.add_new(element.tag, element.VR, None)
    bare.pop("SpecificCharacterSet", None)
    return bare


def forget_clock(made: Dataset) -> None:
    """Remove the times at which highdicom made an object; its last contributor is itself."""
    del made.InstanceCreationDate, made.InstanceCreationTime
    del made.ContributingEquipmentSequence[-1].ContributionDateTime


def equipment(maker: Maker) -> Dataset:
    """Name the device that made an object: this package, and its model where it used one."""
    device = Dataset()
    device.Manufacturer = MANUFACTURER
    device.ManufacturerModelName = f"{MANUFACTURER} {maker.model or ''}".strip()[:64]
    device.DeviceSerialNumber = maker.bundle_sha256[:16] or maker.software  # must not be empty
    device.SoftwareVersions = maker.software
    device.DeviceUID = made_uid("device", sources=(), content=b"", maker=maker)
    return device


def source_moment(header: Dataset) -> tuple[str, str]:
    """Give date and time of the source, YYYYMMDD and HHMMSS, whichever of its four is there."""
    for name in MOMENTS:
        if date := str(header.get(f"{name}Date") or ""):
            return date, str(header.get(f"{name}Time") or "") or "000000"
    return NO_DATE, "000000"


def series_number(header: Dataset, offset: int) -> int:
    """Give a new series the number of its source and an offset."""
    return offset + abs(int(header.get("SeriesNumber") or 0))
