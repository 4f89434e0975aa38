"""What three vendors write in the headers of the series of one protocol.

Descriptions are of the kind that technologists leave: some tell the sequence, some are in
German, some say nothing of the contrast agent, some nothing at all. All are typical, none is
taken from a patient. Values without another source are assumed.

Source: coded values after DICOM PS3.3 2024, C.8.3.1 (MR image module); manner of the vendors
after their public conformance statements and the notes of dcm2niix (Li et al., J Neurosci
Methods 2016;264:47-56, doi:10.1016/j.jneumeth.2016.03.001).
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gliokit.phantom.scan.scanner import Vendor


class Slot(StrEnum):
    """A place in the protocol."""

    LOCALIZER = "localizer"
    T1 = "t1"
    T2 = "t2"
    FLAIR = "flair"
    FLAIR_3D = "flair 3d"
    ADC = "adc"
    T1C = "t1c"
    T1C_3D = "t1c 3d"


@dataclass(frozen=True, slots=True)
class Header:
    """Header of one slot; several coded values are parted by a backslash as in DICOM."""

    descriptions: tuple[str, ...]
    scanning_sequence: str
    sequence_variant: str
    image_type: str


@dataclass(frozen=True, slots=True)
class Times:
    """Times in ms that a vendor states differently from what weighs the image.

    None stands for the times of the protocol, 0 for a tag that is left out.
    """

    repetition_ms: float | None = None
    echo_ms: float | None = None
    inversion_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a vendor writes all its series.

    Attributes
    ----------
    models : tuple of str, float, str
        Model, field in tesla, software.
    number_step, first_number : int
        Series are numbered from the first by the step.
    bits_stored : int
        Of 16.
    rescaled : bool
        Whether slope and intercept are stated and the integers span all bits.
    peaks : tuple of float
        Range of the brightest value of a picture.
    body_part : str
        BodyPartExamined; empty where the tag is left out.
    spacing_in_3d : bool
        Whether SpacingBetweenSlices stands in 3-D series too.
    """

    models: tuple[tuple[str, float, str], ...]
    number_step: int
    first_number: int
    bits_stored: int
    rescaled: bool
    peaks: tuple[float, float]
    body_part: str
    spacing_in_3d: bool


TELLS_CONTRAST = ("KM", "GD", "+C", "POST")  # parts of descriptions, in capitals
AGENTS = ("Gadovist", "DOTAREM", "10 ml Gadavist", "MAGNEVIST", "YES")

MANNERS = MappingProxyType(
    {
        Vendor.SIEMENS: Manner(
            models=(("Aera", 1.5, "syngo MR E11"), ("Skyra", 3.0, "syngo MR E11")),
            number_step=1,
            first_number=1,
            bits_stored=12,
            rescaled=False,
            peaks=(400, 1500),
            body_part="BRAIN",
            spacing_in_3d=False,
        ),
        Vendor.GE: Manner(
            models=(("SIGNA HDxt", 1.5, "15\\LX"), ("DISCOVERY MR750", 3.0, "25\\LX")),
            number_step=1,
            first_number=1,
            bits_stored=16,
            rescaled=False,
            peaks=(2000, 8000),
            body_part="",
            spacing_in_3d=True,
        ),
        Vendor.PHILIPS: Manner(
            models=(("Achieva", 1.5, "3.2.3"), ("Ingenia", 3.0, "5.3.1")),
            number_step=100,
            first_number=101,
            bits_stored=12,
            rescaled=True,
            peaks=(500, 3000),
            body_part="HEAD",
            spacing_in_3d=True,
        ),
    }
)

_SIEMENS = "ORIGINAL\\PRIMARY\\M\\NORM\\DIS2D"
_GE = "ORIGINAL\\PRIMARY\\OTHER"
_SE, _IR, _FFE = (f"ORIGINAL\\PRIMARY\\M_{kind}\\M\\{kind}" for kind in ("SE", "IR", "FFE"))

