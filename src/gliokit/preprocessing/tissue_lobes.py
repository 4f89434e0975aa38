"""Which lobe a place of the template lies in, approximately.

Lobes end at planes: the central sulcus, the Sylvian fissure, the parieto-occipital line and the
tentorium, drawn through their usual places in MNI152 space. A place under a tumor has a lobe like
any other. White matter belongs to the lobe around it; insula and deep gray are parts of their own.

Limits: sulci are not followed; near a border expect errors of a centimeter and more, and where a
tumor displaces the brain its former place is not known. `docs/tissue.md` gives the agreement with
an atlas.

Source: of the landmarks, general anatomy in MNI152 space; the coefficients are gliokit's own.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from gliokit.preprocessing.tissue_priors import is_brainstem, is_deep


class Lobe(IntEnum):
    """A part of the brain."""

    FRONTAL = 1
    TEMPORAL = 2
    PARIETAL = 3
    OCCIPITAL = 4
    INSULAR = 5
    DEEP = 6  # basal ganglia, thalamus and what lies between
    CEREBELLUM = 7
    BRAINSTEM = 8


HINDBRAIN = (Lobe.CEREBELLUM, Lobe.BRAINSTEM)


def lobe_at(points_mm: NDArray[np.float64], *, cerebral: bool = False) -> NDArray[np.uint8]:
    """Name the lobe of places (..., 3) in MNI RAS+ mm, inside the brain or not.

    Places that are known to be `cerebral` are in no part of the hindbrain.
    """
    x, y, z = np.abs(points_mm[..., 0]), points_mm[..., 1], points_mm[..., 2]
    occipital = y < -56 - 0.6 * z.clip(0) - 0.15 * (x - 10).clip(0)
    frontal = y > -5 - 0.55 * (z - 18)  # the central sulcus: further back toward the vertex
    insular = (x > 29) & (x < 43) & (y > -24) & (y < 24) & (z > -12) & (z < 16)
    hind = (y < -34) & (z < -8 - 0.35 * x)  # under the tentorium
    rules = (
        (is_brainstem(x, y, z) & (not cerebral), Lobe.BRAINSTEM),
        (hind & (not cerebral), Lobe.CEREBELLUM),
        (is_deep(x, y, z), Lobe.DEEP),
        (insular & ~_temporal(x, y, z), Lobe.INSULAR),
        (occipital, Lobe.OCCIPITAL),
        (_temporal(x, y, z), Lobe.TEMPORAL),
        (frontal, Lobe.FRONTAL),
    )
    return np.select(
        [rule for rule, _ in rules], [lobe for _, lobe in rules], Lobe.PARIETAL
    ).astype(np.uint8)


def _temporal(
    x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell what is below the Sylvian fissure; x is the distance from the midline."""
    sylvian = 2.5 - 0.45 * y  # height of the fissure at the surface
    inner = np.where(y < -35, 6.0, -8.0)  # and of the temporal stem
    lateral = (x > 40) & (z < sylvian)
    medial = (x > 16) & (z < np.minimum(inner, sylvian))
    pole = (y < 5) | ((x > 24) & (z < -12))
    return (lateral | medial) & pole & (y < 25)
