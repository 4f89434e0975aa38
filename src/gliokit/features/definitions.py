"""What every feature is, found by its name: the one table behind documents and results.

A column's name is put together: part and image, the name of a filter, the feature's own name, and
for texture the aggregation: `ET_t1c_log_cm_contrast_3D_avg`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from gliokit.features.study_row import LESION_DEFINITIONS
from gliokit.features.study_settings import Extra
from gliokit.radiomics import (
    blob_bank,
    growth_direction,
    histogram_bins,
    local_binary_patterns,
    location,
    perfusion_histogram,
    s_transform,
    volume_ratios,
)
from gliokit.radiomics.aggregation import Aggregation, Dimension
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.families import FAMILIES

DEFINITIONS: Mapping[str, tuple[Definition, ...]] = MappingProxyType(
    {
        **{str(family): entry.definitions for family, entry in FAMILIES.items()},
        Extra.PATTERNS: local_binary_patterns.DEFINITIONS,
        Extra.S_TRANSFORM: s_transform.DEFINITIONS,
        Extra.BLOB_BANK: blob_bank.DEFINITIONS,
        Extra.HISTOGRAM_BINS: histogram_bins.DEFINITIONS,
        "perfusion_histogram": perfusion_histogram.DEFINITIONS,
        "volumes": volume_ratios.DEFINITIONS,
        "location": location.DEFINITIONS,
        "lesions": LESION_DEFINITIONS,
        "growth": growth_direction.DEFINITIONS,
    }
)
_BY_NAME = {one.name: one for group in DEFINITIONS.values() for one in group}
_ENDINGS = tuple(f"_{way}" for way in (*Aggregation, *Dimension))


def definition_of(name: str) -> Definition | None:
    """Find what a feature is by its name, with or without an aggregation; None if it is unknown.

    What stands before the feature's own name (part, image, filter) may be there or not.
    """
    ending = next((one for one in _ENDINGS if name.endswith(one)), "")
    words = name.removesuffix(ending).split("_")
    tails = ("_".join(words[start:]) for start in range(len(words)))
    return next((_BY_NAME[tail] for tail in tails if tail in _BY_NAME), None)
