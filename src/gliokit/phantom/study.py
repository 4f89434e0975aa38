"""A simulated study: an individual, a tumor and a scan from one seed; the truth is known.

Everything here is simulated, and is to be called so wherever it is shown.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion

from gliokit.core.errors import SimulationError
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Phase
from gliokit.phantom.body.anatomy import Anatomy, anatomy_of
from gliokit.phantom.body.individual import FULL, Voxels, make_individual
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue, labels_of
from gliokit.phantom.one_thread import one_thread
from gliokit.phantom.scan.acquisition import WHOLE, Body, acquire
from gliokit.phantom.scan.sampling import mean_blocks
from gliokit.phantom.scan.scanner import ScanSession, draw_session
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.tumor.grown import GrownTumor, grow_tumor, holds_cells, paint
from gliokit.phantom.tumor.parameters import TumorParameters, draw_tumor

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


@one_thread
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
    cells = infiltration(painted.tissues, grown.density) if grown else None
    water = water_content(painted.tissues, painted.spacing_mm, seed=int(rng.integers(2**31)))
    body = Body(painted.tissues, painted.spacing_mm, cells, water=water)
    session = draw_session(rng)
    images = strip(scan_body(body, session, rng), body, session)
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
    person, _ = make_individual(anatomy, rng, age=age, voxels=voxels)
    return person, None if healthy else fit_tumor(person, rng)


def fit_tumor(person: Anatomy, rng: np.random.Generator) -> GrownTumor:
    """Draw tumors until one has room in this brain."""
    for _ in range(TRIES):
        try:
            return grow_tumor(person, draw_tumor(rng))
        except SimulationError:  # no room there: draw another
            continue
    raise SimulationError(f"no tumor fitted this brain in {TRIES} tries; choose another anatomy")


def infiltration(
    tissues: NDArray[np.uint8], density: NDArray[np.float32], *, cellularity: float = 1.0
) -> NDArray[np.float32] | None:
    """Share of the signal that tumor cells change where tissue is still its own, (X, Y, Z)."""
    if cellularity <= 0:
        return None
    own = holds_cells(tissues) & (tissues != Tissue.WHITE_MATTER_LESION)
    return np.where(own, density * np.float32(cellularity), np.float32(0))


def scan_body(
    body: Body,
    session: ScanSession,
    rng: np.random.Generator,
    *,
    factor: int = 1,
    crop: tuple[slice, ...] = WHOLE,
    of_cells: Mapping[MRSequence, NDArray[np.float32]] = MappingProxyType({}),
) -> dict[MRSequence, NDArray[np.float32]]:
    """Scan all sequences of one session.

    Parameters
    ----------
    rng : Generator
        Of noise and texture; each sequence has a child of its own.
    factor : int
        Voxels of the images are so many times larger.
    crop : tuple of slice
        Part of the body to scan, in its voxels.
    of_cells : mapping of MRSequence to (X, Y, Z)
        Factor on the signal by cell density, where a sequence has one.
    """

    def scan(sequence: MRSequence, own: np.random.Generator) -> NDArray[np.float32]:
        return acquire(
            with_factor(body, of_cells.get(sequence)),
            tissue_signal(session.scan, sequence),
            session.acquisitions[sequence],
            rng=own,
            factor=factor,
            crop=crop,
        )

    with ThreadPoolExecutor(THREADS) as threads:
        images = threads.map(scan, MRSequence, rng.spawn(len(MRSequence)))
        return dict(zip(MRSequence, images, strict=True))


def strip(
    images: Mapping[MRSequence, NDArray[np.float32]],
    body: Body,
    session: ScanSession,
    *,
    factor: int = 1,
    crop: tuple[slice, ...] = WHOLE,
) -> dict[MRSequence, NDArray[np.float32]]:
    """Set to 0 what lies outside the brain, as the session's tool sees it."""
    inside = strip_mask(body, session.strip_mm, height_mm=session.height_mm)[crop]
    kept = mean_blocks(inside.astype(np.float32), factor) > 0.5 if factor > 1 else inside
    return {s: np.where(kept, image, np.float32(0)) for s, image in images.items()}


def with_factor(body: Body, factor: NDArray[np.float32] | None) -> Body:
    """Give a body whose signal is multiplied by one more field."""
    if factor is None:
        return body
    return replace(body, texture=factor if body.texture is None else body.texture * factor)


def strip_mask(body: Body, strip_mm: float, *, height_mm: float = np.inf) -> NDArray[np.bool_]:
    """Strip as a tool would, too wide or (negative) too narrow by so many mm.

    Parameters
    ----------
    height_mm : float
        How far below the vertex the mask ends.
    """
    tissues = body.tissues
    brain = (tissues > 0) & (tissues < FIRST_OUTSIDE) & (tissues != Tissue.DURA)
    if np.isfinite(height_mm):
        vertex = np.flatnonzero(brain.any(axis=(0, 1)))[-1]
        brain[:, :, : max(0, vertex - round(height_mm / body.spacing_mm))] = False
    layers = round(abs(strip_mm) / body.spacing_mm)
    if layers and strip_mm > 0:
        return binary_dilation(brain, iterations=layers)
    return binary_erosion(brain, iterations=layers) if layers else brain
