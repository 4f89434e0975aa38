"""What a feature is called, its unit, its IBSI code and its source.

Names are the tags of the IBSI reference tables (`stat_mean`, `cm_joint_max_3D_avg`); the feature
table in docs/features.md is made from these definitions.

Source: Zwanenburg et al., Radiology 2020;295:328-338, doi:10.1148/radiol.2020191145; reference
manual arXiv:1612.07003.
"""

from dataclasses import dataclass

IBSI_1 = "IBSI-1"


@dataclass(frozen=True, slots=True)
class Definition:
    """One feature.

    Attributes
    ----------
    name : str
        IBSI tag without the aggregation (`cm_joint_max`), or a name of ours.
    title : str
        In words.
    unit : str
        "mm" and its powers, "mm/day", "intensity" (of the image) and its powers, "level"
        (discretized) and its powers, "bit"; "1" for a number without unit.
    code : str
        Four characters that IBSI gives the feature; empty where it gives none.
    source : str
        Where it is defined.
    """

    name: str
    title: str
    unit: str
    code: str = ""
    source: str = IBSI_1
