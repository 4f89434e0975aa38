"""The default segmenter: a look at the whole brain, then detail where the tumor is.

A coarse U-Net sees the whole brain at 2 mm. Around what it finds, a fine U-Net sees the same
images at 1 mm in one pass; there the logits of the two are averaged. Any subset of t1, t1c,
t2 and flair goes in; a missing one is a channel of zeros, as in training.

Input: one grid, co-registered and skull-stripped, before surgery. The grid is worked on along
its own axes, so oblique grids keep their tilt.

Source: gliokit's own; the model card of the bundle tells how it was trained and tested.
"""

from dataclasses import dataclass, field
from pathlib import Path

import cc3d
import numpy as np
from numpy.typing import NDArray

from gliokit.bundles.bundle import Bundle, read_bundle, shipped_bundles
from gliokit.bundles.session import Session
from gliokit.core.errors import BundleError
from gliokit.core.findings import Model, Notice
from gliokit.core.geometry import bounding_box, spacing_mm
from gliokit.core.image import LabelMap
from gliokit.core.study import Study, shared_grid
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.preprocessing.brain import check_brain, stripped_brain
from gliokit.preprocessing.normalization import brain_statistics, standardize
from gliokit.preprocessing.orientation import grid_in_ras, turn_from_ras, turn_to_ras
from gliokit.preprocessing.resampling import resample

DEFAULT = "default"
COARSE_MM, FINE_MM = np.full(3, 2.0), np.full(3, 1.0)
COARSE_STRIDE, FINE_STRIDE = 16, 8  # the networks halve their input 4 and 3 times
FINE_MARGIN_MM = 10  # around what the coarse look finds
FINE_SHARE = 0.5  # of the fine logits in the average
THRESHOLD = 0.0  # logit: probability one half
SMALLEST_ML = 0.1  # parts of the whole tumor below it are dropped, and said so
MM3_PER_ML = 1000

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What the segmenter gives back.

    Attributes
    ----------
    labels : LabelMap
        On the grid of the study's reference image.
    brain : (X, Y, Z)
        The brain on that grid.
    notices : tuple of Notice
        What the reader must know about this result.
    """

    labels: LabelMap
    brain: NDArray[np.bool_] = field(repr=False)
    notices: tuple[Notice, ...]


class DefaultSegmenter:
    """The two networks of a bundle and how they work together.

    Parameters
    ----------
    bundle : Bundle
        With the networks `coarse` and `fine`.
    session : Session
        That runs them.

    Attributes
    ----------
    model : Model
        Identification for the findings.
    """

    def __init__(self, bundle: Bundle, session: Session) -> None:
        self._session = session
        self.model = Model(bundle.name, bundle.version, bundle.sha256, "cpu", session.precision)

    def predict(self, study: Study) -> Segmentation:
        """Segment one study.

        Raises
        ------
        GeometryError
            If its images lie on different grids.
        NotAssessableError
            If they do not show a skull-stripped brain.
        """
        grid = shared_grid(study)
        brain = stripped_brain([image.array for image in study.images.values()])
        check_brain(brain, grid.affine, study_id=study.study_id)
        spacing = spacing_mm(grid_in_ras(grid).affine)
        inside = turn_to_ras(brain, grid.affine)
        box = bounding_box(inside)
        images = {
            sequence: np.ascontiguousarray(turn_to_ras(image.array, grid.affine)[box])
            for sequence, image in study.images.items()
        }
        logits = self.region_logits(images, inside[box], spacing)
        labels = np.zeros(inside.shape, dtype=np.uint8)
        labels[box] = np.where(inside[box], labels_from_logits(logits), 0)
        dropped = drop_small_parts(labels, float(np.prod(spacing)))
        stored = np.ascontiguousarray(turn_from_ras(labels, grid.affine))
        return Segmentation(LabelMap(stored, grid.affine, "segmentation"), brain, dropped)

    def region_logits(
        self,
        images: dict[MRSequence, Array],
        brain: NDArray[np.bool_],
        spacing: NDArray[np.float64],
    ) -> Array:
        """Logits of WT, TC and ET, (3, X, Y, Z), for images (X, Y, Z) with RAS axes."""
        coarse_inside = resample(brain.astype(np.float32), spacing, COARSE_MM) > 0.5
        coarse_images = {s: resample(image, spacing, COARSE_MM) for s, image in images.items()}
        statistics = {s: brain_statistics(i, coarse_inside) for s, i in coarse_images.items()}

        def channels(scans: dict[MRSequence, Array], inside: NDArray[np.bool_]) -> Array:
            stack = np.zeros((len(MRSequence), *inside.shape), dtype=np.float32)
            for channel, sequence in enumerate(MRSequence):
                if sequence in scans:
                    stack[channel] = standardize(scans[sequence], inside, statistics[sequence])
            return stack

        coarse = self._run("coarse", channels(coarse_images, coarse_inside), COARSE_STRIDE)
        logits = resample(coarse, COARSE_MM, spacing, shape=brain.shape)
        found = (logits[0] > THRESHOLD) & brain
        if not found.any():
            return logits
        box = tuple(
            slice(max(side.start - extra, 0), side.stop + extra)
            for side, extra in zip(
                bounding_box(found), np.ceil(FINE_MARGIN_MM / spacing).astype(int), strict=True
            )
        )
        fine_inside = resample(brain[box].astype(np.float32), spacing, FINE_MM) > 0.5
        fine_images = {s: resample(image[box], spacing, FINE_MM) for s, image in images.items()}
        fine = self._run("fine", channels(fine_images, fine_inside), FINE_STRIDE)
        detail = resample(fine, FINE_MM, spacing, shape=brain[box].shape)
        logits[(slice(None), *box)] *= 1 - FINE_SHARE
        logits[(slice(None), *box)] += FINE_SHARE * detail
        return logits

    def _run(self, network: str, x: Array, stride: int) -> Array:
        """Pad (C, X, Y, Z) to the network's stride, run it, and cut the padding off."""
        pad = [(0, 0), *((0, -n % stride) for n in x.shape[1:])]
        logits = self._session.run(network, np.pad(x, pad)[None])[0]
        return logits[:, : x.shape[1], : x.shape[2], : x.shape[3]]


