"""How texture matrices of slices and directions become one value.

Slices are those along the third axis. The names end the tags of the IBSI tables. Matrices
without directions (zones, neighborhoods) know three ways, those with directions six.

Source: IBSI reference manual, arXiv:1612.07003, section 3.6 and on.
"""

from enum import StrEnum


class Aggregation(StrEnum):
    """Of matrices with directions: co-occurrence, run length."""

    SLICES_AVERAGED = "2D_avg"  # one matrix a slice and direction; features averaged
    SLICES_COMBINED = "2D_comb"  # directions merged in each slice; features averaged over slices
    DIRECTIONS_AVERAGED = "2_5D_avg"  # slices merged in each direction; features averaged
    ALL_COMBINED = "2_5D_comb"  # all slices and directions merged
    VOLUME_AVERAGED = "3D_avg"  # one matrix each of 13 directions; features averaged
    VOLUME_COMBINED = "3D_comb"  # 13 directions merged


class Dimension(StrEnum):
    """Of matrices without directions: size zone, distance zone, neighborhood."""

    SLICES = "2D"  # features by slice, averaged
    MERGED_SLICES = "2_5D"  # one matrix merged of those of all slices
    VOLUME = "3D"
