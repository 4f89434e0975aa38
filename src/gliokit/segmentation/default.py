"""The default segmenter: a look at the whole brain, then detail where the tumor is.

A coarse U-Net sees the whole brain at 2 mm. Around what it finds, a fine U-Net sees the same
images at 1 mm in one pass; there the logits of the two are averaged. Any subset of t1, t1c,
t2 and flair goes in; a missing one is a channel of zeros, as in training.

Input: one grid, co-registered and skull-stripped, before surgery. The grid is worked on along
its own axes, so oblique grids keep their tilt.

Source: gliokit's own; the model card of the bundle tells how it was trained and tested.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import cc3d
import numpy as np
from numpy.typing import NDArray

from gliokit.bundles.bundle import Bundle, read_bundle, shipped_bundles
from gliokit.bundles.session import Session
from gliokit.core.errors import BundleError, NotAssessableError
from gliokit.core.findings import Model, Notice
from gliokit.core.geometry import bounding_box, spacing_mm, voxel_volume_mm3
from gliokit.core.image import LabelMap
from gliokit.core.study import Study, shared_grid
from gliokit.core.vocabulary import Label, MRSequence, Region
from gliokit.preprocessing.brain import check_brain, stripped_brain
from gliokit.preprocessing.normalization import brain_statistics, standardize
from gliokit.preprocessing.orientation import grid_in_ras, turn_from_ras, turn_to_ras
from gliokit.preprocessing.resampling import resample, resample_inside

DEFAULT = "default"
COARSE_MM, FINE_MM = np.full(3, 2.0), np.full(3, 1.0)
COARSE_STRIDE, FINE_STRIDE = 16, 8  # the networks halve their input 4 and 3 times
FINE_MARGIN_MM = 10  # around what the coarse look finds
FINE_SIDE_MM = 96  # of the smallest box, as in training
FINE_SHARE = 0.5  # of the fine logits in the average
THRESHOLD = 0.0  # logit: probability one half
SMALLEST_ML = 0.1  # parts of the whole tumor below it are dropped, and said so
MM3_PER_ML = 1000

FLUID_SENSITIVE = frozenset({MRSequence.FLAIR, MRSequence.T2})
INPUTS = (MRSequence.T1, MRSequence.T1C, MRSequence.T2, MRSequence.FLAIR)
OUTPUTS = (Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR)

Array: TypeAlias = NDArray[np.float32]
Images: TypeAlias = Mapping[MRSequence, Array]


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
        With the networks `coarse` and `fine`, which halve their input 4 and 3 times.
    session : Session
        That runs them.

    Attributes
    ----------
    model : Model
        Identification for the findings.

    Raises
    ------
    BundleError
        If the bundle's channels are not t1, t1c, t2, flair in and WT, TC, ET out.
    """

    def __init__(self, bundle: Bundle, session: Session) -> None:
        if bundle.card.inputs != INPUTS or bundle.card.outputs != OUTPUTS:
            raise BundleError(
                f"bundle {bundle.name} maps {', '.join(bundle.card.inputs)} to "
                f"{', '.join(bundle.card.outputs)}; needed: {', '.join(INPUTS)} to "
                f"{', '.join(OUTPUTS)}"
            )
        self._session = session
        self.model = Model(bundle.name, bundle.version, bundle.sha256, "cpu", session.precision)

    def predict(self, study: Study) -> Segmentation:
        """Segment one study.

        Raises
        ------
        GeometryError
            If its images lie on different grids.
        NotAssessableError
            If they do not show a skull-stripped brain, or neither FLAIR nor T2 is there.
        """
        grid = shared_grid(study)
        brain = stripped_brain(image.array for image in study.images.values())
        check_brain(brain, grid.affine, study_id=study.study_id)
        check_sequences(study)
        inside = turn_to_ras(brain, grid.affine)
        box = bounding_box(inside)
        images = {
            sequence: np.ascontiguousarray(turn_to_ras(image.array, grid.affine)[box])
            for sequence, image in study.images.items()
        }
        logits = self.region_logits(images, inside[box], spacing_mm(grid_in_ras(grid).affine))
        labels = np.zeros(inside.shape, dtype=np.uint8)
        labels[box] = np.where(inside[box], labels_from_logits(logits), 0)
        dropped = drop_small_parts(labels, voxel_volume_mm3(grid.affine))
        stored = np.ascontiguousarray(turn_from_ras(labels, grid.affine))
        return Segmentation(LabelMap(stored, grid.affine, "segmentation"), brain, dropped)

    def region_logits(
        self, images: Images, brain: NDArray[np.bool_], spacing: NDArray[np.float64]
    ) -> Array:
        """Logits of WT, TC and ET, (3, X, Y, Z), for images (X, Y, Z) with RAS axes."""
        whole, inside = resampled(images, brain, spacing, COARSE_MM)
        statistics = {sequence: brain_statistics(whole[sequence], inside) for sequence in whole}
        coarse = self._run("coarse", channels(whole, inside, statistics), COARSE_STRIDE)
        logits = resample(coarse, COARSE_MM, spacing, shape=brain.shape)
        box = detail_box((logits[0] > THRESHOLD) & brain, spacing)
        if box is None:
            return logits
        near = {sequence: image[box] for sequence, image in images.items()}
        part, inside = resampled(near, brain[box], spacing, FINE_MM)
        fine = self._run("fine", channels(part, inside, statistics), FINE_STRIDE)
        detail = resample(fine, FINE_MM, spacing, shape=brain[box].shape)
        seen = (slice(None), *box)
        logits[seen] = (1 - FINE_SHARE) * logits[seen] + FINE_SHARE * detail
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


