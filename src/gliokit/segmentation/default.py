"""The default segmenter: a look at the whole brain, then detail where the tumor is.

A coarse U-Net sees the whole brain at 2 mm. Around what it finds, a fine U-Net sees the same
images at 1 mm in one pass, and its outline holds there. Any subset of t1, t1c, t2 and flair
goes in; a missing one is a channel of zeros, as in training.

Input: one grid, co-registered and skull-stripped. The grid is worked on along its own axes,
so oblique grids keep their tilt.

Source: gliokit's own; the model card of the bundle tells how it was trained and tested.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from gliokit.bundles.bundle import Bundle, read_bundle, shipped_bundle, shipped_bundles
from gliokit.bundles.session import Device, Session
from gliokit.core.errors import BundleError, NotAssessableError
from gliokit.core.findings import Model, Notice
from gliokit.core.geometry import Box, bounding_box, voxel_volume_mm3
from gliokit.core.image import LabelMap
from gliokit.core.study import Study, shared_grid
from gliokit.core.vocabulary import Label, MRSequence, Phase, Region
from gliokit.evaluation.overlap import dice
from gliokit.preprocessing.brain import check_brain
from gliokit.preprocessing.contrast import ContrastModel, doubts_of_names, read_contrast_model
from gliokit.preprocessing.orientation import turn_from_ras
from gliokit.preprocessing.resampling import resample
from gliokit.preprocessing.view import (
    CANVAS,
    COARSE_MM,
    INPUTS,
    MM3_PER_ML,
    Array,
    View,
    brain_of,
    channels,
    on_canvas,
    placed,
    resampled,
    view_of,
)
from gliokit.segmentation.calibration import CALIBRATION, Calibration, read_calibration
from gliokit.segmentation.cavity import CAVITY, CavityModel, read_cavity_model
from gliokit.segmentation.lesion_belief import LESIONS, LesionModel, read_lesion_model
from gliokit.segmentation.probabilities import Probabilities
from gliokit.segmentation.regions import (
    SMALLEST_ML,
    cavity_mask,
    component_sizes,
    drop_small_parts,
    drop_unsure_parts,
    labels_of_regions,
)

DEFAULT = "default"
FINE_MM = np.full(3, 1.0)
FINE_MARGIN_MM = 10  # around what the coarse look finds
FINE_SIDE_MM = 96  # of the smallest box, as in training
NO_CAVITY_LOGIT = -20.0
FINE_SHARE = 1.0  # of the fine logits inside its box: less was worse (training/default/compare.py)
# Dice of the whole tumor as both networks see it, and from how much of it on they are compared;
# nine in ten simulated studies agree better than the first, all better than the second
DOUBTFUL_AGREEMENT, LEAST_AGREEMENT, SMALLEST_COMPARED_ML = 0.6, 0.1, 5.0

FLUID_SENSITIVE = frozenset({MRSequence.FLAIR, MRSequence.T2})
OUTPUTS = (
    Region.WHOLE_TUMOR,
    Region.TUMOR_CORE,
    Region.ENHANCING_TUMOR,
    Region.RESECTION_CAVITY,
)


class NetworkSession(Protocol):
    """Runs the networks of a bundle."""

    @property
    def precision(self) -> str:
        """What it computes in."""

    @property
    def device(self) -> str:
        """Where it computes."""

    def run(self, network: str, x: Array) -> Array:
        """Map a batch (N, C, X, Y, Z) through a network; (N, regions, X, Y, Z)."""


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
    intervals : mapping of Region to tuple of float
        90 % interval of each volume in mL; empty where none was estimated.
    probabilities : Probabilities or None
        None where no model made the labels.
    """

    labels: LabelMap
    brain: NDArray[np.bool_] = field(repr=False)
    notices: tuple[Notice, ...]
    intervals: Mapping[Region, tuple[float, float]] = field(default_factory=dict)
    probabilities: Probabilities | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What the networks saw.

    Attributes
    ----------
    coarse : (4, X, Y, Z)
        Logits of the whole brain, on its own grid.
    box : tuple of slice or None
        Where the fine network looked; None where the coarse one found nothing.
    fine : (4, x, y, z) or None
        Its logits in the box.
    """

    coarse: Array
    box: Box | None = None
    fine: Array | None = None

    def joined(self, fine_share: float = FINE_SHARE) -> Array:
        """Join the logits of both, (4, X, Y, Z): their mean, so weighted, where both looked."""
        logits = self.coarse.copy()
        if self.box is not None and self.fine is not None:
            seen = (slice(None), *self.box)
            logits[seen] = (1 - fine_share) * logits[seen] + fine_share * self.fine
        return logits

    def agreement(self, view: View) -> float:
        """Dice of the whole tumor as both networks see it in the box; `nan` without one."""
        if self.box is None or self.fine is None:
            return float("nan")
        brain = view.brain[self.box]
        return dice((self.coarse[0][self.box] > 0) & brain, (self.fine[0] > 0) & brain)


class DefaultSegmenter:
    """The two networks of a bundle and how they work together.

    Parameters
    ----------
    bundle : Bundle
        With the networks `coarse` and `fine`, which halve their input 4 and 3 times.
    session : NetworkSession
        That runs them.
    calibration : Calibration
        Of their logits.
    contrast : ContrastModel or None
        That tells whether each image is what its name says; not checked where it is None.
    cavity : CavityModel or None
        That tells cavities from tumor; the fine network's own output where it is None.
    lesions : LesionModel or None
        That tells which parts are tumor; where it is None, how sure the coarse network is.

    Attributes
    ----------
    model : Model
        Identification for the findings.
    calibration, cavity, lesions
        As given.
    threads : int or None
        Most threads that may work on a study; None for one per core.

    Raises
    ------
    BundleError
        If the bundle's channels are not t1, t1c, t2, flair in and WT, TC, ET, RC out.
    """

    threads: int | None = None

    def __init__(
        self,
        bundle: Bundle,
        session: NetworkSession,
        calibration: Calibration,
        contrast: ContrastModel | None = None,
        *,
        cavity: CavityModel | None = None,
        lesions: LesionModel | None = None,
    ) -> None:
        if bundle.card.inputs != INPUTS or bundle.card.outputs != OUTPUTS:
            raise BundleError(
                f"bundle {bundle.name} maps {', '.join(bundle.card.inputs)} to "
                f"{', '.join(bundle.card.outputs)}; needed: {', '.join(INPUTS)} to "
                f"{', '.join(OUTPUTS)}"
            )
        self._session = session
        self.calibration = calibration
        self._contrast = contrast
        self.cavity, self.lesions = cavity, lesions
        self.model = Model(
            bundle.name, bundle.version, bundle.sha256, session.device, session.precision
        )

    def predict(self, study: Study) -> Segmentation:
        """Segment one study.

        Raises
        ------
        GeometryError
            If its images lie on different grids.
        NotAssessableError
            If they do not show a skull-stripped brain, if neither FLAIR nor T2 is there, if an
            image is surely not what its name says, or if the two networks contradict each
            other.
        """
        grid = shared_grid(study)
        brain = brain_of(study)
        check_brain(brain, grid.affine, study_id=study.study_id)
        check_sequences(study)
        with (
            threadpool_limits(1, user_api="blas"),  # products are thin: more threads only wait
            ThreadPoolExecutor(1) as beside,
        ):
            view = view_of(study, brain)
            judging = beside.submit(self._doubts_of_names, view, study.study_id)
            if self.threads == 1:
                wait([judging])
            look = self.look(view)
            doubts = judging.result() + doubts_of_agreement(look, view, study.study_id)
            segmentation = self.outline(look, view, study.phase)
        return replace(segmentation, notices=(*doubts, *segmentation.notices))

    def look(self, view: View) -> Look:
        """Let both networks look."""
        x = channels(view.whole, view.inside_whole, view.statistics)
        coarse = self._run("coarse", x, CANVAS)
        logits = resample(coarse, COARSE_MM, view.spacing, shape=view.brain.shape)
        found = ((logits[0] > 0) | (logits[3] > 0)) & view.brain
        box = detail_box(found, view.spacing)
        if box is None:
            return Look(logits)
        x = shown_in_detail(view, box)
        fine = self._run("fine", x)
        if self.cavity is not None:
            fine[3] = self.cavity.logit(fine, x)
            logits[3] = NO_CAVITY_LOGIT  # where it was not looked for
        return Look(logits, box, resample(fine, FINE_MM, view.spacing, shape=view.brain[box].shape))

    def outline(self, look: Look, view: View, phase: Phase) -> Segmentation:
        """Turn what the networks saw into labels, probabilities and intervals; refuse nothing."""
        logits = look.joined()
        np.copyto(logits, -np.inf, where=~view.brain)
        # the networks' own threshold: theirs is for overlap, a probability of one half is not
        own = labels_of_regions(logits)
        voxel_mm3 = voxel_volume_mm3(view.affine)
        dropped = self._drop_parts(own, logits, look, view)
        cavity, seen = self._find_cavity(logits, phase, voxel_mm3)
        own[cavity] = Label.CAVITY
        dropped += drop_small_parts(own, voxel_mm3)
        labels = np.zeros(view.shape, dtype=np.uint8)
        labels[view.box] = own
        stored = np.ascontiguousarray(turn_from_ras(labels, view.affine))
        intervals = self.calibration.intervals(logits, voxel_mm3 / MM3_PER_ML)
        if not cavity.any() and phase is not Phase.POSTOPERATIVE:
            intervals.pop(Region.RESECTION_CAVITY, None)
        return Segmentation(
            LabelMap(stored, view.affine, "segmentation"),
            view.stored_brain,
            (*seen, *dropped),
            intervals,
            Probabilities(OUTPUTS, logits, view.box, view.shape, view.affine),
        )

    def _find_cavity(
        self, logits: Array, phase: Phase, voxel_mm3: float
    ) -> tuple[NDArray[np.bool_], tuple[Notice, ...]]:
        """Calibrate logits in place, and decide where there is a cavity."""
        if self.cavity is None:
            return cavity_mask(self.calibration.apply(logits), phase, voxel_mm3)
        cavity, seen = cavity_mask(logits, phase, voxel_mm3, learnt=True)
        learnt = logits[3].copy()  # calibrated by its fit
        self.calibration.apply(logits)
        logits[3] = learnt
        if cavity.any():  # what is cavity is no tumor
            logits[:3, cavity] = np.minimum(logits[:3, cavity], -logits[3, cavity])
        elif phase is not Phase.POSTOPERATIVE:  # the learnt logit holds given surgery only
            np.copyto(logits[3], NO_CAVITY_LOGIT, where=np.isfinite(learnt))
        return cavity, seen

    def _drop_parts(
        self, own: NDArray[np.uint8], logits: Array, look: Look, view: View
    ) -> tuple[Notice, ...]:
        """Remove parts of the labels that are not believed, in place, and say so."""
        if self.lesions is not None:
            return self.lesions.keep_believed(own, logits, look.coarse, view)
        if not self.calibration.fitted:  # nobody knows how sure it can be of healthy brains
            return ()
        voxel_mm3 = voxel_volume_mm3(view.affine)
        complete = len(view.images) == len(INPUTS)
        return drop_unsure_parts(own, look.coarse[0], voxel_mm3, complete=complete)

    def _doubts_of_names(self, view: View, study_id: str) -> tuple[Notice, ...]:
        """Say which image is perhaps not what its name says, and refuse where that is sure."""
        if self._contrast is None:
            return ()
        judged = self._contrast.judge(view.whole, view.inside_whole, COARSE_MM)
        return doubts_of_names(judged, study_id)

    def _run(self, network: str, x: Array, least: tuple[int, ...] = (0, 0, 0)) -> Array:
        """Put (C, X, Y, Z) on a canvas of whole strides, run a network, and cut that off."""
        logits = self._session.run(network, on_canvas(x, least)[None])[0]
        return logits[:, *placed(x.shape[1:], least)]


def load_segmenter(
    bundle: Path | None = None, *, threads: int | None = None, device: Device = "cpu"
) -> DefaultSegmenter:
    """Make the segmenter from a bundle; from the one inside this package by default.

    Whether images are what their names say is checked for the bundles of this package only.

    Parameters
    ----------
    device : str
        `cpu` runs OpenVINO; `cuda` runs torch, which must be installed.

    Raises
    ------
    BundleError
        If the bundle is missing, damaged or altered.
    DeviceError
        If `device` is `cuda` and torch or a GPU is missing.
    """
    checked = read_bundle(bundle or shipped_bundle(DEFAULT))
    session = open_session(checked, threads=threads, device=device)
    calibration = read_calibration(checked.file(CALIBRATION))
    # what the check knows is what the shipped models were trained on
    ours = checked.folder.resolve() in {folder.resolve() for folder in shipped_bundles().values()}
    segmenter = DefaultSegmenter(
        checked,
        session,
        calibration,
        read_contrast_model() if ours else None,
        cavity=read_cavity_model(checked.file(CAVITY)),
        lesions=read_lesion_model(checked.file(LESIONS)),
    )
    segmenter.threads = threads
    return segmenter


def open_session(bundle: Bundle, *, threads: int | None, device: Device) -> NetworkSession:
    """Open what runs the networks on a device."""
    if device == "cpu":
        ahead = {} if threads == 1 else {"coarse": (1, len(INPUTS), *CANVAS)}
        return Session(bundle, threads=threads, ahead=ahead)
    from gliokit.learning.torch_session import TorchSession  # torch is optional

    return TorchSession(bundle, device=device)


def shown_in_detail(view: View, box: Box) -> Array:
    """Show the images in a box to the fine network, (4, x, y, z), at 1 mm."""
    near = {sequence: image[box] for sequence, image in view.images.items()}
    part, inside_part = resampled(near, view.brain[box], view.spacing, FINE_MM)
    return channels(part, inside_part, view.statistics)


def check_sequences(study: Study) -> None:
    """Refuse a study whose sequences this model cannot judge by, and would not know it.

    Raises
    ------
    NotAssessableError
        If neither FLAIR nor T2 is there: the model card tells how much is then missed; or if one
        image is given under two names.
    """
    if not study.images.keys() & FLUID_SENSITIVE:
        raise NotAssessableError(
            f"study {study.study_id} has neither flair nor t2, only "
            f"{', '.join(sorted(study.images))}; the model misses most tumors without them: add one"
        )
    for first, second in combinations(study.images, 2):
        if study.images[first].sha256 == study.images[second].sha256 != "":
            raise NotAssessableError(
                f"study {study.study_id}: {first} and {second} are the same image; needed are the "
                f"images of two scans: give one of them, or the right file for the other"
            )


def doubts_of_agreement(look: Look, view: View, study_id: str) -> tuple[Notice, ...]:
    """Say where the two networks do not outline the same tumor.

    Raises
    ------
    NotAssessableError
        If they hardly overlap, though the coarse one sees a tumor of some size.
    """
    agreement = look.agreement(view)
    seen_ml = np.count_nonzero((look.coarse[0] > 0) & view.brain) * view.voxel_ml
    if not agreement < DOUBTFUL_AGREEMENT or seen_ml < SMALLEST_COMPARED_ML:
        return ()
    if agreement < LEAST_AGREEMENT:
        raise NotAssessableError(
            f"study {study_id} is like nothing the model can judge: at 2 mm it sees "
            f"{seen_ml:.1f} mL of tumor, of which it finds hardly any at 1 mm (Dice "
            f"{agreement:.2f}; needed {LEAST_AGREEMENT}); look at the images"
        )
    text = (
        f"The model's two looks at the whole tumor differ (Dice {agreement:.2f}; usual is more "
        f"than {DOUBTFUL_AGREEMENT:g}): look at the outline before its numbers are used."
    )
    return (Notice("networks-disagree", text, ()),)


def detail_box(found: NDArray[np.bool_], spacing: NDArray[np.float64]) -> Box | None:
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
        margin = int(np.ceil(FINE_MARGIN_MM / step))
        least = min(int(np.ceil(FINE_SIDE_MM / step)), n)
        missing = max(least - (side.stop - side.start + 2 * margin), 0)
        start = max(side.start - margin - missing // 2, 0)
        stop = min(max(side.stop + margin, start + least), n)
        box.append(slice(max(min(start, stop - least), 0), stop))
    return tuple(box)
