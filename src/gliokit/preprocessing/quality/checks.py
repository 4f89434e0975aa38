"""The table of checks: every image, and the study as a whole, held against the limits.

Spacing, field of view, noise and ghosts are looked at in the images as they were scanned, where
there are any; place, side and contrast agent in the images on one grid.
"""

from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import QualityCheck, Verdict
from gliokit.core.geometry import Affine
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study, shared_grid
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.brain import LARGEST_L, SMALLEST_L
from gliokit.preprocessing.quality.agent import AGENT, check_agent
from gliokit.preprocessing.quality.alignment import check_alignment, unpaired
from gliokit.preprocessing.quality.body_part import BRAIN_VOLUME, check_body_part
from gliokit.preprocessing.quality.coverage import check_ends, check_field_of_view
from gliokit.preprocessing.quality.ghosting import check_ghosting
from gliokit.preprocessing.quality.noise import CONTRAST_TO_NOISE, check_noise
from gliokit.preprocessing.quality.pose import deep_points
from gliokit.preprocessing.quality.sampled import COARSE_MM, FINER_MM, sample
from gliokit.preprocessing.quality.slices import check_slices

NOTHING_SCANNED: Mapping[MRSequence, Image] = MappingProxyType({})
Checks = tuple[QualityCheck, ...]


def check_study(
    study: Study,
    brain: NDArray[np.bool_],
    labels: LabelMap | None = None,
    *,
    raw: Mapping[MRSequence, Image] = NOTHING_SCANNED,
    pool: Executor | None = None,
) -> Checks:
    """Check the quality of a study's images.

    Parameters
    ----------
    study : Study
        On one grid.
    brain : (X, Y, Z)
        The brain on that grid.
    labels : LabelMap or None
        The outlined tumor on that grid.
    raw : mapping of MRSequence to Image
        Images as they were scanned, each on its own grid, which lies where registration puts it.
    pool : Executor or None
        Threads in which they are checked beside each other; one after the other where it is None.

    Returns
    -------
    tuple of QualityCheck
        Those of the study first, then those of each image, in the order of `MRSequence`. Where
        the brain is none, all that rests on it is left out.

    Raises
    ------
    GeometryError
        If the images lie on different grids.
    """
    affine = shared_grid(study).affine
    scanned = {s: raw.get(s, study[s]) for s in MRSequence if s in study.images}
    body = check_body_part(brain, affine)
    if body.verdict is not Verdict.FINE:
        return body, *(check_slices(sequence, image) for sequence, image in scanned.items())
    with nullcontext(pool) if pool else ThreadPoolExecutor(1) as threads:
        pairs = threads.submit(_pairs, study, brain)  # the longest first
        agent = threads.submit(_agent, study, brain)
        each = {s: threads.submit(_of_one, s, own, brain, affine) for s, own in scanned.items()}
        ends = threads.submit(check_ends, brain, affine, labels)
        of_images = [
            check
            for sequence, alone in each.items()
            for check in (*alone.result(), *pairs.result().get(sequence, ()))
        ]
        return body, *ends.result(), *agent.result(), *of_images


def check_usable(checks: Checks, *, study_id: str) -> None:
    """Refuse a study that shows no brain, or of which no image shows anything.

    Raises
    ------
    NotAssessableError
        With the figures, and what to do.
    """
    for check in checks:
        if check.code == BRAIN_VOLUME.code and check.verdict is not Verdict.FINE:
            raise NotAssessableError(
                f"study {study_id}: {check.text} Needed is a brain of {SMALLEST_L:g} to "
                f"{LARGEST_L:g} L: check the spacing in the header, and which images these are"
            )
    noise = [check for check in checks if check.code == CONTRAST_TO_NOISE.code]
    if noise and all(check.verdict is Verdict.NOT_ASSESSABLE for check in noise):
        seen = "; ".join(f"{check.sequence}: {check.text}" for check in noise)
        raise NotAssessableError(
            f"no image of study {study_id} shows anything ({seen}); "
            "needed is at least one in which tissues differ: scan or export it again"
        )


def _of_one(sequence: MRSequence, image: Image, brain: NDArray[np.bool_], affine: Affine) -> Checks:
    """Check one image by itself, on its own grid."""
    inside = on_grid_of(image, brain, affine)
    return (
        check_slices(sequence, image),
        check_field_of_view(sequence, image, brain, affine),
        check_noise(sequence, image, inside),
        check_ghosting(sequence, image, inside),
    )


def _pairs(study: Study, brain: NDArray[np.bool_]) -> Mapping[MRSequence, Checks]:
    """Check every image against the reference."""
    reference, *others = sorted(study.images, key=lambda s: study[s] is not study.reference)
    if not others:
        return {reference: unpaired("There is no other image to compare it with.", reference)}
    seen = sample(study, brain, COARSE_MM)
    points = deep_points(seen.inside, seen.mm)
    if points is None:
        why = "The images show too little brain."
        return {sequence: unpaired(why, sequence) for sequence in others}
    fixed = seen.flat(reference)
    return {s: check_alignment(s, seen.flat(s), fixed, points) for s in others}


def _agent(study: Study, brain: NDArray[np.bool_]) -> Checks:
    needed = (MRSequence.T1, MRSequence.T1C)
    if MRSequence.T1C not in study.images:
        return ()
    if MRSequence.T1 not in study.images:
        return (
            AGENT.unanswered(
                "Whether there was a contrast agent cannot be told without T1.",
                sequence=MRSequence.T1C,
            ),
        )
    return (check_agent(sample(study, brain, FINER_MM, needed)),)


def on_grid_of(image: Image, brain: NDArray[np.bool_], affine: Affine) -> NDArray[np.bool_]:
    """Look the brain (X, Y, Z) up at the voxels of an image; False beyond its grid."""
    if image.array.shape == brain.shape and np.allclose(image.affine, affine):
        return brain
    across = np.linalg.inv(affine) @ image.affine
    found: NDArray[np.bool_] = ndimage.affine_transform(
        brain.view(np.uint8), across[:3, :3], across[:3, 3], image.array.shape, order=0
    ).astype(bool)
    return found