def check_sequences(study: Study) -> None:
    """Refuse a study in which this model would miss most tumors and not know it.

    Raises
    ------
    NotAssessableError
        If neither FLAIR nor T2 is there: on the 12 real cases of the model card, mean Dice of
        the whole tumor is then .24 or less.
    """
    if not study.images.keys() & FLUID_SENSITIVE:
        raise NotAssessableError(
            f"study {study.study_id} has neither flair nor t2, only "
            f"{', '.join(sorted(study.images))}; the model misses most tumors without them: add one"
        )


def resampled(
    images: Images,
    brain: NDArray[np.bool_],
    from_mm: NDArray[np.float64],
    to_mm: NDArray[np.float64],
) -> tuple[Images, NDArray[np.bool_]]:
    """Bring images and brain (X, Y, Z) to another spacing."""
    pairs = {s: resample_inside(image, brain, from_mm, to_mm) for s, image in images.items()}
    _, inside = next(iter(pairs.values()))
    return {sequence: image for sequence, (image, _) in pairs.items()}, inside


def channels(
    images: Images,
    inside: NDArray[np.bool_],
    statistics: Mapping[MRSequence, tuple[float, float]],
) -> Array:
    """Stack z-scores in the order of the networks, (4, X, Y, Z); zeros for what is missing."""
    stack = np.zeros((len(INPUTS), *inside.shape), dtype=np.float32)
    for channel, sequence in enumerate(INPUTS):
        if sequence in images:
            stack[channel] = standardize(images[sequence], inside, statistics[sequence])
    return stack


def detail_box(found: NDArray[np.bool_], spacing: NDArray[np.float64]) -> tuple[slice, ...] | None:
    """Choose where the fine network looks: around what was found (X, Y, Z), specks aside.

    At least `FINE_SIDE_MM` a side where the volume allows: the fine network was trained on
    boxes of about that size and its normalization depends on it. None if nothing was found.
    """
    parts = component_sizes(found, float(np.prod(spacing)))
    kept = parts.milliliters >= SMALLEST_ML
    if not kept.any():
        return None
    box = []
    for side, step, n in zip(bounding_box(kept[parts.number]), spacing, found.shape, strict=True):
        missing = np.ceil(FINE_SIDE_MM / step) - (side.stop - side.start)
        margin = int(max(np.ceil(FINE_MARGIN_MM / step), np.ceil(missing / 2)))
        box.append(slice(max(side.start - margin, 0), min(side.stop + margin, n)))
    return tuple(box)


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
    parts = component_sizes(labels > 0, voxel_mm3)
    small = (parts.milliliters > 0) & (parts.milliliters < SMALLEST_ML)
    if not small.any():
        return ()
    labels[small[parts.number]] = Label.BACKGROUND
    count, volume = np.count_nonzero(small), parts.milliliters[small].sum()
    were = "separate part was" if count == 1 else "separate parts were"
    text = (
        f"{count} {were} smaller than {SMALLEST_ML:g} mL ({volume:.2f} mL in all), taken for "
        "noise and left out of the segmentation."
    )
    return (Notice("small-parts-dropped", text),)


@dataclass(frozen=True, slots=True)
class Components:
    """Connected parts of a mask.

    Attributes
    ----------
    number : (X, Y, Z)
        Part of each voxel; 0 outside the mask.
    milliliters : (n_parts + 1,)
        Volume of each part; 0 for number 0.
    """

    number: NDArray[np.unsignedinteger] = field(repr=False)
    milliliters: NDArray[np.float64]


def component_sizes(mask: NDArray[np.bool_], voxel_mm3: float) -> Components:
    """Find the 26-connected parts of a mask (X, Y, Z)."""
    number = cc3d.connected_components(mask.view(np.uint8), connectivity=26)
    milliliters = np.bincount(number.ravel()) * voxel_mm3 / MM3_PER_ML
    milliliters[0] = 0
    return Components(number, milliliters)
