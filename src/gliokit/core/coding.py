"""Coded terms and colors of the labels, for whoever reads them outside this package.

Terms are those of DICOM CID 7168 (brain lesion segmentation types with necrosis): SNOMED CT,
and NCI Thesaurus where the group takes its term from there. No term of the group says resection
cavity: it has a private code, designator 99GLIOKIT, and its meaning in words.

BraTS joins necrosis and non-enhancing core in one label; the group codes both as necrosis.

Source: DICOM PS3.16 2024, CID 7150, CID 7168; colors of Okabe and Ito, jfly.uni-koeln.de/color.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from gliokit.core.vocabulary import Label, Region

Color: TypeAlias = tuple[int, int, int]  # sRGB, 0 to 255


@dataclass(frozen=True, slots=True)
class CodedTerm:
    """One term of a coding scheme.

    Attributes
    ----------
    value, scheme, meaning : str
        Code, designator of its scheme as in DICOM PS3.16, and the term in words.
    """

    value: str
    scheme: str
    meaning: str


BRAIN = CodedTerm("12738006", "SCT", "Brain")
ABNORMAL_STRUCTURE = CodedTerm("49755003", "SCT", "Morphologically Abnormal Structure")

LABEL_CODES: MappingProxyType[Label, CodedTerm] = MappingProxyType(
    {
        Label.NECROTIC_CORE: CodedTerm("6574001", "SCT", "Necrosis"),
        Label.EDEMA: CodedTerm("79654002", "SCT", "Edema"),
        Label.ENHANCING: CodedTerm("C113842", "NCIt", "Enhancing Lesion"),
        Label.CAVITY: CodedTerm("RESECTION_CAVITY", "99GLIOKIT", "Resection cavity"),
    }
)

LABEL_COLORS: MappingProxyType[Label, Color] = MappingProxyType(
    {
        Label.NECROTIC_CORE: (213, 94, 0),
        Label.EDEMA: (0, 158, 115),
        Label.ENHANCING: (240, 228, 66),
        Label.CAVITY: (86, 180, 233),
    }
)

REGION_COLORS: MappingProxyType[Region, Color] = MappingProxyType(
    {
        Region.WHOLE_TUMOR: LABEL_COLORS[Label.EDEMA],
        Region.TUMOR_CORE: LABEL_COLORS[Label.NECROTIC_CORE],
        Region.ENHANCING_TUMOR: LABEL_COLORS[Label.ENHANCING],
        Region.RESECTION_CAVITY: LABEL_COLORS[Label.CAVITY],
    }
)