def load_segmenter(bundle: Path | None = None, *, threads: int | None = None) -> DefaultSegmenter:
    """Make the segmenter from a bundle; from the one inside this package by default.

    Raises
    ------
    BundleError
        If the bundle is missing, damaged or altered.
    """
    shipped = shipped_bundles()
    if bundle is None and DEFAULT not in shipped:
        raise BundleError(f"this installation has no bundle {DEFAULT!r}; install gliokit again")
    checked = read_bundle(bundle or shipped[DEFAULT])
    return DefaultSegmenter(checked, Session(checked, threads=threads))


def labels_from_logits(logits: Array) -> NDArray[np.uint8]:
    """Turn logits of WT, TC and ET (3, X, Y, Z) into labels that nest (X, Y, Z)."""
    whole, core, enhancing = logits > THRESHOLD
    labels = np.zeros(whole.shape, dtype=np.uint8)
    labels[whole] = Label.EDEMA
    labels[whole & core] = Label.NECROTIC_CORE
    labels[whole & core & enhancing] = Label.ENHANCING
    return labels


def drop_small_parts(labels: NDArray[np.uint8], voxel_mm3: float) -> tuple[Notice, ...]:
    """Remove specks from labels (X, Y, Z) in place, and say how many."""
    parts = cc3d.connected_components((labels > 0).view(np.uint8), connectivity=26)
    sizes = np.bincount(parts.ravel())
    small = sizes * voxel_mm3 / MM3_PER_ML < SMALLEST_ML
    small[0] = False
    if not small.any():
        return ()
    labels[small[parts]] = Label.BACKGROUND
    volume = sizes[small].sum() * voxel_mm3 / MM3_PER_ML
    text = (
        f"{small.sum()} separate parts of less than {SMALLEST_ML:g} mL each ({volume:.2f} mL in "
        "all) were taken for noise and left out of the segmentation."
    )
    return (Notice("small-parts-dropped", text),)
