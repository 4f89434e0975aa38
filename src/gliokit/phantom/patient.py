"""A simulated patient: anatomy, tumor and scan from one seed; the truth is known.

Everything here is simulated, and is to be called so wherever it is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion

from gliokit.core.errors import SimulationError
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Phase
from gliokit.phantom.acquisition import Acquisition, acquire, draw_acquisition
from gliokit.phantom.anatomy import Anatomy, mni_anatomy, with_details
from gliokit.phantom.deformation import deform, draw_deformation
from gliokit.phantom.signal import Scan, draw_scan, tissue_signal, tissue_spread
from gliokit.phantom.tissue import Tissue, labels_of
from gliokit.phantom.tumor import TumorParameters, add_tumor, draw_tumor

TRIES = 20


@dataclass(frozen=True, slots=True)
class SimulatedStudy:
    """A study and its truth.

    Attributes
    ----------
    study : Study
        Four sequences on one grid, skull-stripped.
    labels : LabelMap
        True labels on that grid.
    tumor : TumorParameters or None
        What was grown; None in a healthy brain.
    """

    study: Study
    labels: LabelMap
    tumor: TumorParameters | None


@dataclass(frozen=True, slots=True)
class ScanSession:
    """One scanning session: tissue and protocol, how each sequence was scanned, the strip.

    Attributes
    ----------
    scan : Scan
        Relaxation and protocols.
    acquisitions : mapping of MRSequence to Acquisition
        Slices, shift, bias, noise.
    strip_margin : int
        Millimeters by which the brain mask is too wide, or (negative) too narrow.
    """

    scan: Scan
    acquisitions: Mapping[MRSequence, Acquisition]
    strip_margin: int


def simulate_study(
    seed: int, *, anatomy: Anatomy | None = None, healthy: bool = False
) -> SimulatedStudy:
    """Simulate one pre-operative study of 1 mm voxels.

    Parameters
    ----------
    seed : int
        The same seed gives the same bytes, on the same machine and versions.
    anatomy : Anatomy, optional
        The MNI152 brain when not given.
    healthy : bool
        Without a tumor.
    """
    rng = np.random.default_rng(seed)
    person, tumor = simulate_tissues(anatomy or mni_anatomy(), rng, healthy=healthy)
    images = scan_patient(person.tissues, draw_session(rng), rng)
    study = Study(
        study_id=f"simulated-{seed}",
        images={s: Image(a, person.affine, source=f"simulated {s}") for s, a in images.items()},
        day=0.0,
        phase=Phase.PREOPERATIVE,
    )
    truth = LabelMap(labels_of(person.tissues), person.affine, source="simulated truth")
    return SimulatedStudy(study, truth, tumor)


def simulate_tissues(
    anatomy: Anatomy, rng: np.random.Generator, *, healthy: bool = False
) -> tuple[Anatomy, TumorParameters | None]:
    """Make another individual and give it a tumor."""
    person = deform(anatomy, draw_deformation(anatomy.tissues.shape, rng))
    person = with_details(person, rng)
    if healthy:
        return person, None
    for _ in range(TRIES):
        tumor = draw_tumor(rng)
        try:
            return add_tumor(person, tumor), tumor
        except SimulationError:  # no room there: draw another
            continue
    raise SimulationError(f"no tumor fitted this brain in {TRIES} tries; choose another anatomy")


def draw_session(rng: np.random.Generator) -> ScanSession:
    """Draw everything about one scanning session except its noise."""
    return ScanSession(
        scan=draw_scan(rng),
        acquisitions={sequence: draw_acquisition(rng) for sequence in MRSequence},
        strip_margin=int(rng.integers(-2, 3)),
    )


def scan_patient(
    tissues: NDArray[np.uint8],
    session: ScanSession,
    rng: np.random.Generator,
    *,
    spacing_mm: int = 1,
    crop: tuple[slice, ...] = (slice(None),) * 3,
) -> dict[MRSequence, NDArray[np.float32]]:
    """Scan all sequences of one session and strip them.

    Parameters
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel, isotropic 1 mm.
    rng : Generator
        Of noise and texture.
    spacing_mm : int
        1 or 2.
    crop : tuple of slice
        Part of it to scan, in 1 mm voxels.
    """
    inside = strip_mask(tissues, session.strip_margin)[crop]
    images = {}
    for sequence in MRSequence:
        image = acquire(
            tissues,
            (tissue_signal(session.scan, sequence), tissue_spread(session.scan, sequence)),
            session.acquisitions[sequence],
            spacing_mm=spacing_mm,
            crop=crop,
            rng=rng,
        )
        x, y, z = image.shape
        kept = inside[::spacing_mm, ::spacing_mm, ::spacing_mm][:x, :y, :z]
        images[sequence] = np.where(kept, image, np.float32(0))
    return images


def strip_mask(tissues: NDArray[np.uint8], margin: int) -> NDArray[np.bool_]:
    """Strip as a tool would, `margin` voxels too wide or (negative) too narrow."""
    brain = (tissues > 0) & (tissues != Tissue.DURA)
    if margin > 0:
        brain = binary_dilation(brain, iterations=margin)
    elif margin < 0:
        brain = binary_erosion(brain, iterations=-margin)
    return brain