HEADERS: MappingProxyType[tuple[Vendor, Slot], Header] = MappingProxyType(
    {
        (Vendor.SIEMENS, Slot.LOCALIZER): Header(
            ("localizer", "AAHead_Scout", "loc_3pl"), "GR", "SP\\OSP", _SIEMENS
        ),
        (Vendor.SIEMENS, Slot.T1): Header(
            ("t1_se_tra", "t1_tse_tra_4mm", "tra t1 nativ"), "SE", "SP\\OSP", _SIEMENS
        ),
        (Vendor.SIEMENS, Slot.T2): Header(
            ("t2_tse_tra_512", "t2_tse_tra_p2", "pd+t2_tse_tra"), "SE", "SK\\SP\\OSP", _SIEMENS
        ),
        (Vendor.SIEMENS, Slot.FLAIR): Header(
            ("t2_tirm_tra_dark-fluid", "t2_tirm_dark-fluid_4mm"), "SE\\IR", "SK\\SP\\MP", _SIEMENS
        ),
        (Vendor.SIEMENS, Slot.FLAIR_3D): Header(
            ("t2_space_dark-fluid_sag_p2_iso", "spc_ir_sag"), "SE\\IR", "SK\\SP\\MP", _SIEMENS
        ),
        (Vendor.SIEMENS, Slot.ADC): Header(
            ("ep2d_diff_3scan_trace_p2_ADC", "diff_ADC"),
            "EP",
            "SK\\SP",
            "DERIVED\\PRIMARY\\DIFFUSION\\ADC\\NORM\\DIS2D",
        ),
        (Vendor.SIEMENS, Slot.T1C): Header(
            ("t1_se_tra", "t1_se_tra_KM", "tra t1 +KM"), "SE", "SP\\OSP", _SIEMENS
        ),
        (Vendor.SIEMENS, Slot.T1C_3D): Header(
            ("t1_mprage_sag_p2_iso", "t1_mprage_sag_KM", "mpr iso +KM"),
            "GR\\IR",
            "SK\\SP\\MP",
            _SIEMENS,
        ),
        (Vendor.GE, Slot.LOCALIZER): Header(
            ("3-Plane Localizer", "3-pl T2* FGRE", "LOC"), "GR", "SS\\SK", _GE
        ),
        (Vendor.GE, Slot.T1): Header(("Ax T1", "AX T1 SE", "AX PRE"), "SE", "NONE", _GE),
        (Vendor.GE, Slot.T2): Header(
            ("AX T2 FSE", "Ax T2 PROPELLER", "Ax T2 frFSE ARC"), "SE", "SK", _GE
        ),
        (Vendor.GE, Slot.FLAIR): Header(
            ("AX T2 FLAIR", "Ax FLAIR", "AX FLAIR FS"), "SE\\IR", "SK", _GE
        ),
        (Vendor.GE, Slot.FLAIR_3D): Header(
            ("Sag CUBE T2 FLAIR", "Sag Cube ARC"), "SE\\IR", "SK\\SS", _GE
        ),
        (Vendor.GE, Slot.ADC): Header(
            ("Apparent Diffusion Coefficient (mm2/s)", "ADC (10^-6 mm2/s)"),
            "EP\\SE",
            "NONE",
            "DERIVED\\SECONDARY\\COMBINED",
        ),
        (Vendor.GE, Slot.T1C): Header(("+C AX T1", "AX T1 POST", "AX T1 SE"), "SE", "NONE", _GE),
        (Vendor.GE, Slot.T1C_3D): Header(
            ("Sag 3D BRAVO +C", "SAG 3D FSPGR", "Sag BRAVO POST"), "GR", "SS\\SP\\SK", _GE
        ),
        (Vendor.PHILIPS, Slot.LOCALIZER): Header(("Survey", "Survey_32ch"), "GR", "SP", _FFE),
        (Vendor.PHILIPS, Slot.T1): Header(
            ("T1W_SE", "T1W_SE tra", "WIP T1 tra"), "SE", "NONE", _SE
        ),
        (Vendor.PHILIPS, Slot.T2): Header(("T2W_TSE", "T2W_TSE_tra", "WIP 401"), "SE", "SK", _SE),
        (Vendor.PHILIPS, Slot.FLAIR): Header(
            ("FLAIR_longTR", "FLAIR tra", "dark fluid tra"), "IR", "SK", _IR
        ),
        (Vendor.PHILIPS, Slot.FLAIR_3D): Header(
            ("3D_Brain_VIEW_FLAIR", "sag VIEW"), "IR", "SK\\MP", _IR
        ),
        (Vendor.PHILIPS, Slot.ADC): Header(
            ("dADC", "dReg - DWI_SSh"), "EP\\SE", "SK", "DERIVED\\PRIMARY\\ADC\\ADC\\UNSPECIFIED"
        ),
        (Vendor.PHILIPS, Slot.T1C): Header(
            ("T1W_SE GD", "T1W_SE", "WIP T1 tra +C"), "SE", "NONE", _SE
        ),
        (Vendor.PHILIPS, Slot.T1C_3D): Header(
            ("sT1W_3D_TFE GD", "sT1W_3D_TFE", "WIP 801"), "GR", "SP\\MP", _FFE
        ),
    }
)

# GE and Philips state the time between two echoes, not between two inversions, as TR; the echo
# time of long echo trains is not that which weighs the image (Mugler, J Magn Reson Imaging
# 2014;39:745-67, doi:10.1002/jmri.24542)
STATED_TIMES: MappingProxyType[tuple[Vendor, Slot], Times] = MappingProxyType(
    {
        (Vendor.GE, Slot.T1C_3D): Times(repetition_ms=8.2, inversion_ms=450),
        (Vendor.PHILIPS, Slot.T1C_3D): Times(repetition_ms=8.1, inversion_ms=0),
        (Vendor.SIEMENS, Slot.FLAIR_3D): Times(echo_ms=388),
        (Vendor.PHILIPS, Slot.FLAIR_3D): Times(echo_ms=320),
    }
)
