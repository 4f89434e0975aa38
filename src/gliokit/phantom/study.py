"""A simulated study: an individual, a tumor and a scan from one seed; the truth is known.

Everything here is simulated, and is to be called so wherever it is shown.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion

from gliokit.core.errors import SimulationError
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Phase
from gliokit.phantom.acquisition import WHOLE, Body, acquire
from gliokit.phantom.anatomy import Anatomy, anatomy_of
from gliokit.phantom.grown_tumor import GrownTumor, grow_tumor, paint
from gliokit.phantom.individual import FULL, Voxels, make_individual
from gliokit.phantom.sampling import mean_blocks
from gliokit.phantom.scanner import ScanSession, draw_session
from gliokit.phantom.signal import tissue_signal
from gliokit.phantom.tissue import FIRST_OUTSIDE, Tissue, labels_of
from gliokit.phantom.tumor import TumorParameters, draw_tumor

TRIES = 20
YOUNGEST, OLDEST = 25.0, 80.0  # adults, where no age is given
THREADS = 2  # sequences scanned at a time; the result does not depend on it


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


def simulate_study(
    seed: int, *, anatomy: Anatomy | None = None, healthy: bool = False, voxels: Voxels = FULL
) -> SimulatedStudy:
    """Simulate one pre-operative study.

    Parameters
    ----------
    seed : int
        The same seed gives the same bytes, on the same machine and versions.
    anatomy : Anatomy, optional
        The MNI152 brain when not given.
    healthy : bool
        Without a tumor.
    voxels : Voxels
        1 mm, or larger for a tiny study.
    """
    rng = np.random.default_rng(seed)
    person, grown = simulate_person(anatomy or anatomy_of(None), rng, healthy, voxels)
    painted = paint(grown) if grown else person
    body = Body(painted.tissues, painted.spacing_mm, infiltration_of(grown))
    images = scan_body(body, draw_session(rng), rng)
    study = Study(
        study_id=f"simulated-{seed}",
        images={s: Image(a, painted.affine, source=f"simulated {s}") for s, a in images.items()},
        day=0.0,
        phase=Phase.PREOPERATIVE,
    )
    truth = LabelMap(labels_of(painted.tissues), painted.affine, source="simulated truth")
    return SimulatedStudy(study, truth, grown.parameters if grown else None)


def simulate_person(
    anatomy: Anatomy, rng: np.random.Generator, healthy: bool = False, voxels: Voxels = FULL
) -> tuple[Anatomy, GrownTumor | None]:
    """Make another individual and, unless healthy, grow a tumor in it."""
    age = rng.uniform(YOUNGEST, OLDEST)
    person = make_individual(anatomy, rng, age=age, voxels=voxels)
    return person, None if healthy else fit_tumor(person, rng)


def fit_tumor(person: Anatomy, rng: np.random.Generator) -> GrownTumor:
    """Draw tumors until one has room in this brain."""
    for _ in range(TRIES):
        try:
            return grow_tumor(person, draw_tumor(rng))
        except SimulationError:  # no room there: draw another
            continue
    raise SimulationError(f"no tumor fitted this brain in {TRIES} tries; choose another anatomy")


def infiltration_of(
    grown: GrownTumor | None, *, cellularity: float = 1.0
) -> NDArray[np.float32] | None:
    """Share of the signal that cells outside the core change, (X, Y, Z)."""
    if grown is None or cellularity <= 0:
        return None
    return np.where(grown.core, np.float32(0), grown.density * np.float32(cellularity))


def scan_body(
    body: Body,
    session: ScanSession,
    rng: np.random.Generator,
    *,
    factor: int = 1,
    crop: tuple[slice, ...] = WHOLE,
) -> dict[MRSequence, NDArray[np.float32]]:
    """Scan all sequences of one session and strip them.

    Parameters
    ----------
    rng : Generator
        Of noise and texture; each sequence has a child of its own.
    factor : int
        Voxels of the images are so many times larger.
    crop : tuple of slice
        Part of the body to scan, in its voxels.
    """
    inside = strip_mask(body, session.strip_mm)[crop]
    kept = mean_blocks(inside.astype(np.float32), factor) > 0.5 if factor > 1 else inside

    def scan(sequence: MRSequence, own: np.random.Generator) -> NDArray[np.float32]:
        image = acquire(
            body,
            tissue_signal(session.scan, sequence),
            session.acquisitions[sequence],
            rng=own,
            factor=factor,
            crop=crop,
        )
        return np.where(kept, image, np.float32(0))

    with ThreadPoolExecutor(THREADS) as threads:
        images = threads.map(scan, MRSequence, rng.spawn(len(MRSequence)))
        return dict(zip(MRSequence, images, strict=True))


def strip_mask(body: Body, strip_mm: float) -> NDArray[np.bool_]:
    """Strip as a tool would, too wide or (negative) too narrow by so many mm."""
    tissues = body.tissues
    brain = (tissues > 0) & (tissues < FIRST_OUTSIDE) & (tissues != Tissue.DURA)
    layers = round(abs(strip_mm) / body.spacing_mm)
    if layers and strip_mm > 0:
        return binary_dilation(brain, iterations=layers)
    return binary_erosion(brain, iterations=layers) if layers else brain
