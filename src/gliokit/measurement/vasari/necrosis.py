"""Necrosis and tumor that does not enhance, told apart within the label that mixes them.

Necrosis lies within enhancement, is at least as bright as edema on T2, and darker than white matter
on T1; the rest of the label is nCET, which the lexicon puts below edema on T2. Core that nothing
enhances around is nCET whatever it looks like: in tumors of low grade it can be brighter than
edema. The limits are uncalibrated, and voxels near one are as likely the one as the other, so the
confidence falls with their number.

Source: wording of the lexicon (`lexicon`, F6, F7, F14); the rule is gliokit's own.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.enclosure import surrounded
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.levels import level_of, normal_white

NEAR = 0.1  # share of a limit within which a voxel is in doubt (assumed)


@dataclass(frozen=True, slots=True)
class Split:
    """The core taken apart.

    Attributes
    ----------
    necrosis, ncet : (X, Y, Z)
        Together they are the core.
    in_doubt : float
        Share of the core that enhancement surrounds and that lies near a limit, 0-1.
    """

    necrosis: NDArray[np.bool_] = field(repr=False)
    ncet: NDArray[np.bool_] = field(repr=False)
    in_doubt: float


def split_core(scene: Scene) -> Split | str:
    """Take the core apart, or say why that cannot be done."""
    inner = surrounded(scene.core, scene.enhancing)
    if not inner.any():
        return Split(inner, scene.core, 0.0)
    if missing := scene.missing(MRSequence.T2, MRSequence.T1):
        return f"the label mixes necrosis and nCET, and there is no {missing} image to part them"
    white = normal_white(scene)
    if white is None:
        return "the label mixes necrosis and nCET; to part them white matter must be known"
    t2, t1 = scene.images[MRSequence.T2], scene.images[MRSequence.T1]
    edema, normal = level_of(t2, scene.edema, scene), level_of(t1, white, scene)
    if edema is None or normal is None:
        return "the label mixes necrosis and nCET; there is too little edema to hold them against"
    necrosis = inner & (t2 >= edema.median) & (t1 < normal.median)
    near = np.abs(t2[inner] / edema.median - 1) < NEAR
    near |= np.abs(t1[inner] / normal.median - 1) < NEAR
    in_doubt = np.count_nonzero(near) / np.count_nonzero(scene.core)
    return Split(necrosis, scene.core & ~necrosis, in_doubt)
