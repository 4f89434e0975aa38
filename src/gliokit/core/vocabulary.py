"""The field's terms, each spelt once.

Label numbers are those of BraTS 2023 and 2024. Regions overlap: ET ⊆ TC ⊆ WT.

Source: BraTS 2023-2024 challenge definitions (de Verdier et al. 2024, arXiv:2405.18368).
"""

from enum import IntEnum, StrEnum
from types import MappingProxyType


class MRSequence(StrEnum):
    """A kind of MR image."""

    T1 = "t1"
    T1C = "t1c"
    T2 = "t2"
    FLAIR = "flair"


class Map(StrEnum):
    """An image computed from others, or of another kind, that a method may need."""

    ADC = "adc"  # mean diffusivity, 1e-6 mm²/s
    FA = "fa"
    MD = "md"
    AD = "ad"
    RD = "rd"
    DSC = "dsc"  # dynamic susceptibility contrast, 4-D
    FET_PET = "fet_pet"  # uptake of fluoroethyl tyrosine, SUV
    BAND_POWER = "band_power"  # resting-state fMRI, 4-D: one volume per band


class Label(IntEnum):
    """A voxel's tissue in a label map."""

    BACKGROUND = 0
    NECROTIC_CORE = 1
    EDEMA = 2
    ENHANCING = 3
    CAVITY = 4


class Region(StrEnum):
    """A region that is reported; regions overlap, labels do not."""

    WHOLE_TUMOR = "WT"
    TUMOR_CORE = "TC"
    ENHANCING_TUMOR = "ET"
    RESECTION_CAVITY = "RC"


class Side(StrEnum):
    """Patient's side, by the midline of the brain."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"


class Phase(StrEnum):
    """Where a study stands in the course of treatment."""

    PREOPERATIVE = "pre-operative"
    POSTOPERATIVE = "post-operative"
    UNKNOWN = "unknown"


class IDHStatus(StrEnum):
    """Isocitrate dehydrogenase 1 or 2."""

    MUTANT = "mutant"
    WILDTYPE = "wildtype"


class Codeletion(StrEnum):
    """Loss of chromosome arms 1p and 19q together."""

    CODELETED = "codeleted"
    INTACT = "intact"


class MGMTStatus(StrEnum):
    """Methylation of the MGMT promoter."""

    METHYLATED = "methylated"
    UNMETHYLATED = "unmethylated"


class Resection(StrEnum):
    """Extent of resection."""

    GROSS_TOTAL = "GTR"
    SUBTOTAL = "STR"
    PARTIAL = "PR"
    BIOPSY = "biopsy"


class ClinicalChange(StrEnum):
    """Clinical state against the visit before."""

    BETTER = "better"
    STABLE = "stable"
    WORSE = "worse"


class Progression(StrEnum):
    """What new enhancement is."""

    TRUE = "true"
    PSEUDO = "pseudo"
    NONE = "none"


REGION_LABELS: MappingProxyType[Region, frozenset[Label]] = MappingProxyType(
    {
        Region.WHOLE_TUMOR: frozenset({Label.NECROTIC_CORE, Label.EDEMA, Label.ENHANCING}),
        Region.TUMOR_CORE: frozenset({Label.NECROTIC_CORE, Label.ENHANCING}),
        Region.ENHANCING_TUMOR: frozenset({Label.ENHANCING}),
        Region.RESECTION_CAVITY: frozenset({Label.CAVITY}),
    }
)

LABEL_TERMS: MappingProxyType[Label, str] = MappingProxyType(
    {
        Label.BACKGROUND: "background",
        Label.NECROTIC_CORE: "necrotic and non-enhancing core",
        Label.EDEMA: "edema (surrounding FLAIR hyperintensity)",
        Label.ENHANCING: "enhancing tumor",
        Label.CAVITY: "resection cavity",
    }
)

REGION_TERMS: MappingProxyType[Region, str] = MappingProxyType(
    {
        Region.WHOLE_TUMOR: "whole tumor",
        Region.TUMOR_CORE: "tumor core",
        Region.ENHANCING_TUMOR: "enhancing tumor",
        Region.RESECTION_CAVITY: "resection cavity",
    }
)
